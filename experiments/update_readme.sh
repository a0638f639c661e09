#!/usr/bin/env bash
# Rewrites the outputs in README.md: every block after `<!-- output of: COMMAND -->` becomes what COMMAND prints.
#   ./experiments/update_readme.sh [--check] [path of the rooftile program]
# --check changes nothing and fails if the page and the program disagree.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

check=false
if [[ "${1-}" == --check ]]; then check=true; shift; fi
program=${1-build/release/experiments/rooftile}
[[ -x $program ]] || { echo "no program at $program; ./experiments/demo.sh builds it" >&2; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$program" db import experiments/reference --db "$scratch/results.db" >/dev/null
"$program" run experiments/published.yaml --db "$scratch/results.db" >/dev/null 2>&1

# answer COMMAND: runs it with our program and a database of its own
answer() {
  local command=${1//results.db/$scratch/results.db}
  rooftile() { "$program" --color never "$@"; }
  eval "$command" 2>/dev/null | sed 's/[[:space:]]*$//'
}

inside=false
while IFS= read -r line; do
  if $inside; then
    [[ $line == '```' ]] && inside=false
    continue
  fi
  printf '%s\n' "$line"
  if [[ $line =~ ^'<!-- output of: '(.*)' -->'$ ]]; then
    IFS= read -r fence
    [[ $fence == '```'* ]] || { echo "README.md: no block after: $line" >&2; exit 1; }
    printf '```text\n$ %s\n%s\n```\n' "${BASH_REMATCH[1]}" "$(answer "${BASH_REMATCH[1]}")"
    inside=true
  fi
done <README.md >"$scratch/README.md"

if $check; then
  diff -u README.md "$scratch/README.md" >&2 || { echo "README.md differs from what the program prints; run ./experiments/update_readme.sh" >&2; exit 1; }
else
  cp "$scratch/README.md" README.md
fi
