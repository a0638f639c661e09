#!/usr/bin/env bash
# Rewrites the outputs in the pages below: every block after `<!-- output of: COMMAND -->` becomes what COMMAND prints,
# in a fence; where COMMAND ends with `--format md`, the table itself, up to the next empty line.
#   ./experiments/update_readme.sh [--check] [path of the rooftile program]
# --check changes nothing and fails if a page and the program disagree.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
pages='README.md hw_profiles/README.md experiments/tutorial.md'

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

# render PAGE: the page with today's outputs
render() {
  local line fence command inside=''
  while IFS= read -r line; do
    case $inside in
      fence) [[ $line == '```' ]] && inside=''; continue ;;
      table) [[ -n $line ]] && continue; inside='' ;;
    esac
    printf '%s\n' "$line"
    [[ $line =~ ^'<!-- output of: '(.*)' -->'$ ]] || continue
    command=${BASH_REMATCH[1]}
    if [[ $command == *' --format md' ]]; then
      answer "$command"
      inside=table
      continue
    fi
    IFS= read -r fence
    [[ $fence == '```'* ]] || { echo "$1: no block after: $line" >&2; exit 1; }
    printf '```text\n$ %s\n%s\n```\n' "$command" "$(answer "$command")"
    inside=fence
  done <"$1"
}

stale=''
for page in $pages; do
  render "$page" >"$scratch/page.md"
  if $check; then
    diff -u "$page" "$scratch/page.md" >&2 || stale+=" $page"
  else
    cp "$scratch/page.md" "$page"
  fi
done
if [[ -n $stale ]]; then
  echo "differs from what the program prints:$stale; run ./experiments/update_readme.sh" >&2
  exit 1
fi
