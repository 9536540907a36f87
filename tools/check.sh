#!/usr/bin/env bash
# What must be clean before a push: layout (clang-format), clang-tidy, and every preset's workflow.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

usage() {
  cat <<END
tools/check.sh [--format] [--tidy] [--presets] [--all] [--base REV] [--fix] [--no-install]

  --format    clang-format over every tracked C++ file
  --tidy      tidy_test, and clang-tidy over the files that differ from REV
  --presets   build and test dev, release, asan, tsan and fuzz
              Without one of these three: all of them.
  --all       clang-tidy over every file that is built
  --base REV  what --tidy compares with                     [origin/main]
  --fix       let clang-format rewrite what it would complain about

Example: tools/check.sh --format --tidy
END
}

want=()
all=0 fix=0 install=1 base=origin/main
while (($#)); do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --format | --tidy | --presets) want+=("${1#--}") ;;
    --all) all=1 ;;
    --fix) fix=1 ;;
    --no-install) install=0 ;;
    --base) (($# >= 2)) || die "--base needs a revision" "$exit_usage"; base=$2; shift ;;
    *) die "unknown argument '$1' (see --help)" "$exit_usage" ;;
  esac
  shift
done
((${#want[@]})) || want=(format tidy presets)
((install)) && "$root/tools/install-deps" all
cd "$root"

broken=()

check_format() {
  local files
  mapfile -t files < <(git ls-files '*.cpp' '*.hpp' '*.h')
  ((${#files[@]})) || return 0
  if ((fix)); then
    clang-format-14 -i "${files[@]}"
  else
    clang-format-14 --dry-run -Werror "${files[@]}"
  fi
}

check_tidy() {
  python3 tests/tidy/tidy_test.py || return 1
  configure dev || return 1
  build dev || return 1  # generated headers must be there
  local files
  if ((all)) || ! git rev-parse -q --verify "$base" >/dev/null; then
    mapfile -t files < <(git ls-files '*.cpp')
  else
    mapfile -t files < <({ git diff --name-only --diff-filter=d "$base" -- '*.cpp'
      git ls-files --others --exclude-standard '*.cpp'; } | sort -u)
  fi
  ((${#files[@]})) || return 0
  step "clang-tidy over ${#files[@]} files" xargs -a <(printf '%s\n' "${files[@]}") \
    -P "$(job_count)" -n 1 clang-tidy-14 --quiet -p build/dev
}

for what in "${want[@]}"; do
  case $what in
    format) check_format || broken+=(format) ;;
    tidy) check_tidy || broken+=(tidy) ;;
    presets)
      "$root/tools/test" --no-install --preset dev --preset release --preset asan \
        --preset tsan --preset fuzz || broken+=(presets)
      ;;
  esac
done
if ((${#broken[@]})); then
  die "FAILED: ${broken[*]}; $(duration "$SECONDS")"
fi
say "ok: ${want[*]}; $(duration "$SECONDS")"
