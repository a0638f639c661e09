#!/usr/bin/env bash
# Does update_readme.sh --check refuse a stale page? Plants a wrong number into a copy of each page, in a fence and in a
# table, expects the page to be named and nothing changed; then lets the script put it right.
#   tests/house/update_readme_selftest.sh SOURCE PROGRAM
set -euo pipefail
source=$1
program=$2
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/experiments" "$copy/hw_profiles"
cp -r "$source"/experiments/{*.yaml,update_readme.sh,reference} "$copy/experiments/"
pages=$(sed -n "s/^pages='\(.*\)'/\1/p" "$source/experiments/update_readme.sh")
export ROOFTILE_DATA_DIR=$source

fail() { echo "$1" >&2; exit 1; }

for page in $pages; do cp "$source/$page" "$copy/$page"; done
"$copy/experiments/update_readme.sh" "$program"
for page in $pages; do cp "$copy/$page" "$copy/$page.right"; done
"$copy/experiments/update_readme.sh" --check "$program" || fail 'pages that were just written are refused'

# plant PAGE SED: the check names the page that the edit made stale and leaves it alone; the script puts it right
plant() {
  sed -i "$2" "$copy/$1"
  cmp -s "$copy/$1" "$copy/$1.right" && fail "$1: '$2' changes nothing"
  cp "$copy/$1" "$copy/planted"
  "$copy/experiments/update_readme.sh" --check "$program" 2>"$copy/said" && fail "$1: a stale page is accepted"
  grep -q "prints: $1; run" "$copy/said" || fail "$1: is not named: $(tail -1 "$copy/said")"
  cmp -s "$copy/planted" "$copy/$1" || fail "$1: --check has changed it"
  "$copy/experiments/update_readme.sh" "$program"
  cmp -s "$copy/$1" "$copy/$1.right" || fail "$1: is not put right"
}

plant README.md '0,/^  bound  */s//&never /'
plant hw_profiles/README.md 's/^| a100_sxm4_80gb | /&9/'
plant hw_profiles/README.md '/^| t4 | /d'
plant experiments/tutorial.md 's/l = 1.2034/l = 1.2035/'
echo 'stale pages are found'
