#!/usr/bin/env bash
# Style gates: the plan of the house, clang-format 14, clang-tidy 14.
#
#   tests/check_style.sh                    everything; clang-tidy on up to ten sources of a target at a time, joined as
#                                           in the `check` build, so that their headers are read once
#   tests/check_style.sh FILE.cpp...        clang-tidy on these files only, each by itself
#
# clang-tidy skips what passed before with the same text, the same project headers and the same rules.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../experiments/setup.sh"
cd "$rooftile_root"
need_packages build tests style

tests/house/check_tree.sh

folders=(analysis experiments kernels model sim tests)
mapfile -t files < <(find "${folders[@]}" -type f | grep -E '\.(hpp|cpp|cuh|cu)$' | sort)
clang-format-14 --dry-run -Werror "${files[@]}"
say "clang-format: ${#files[@]} files in order"

# misc-unused-using-decls sees nothing in joined sources.
unused=$(perl -0777 -ne 'my $text = $_;
  while ($text =~ /^ *using (?:\w+::)+(\w+);/mg) {
    my ($name, $line) = ($1, 1 + (substr($text, 0, $-[0]) =~ tr/\n//));
    my @uses = /\b$name\b/g;
    print "$ARGV:$line: nothing uses $name  [using]\n" if @uses < 2;
  }' "${files[@]}")
if [[ -n $unused ]]; then
  printf '%s\n' "$unused"
  exit 1
fi

if (($#)); then
  database=dev
  units=("$@")
else # generated files are not ours; of the planted faults the control stands for all
  database=tidy
fi
run_logged "configure-$database.log" cmake --preset "$database"
if ((!$#)); then
  ours=$(IFS='|' && echo "^$rooftile_root/(${folders[*]})/")
  mapfile -t units < <(sed -nE 's/^ *"file": "(.*)",?$/\1/p' build/tidy/compile_commands.json |
    grep -E "/Unity/|$ours.*\.cpp$" | grep -vP '/fault_(?!diagnosis\.|flash2_control\.)' | sort -u)
fi

passed="$rooftile_root/build/log/tidy"
mkdir -p "$passed"
rules=$({ cat "$0" .clang-tidy tests/.clang-tidy; printf '%s\n' "${files[@]}" | grep '\.hpp$' | xargs cat; clang-tidy-14 --version; } | sha256sum)
# The compile database is GCC's: clang does not know all of its -W options, and takes -Wconversion to mean signs too.
options=(--quiet -p "build/$database" --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-sign-conversion)

# sources_of UNIT: what a joined source includes, or itself
sources_of() {
  if [[ $1 == */Unity/* ]]; then sed -nE 's/^#include "(.*)"$/\1/p' "$1"; else echo "$1"; fi
}

# tidy UNIT: silent when in order
tidy() {
  local stamp output how=()
  stamp="$passed/$({ echo "$rules $1"; sources_of "$1" | xargs -d '\n' cat; } | sha256sum | cut -c1-40)"
  [[ -e $stamp ]] && return 0
  if [[ $1 == */Unity/* ]]; then
    how=("--header-filter=$ours" '--checks=-bugprone-suspicious-include')
    [[ $1 != */tests/* ]] || how+=(--config-file=tests/.clang-tidy)
  fi
  if output=$(clang-tidy-14 "${options[@]}" "${how[@]}" "$1" 2>&1); then
    touch "$stamp"
  else
    printf '%s\n' "$output" | grep -vE '^[0-9]+ warnings? (generated|treated)|^$'
    return 1
  fi
}
# Functions and variables, but no arrays, reach the shells that xargs starts.
tidy_all() {
  printf '%s\0' "${units[@]}" |
    xargs -0 -n1 -P"$(nproc)" bash -c "$(declare -f sources_of tidy); $(declare -p options passed rules); ours='${ours-}'; tidy \"\$1\"" _
}
started=$SECONDS
tidy_all
say "clang-tidy: ${#units[@]} files in order ($((SECONDS - started)) s)"
