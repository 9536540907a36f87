# What the commands in tools/ share: messages, quiet steps with progress, the repository's root.
# Sourced, never run. Messages go to stderr, so that a command's own output can be piped.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
me=${RINGSIDE_TOOL_NAME:-tools/$(basename "$0")}
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$root} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}

say() { printf '%s\n' "$me: $*" >&2; }

# die MESSAGE [EXIT CODE]: one line, then the end.
die() {
  printf '%s\n' "$me: $1" >&2
  exit "${2:-1}"
}

# The exit codes of the programs (base/include/ringside/base/result.hpp) that the scripts use.
readonly exit_usage=2 exit_not_found=8 exit_permission=14

# 75 -> "1 min 15 s"
duration() {
  if (($1 < 60)); then
    printf '%d s' "$1"
  else
    printf '%d min %d s' "$(($1 / 60))" "$(($1 % 60))"
  fi
}

# step TITLE COMMAND...: runs it with its output in a log. A terminal sees the last line move;
# elsewhere there is one line per step. When it fails, the end of the log is shown.
step() {
  local title=$1 log code=0 begin=$SECONDS
  shift
  log=$(mktemp "${TMPDIR:-/tmp}/ringside-step.XXXXXX")
  if [[ -t 2 ]]; then
    "$@" >"$log" 2>&1 </dev/null &
    local child=$! line
    trap 'kill "$child" 2>/dev/null' INT TERM
    while kill -0 "$child" 2>/dev/null; do
      line=$(tail -n 1 "$log" | tr -d '\r' | cut -c "1-$((${COLUMNS:-80} - ${#title} - 14))")
      printf '\r\033[K%s %3d s  %s' "$title" "$((SECONDS - begin))" "$line" >&2
      sleep 0.5
    done
    wait "$child" || code=$?
    trap - INT TERM
    printf '\r\033[K' >&2
  else
    "$@" >"$log" 2>&1 </dev/null || code=$?
  fi
  if ((code != 0)); then
    tail -n 80 "$log" >&2
    rm -f "$log"
    say "$title failed with exit code $code after $(duration $((SECONDS - begin)))"
    return "$code"
  fi
  rm -f "$log"
  say "$title: $(duration $((SECONDS - begin)))"
}

# How many compilers at once: one per processor, and one per 1.5 GiB of free memory.
job_count() {
  local cpus memory_kib by_memory
  cpus=$(nproc)
  memory_kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  by_memory=$((memory_kib / 1572864))
  ((by_memory < 1)) && by_memory=1
  echo $((by_memory < cpus ? by_memory : cpus))
}

# configure PRESET [FLAG...]: a no-op in a configured folder unless flags are given; ninja itself
# configures again when a CMakeLists.txt changes.
configure() {
  local preset=$1
  shift
  if [[ -f $root/build/$preset/build.ninja && $# -eq 0 ]]; then return 0; fi
  step "configure $preset" cmake -S "$root" --preset "$preset" "$@"
}

# build PRESET [TARGET...]
build() {
  local preset=$1 targets=()
  shift
  (($#)) && targets=(--target "$@")
  (cd "$root" && step "build $preset" cmake --build --preset "$preset" -j "$(job_count)" \
    "${targets[@]}")
}
