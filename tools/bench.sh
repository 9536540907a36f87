#!/usr/bin/env bash
# Runs the benchmarks optimised and keeps what they print, with the place they ran at, in
# bench/results/<date>-<host>.md. Figures belong to a machine that does nothing else meanwhile.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
  cat <<END
tools/bench.sh [--filter REGEX] [--small] [--out FILE] [--no-install]

  --filter REGEX  only the benchmarks whose name matches
  --small         their small sizes: to see that they run
  --out FILE      where the report goes     [bench/results/<date>-<host>.md; - for standard output]

Example: tools/bench.sh --filter ring --out -
END
}

filter=. small=() out= install=1
while (($#)); do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --small) small=(--small) ;;
    --no-install) install=0 ;;
    --filter | --out)
      (($# >= 2)) || die "$1 needs a value (see --help)" "$exit_usage"
      if [[ $1 == --filter ]]; then filter=$2; else out=$2; fi
      shift
      ;;
    *) die "unknown argument '$1' (see --help)" "$exit_usage" ;;
  esac
  shift
done

((install)) && "$root/tools/install-deps" test
configure release -DBUILD_TESTING=ON
build release
cd "$root"

mapfile -t benches < <(find build/release/bin -maxdepth 1 -type f -perm -u+x -name '*_bench' \
  -printf '%f\n' | sort | grep -E -- "$filter" || true)
((${#benches[@]})) || die "no benchmark matches '$filter'" "$exit_not_found"

place() {
  local cpu revision state=clean
  cpu=$(sed -nE 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)
  revision=$(git rev-parse --short=12 HEAD)
  [[ -z $(git status --porcelain --untracked-files=no) ]] || state="with local changes"
  cat <<END
# Benchmarks, $(date -u +%Y-%m-%d)

| | |
| --- | --- |
| command | \`tools/bench.sh --filter '$filter' ${small[*]}\` |
| commit | $revision, $state |
| processor | $cpu, $(nproc) online |
| memory | $(awk '/^MemTotal:/ {printf "%.1f GiB", $2 / 1048576}' /proc/meminfo) |
| kernel | $(uname -sr) |
| compiler | $(c++ --version | head -n 1) |
| flags | $(sed -nE 's/^CMAKE_CXX_FLAGS_RELWITHDEBINFO:[A-Z]+=//p' build/release/CMakeCache.txt) |
| load before | $(cut -d ' ' -f 1-3 /proc/loadavg) |
END
}

if [[ -z $out ]]; then
  mkdir -p bench/results
  out=bench/results/$(date -u +%Y-%m-%d)-$(uname -n).md
fi
report=$(mktemp "${TMPDIR:-/tmp}/ringside-bench.XXXXXX")
trap 'rm -f "$report"' EXIT
place >"$report"
broken=()
for bench in "${benches[@]}"; do
  say "$bench"
  printf '\n## %s\n\n```\n' "$bench" >>"$report"
  "build/release/bin/$bench" "${small[@]}" </dev/null >>"$report" 2>&1 || broken+=("$bench")
  printf '```\n' >>"$report"
done
if [[ $out == - ]]; then
  cat "$report"
else
  cp "$report" "$out"
  say "written: $out"
fi
((${#broken[@]} == 0)) || die "failed: ${broken[*]}"
