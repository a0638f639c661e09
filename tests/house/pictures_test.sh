#!/usr/bin/env bash
# Every picture that a page shows is there, is drawn by a script that names it, and is an SVG that says in words what it
# shows or a PNG; no picture lies there that no page shows.
#
#   tests/house/pictures_test.sh ROOT
set -uo pipefail
cd "$1" || exit 1
failed=0
fail() { echo "$1"; failed=1; }

pages=$(find . -name '*.md' -not -path './build*' -not -path './.git/*')
# shellcheck disable=SC2086  # a path per word
shown=$(grep -ohE '(experiments/)?pictures/[a-z0-9_]+\.(svg|png)' $pages | sed 's|.*/||' | sort -u)
there=$(find experiments/pictures -type f -printf '%f\n' | sort)
while read -r one; do [[ -z $one ]] || fail "experiments/pictures/$one: a page shows it, it is not there"; done < <(comm -23 <(echo "$shown") <(echo "$there"))
while read -r one; do [[ -z $one ]] || fail "experiments/pictures/$one: no page shows it"; done < <(comm -13 <(echo "$shown") <(echo "$there"))

for picture in $there; do
  stem=${picture%.*}
  grep -qE "\b($stem|${stem%_*}_\\\$1)\b" experiments/draw_*.sh tests/report/screenshots.mjs ||
    fail "experiments/pictures/$picture: no script draws it"
  [[ $picture != *.svg ]] || { grep -q '<desc>.\{20,\}</desc>' "experiments/pictures/$picture" && ! grep -qi '<desc>.*gnuplot' "experiments/pictures/$picture"; } ||
    fail "experiments/pictures/$picture: no words in its <desc>"
done
((failed)) || echo "$(wc -w <<<"$there") pictures in order"
exit "$failed"
