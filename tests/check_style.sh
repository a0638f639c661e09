#!/usr/bin/env bash
# Style gates: the plan of the house, clang-format 14, clang-tidy 14 (dev build's compile database).
#
#   tests/check_style.sh [FILE.cpp...]      clang-tidy on these files only; default: all
#
# clang-tidy skips a file that passed before with the same text, the same project headers and the same rules.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../experiments/setup.sh"
cd "$rooftile_root"
need_packages build tests style

tests/house/check_tree.sh

mapfile -t files < <(find analysis experiments kernels model sim tests -type f | grep -E '\.(hpp|cpp|cuh|cu)$' | sort)
clang-format-14 --dry-run -Werror "${files[@]}"
say "clang-format: ${#files[@]} files in order"

run_logged configure-dev.log cmake --preset dev
if (($#)); then
  units=("$@")
else # what the dev build compiles; generated files (header checks) are not ours; patient.cpp is compiled once per fault
  mapfile -t units < <(sed -nE 's/^ *"file": "(.*)",?$/\1/p' build/dev/compile_commands.json |
    sed "s|^$rooftile_root/||" | grep -v '^build/' | grep '\.cpp$' | grep -v '/faults/patient' | sort -u)
fi
passed="$rooftile_root/build/log/tidy"
mkdir -p "$passed"
rules=$({ cat .clang-tidy tests/.clang-tidy; printf '%s\n' "${files[@]}" | grep '\.hpp$' | xargs cat; clang-tidy-14 --version; } | sha256sum)

# tidy FILE: silent when in order
tidy() {
  local stamp
  stamp="$passed/$({ echo "$rules $1"; cat "$1"; } | sha256sum | cut -c1-40)"
  [[ -e $stamp ]] && return 0
  local output
  # The compile database is GCC's: clang does not know all of its -W options, and takes -Wconversion to mean signs too.
  if output=$(clang-tidy-14 --quiet -p build/dev --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-sign-conversion "$1" 2>&1); then
    touch "$stamp"
  else
    printf '%s\n' "$output" | grep -vE '^[0-9]+ warnings? (generated|treated)|^$'
    return 1
  fi
}
export -f tidy
export passed rules
started=$SECONDS
printf '%s\0' "${units[@]}" | xargs -0 -n1 -P"$(nproc)" bash -c 'tidy "$1"' _
say "clang-tidy: ${#units[@]} files in order ($((SECONDS - started)) s)"
