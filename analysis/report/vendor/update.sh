#!/usr/bin/env bash
# Fetches the two libraries of the report page anew, with the licences of all that is bundled into them.
#
#   analysis/report/vendor/update.sh                  the versions below
#   analysis/report/vendor/update.sh 7.9.2 0.6.17     D3, Observable Plot
#
# npm verifies each package against the registry's checksum. The build never runs this: what it embeds is in the tree.
# Afterwards put the printed sums into README.md; a test compares them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
d3=${1:-7.9.2} plot=${2:-0.6.17}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

npm pack --silent --pack-destination "$scratch" "d3@$d3" "@observablehq/plot@$plot" >/dev/null
tar -xzOf "$scratch/d3-$d3.tgz" package/dist/d3.min.js >"$scratch/d3.min.js"
tar -xzOf "$scratch/observablehq-plot-$plot.tgz" package/dist/plot.umd.min.js >"$scratch/plot.umd.min.js"
for library in d3.min.js plot.umd.min.js; do
  # Either would end the script element that the library stands in.
  if grep -qiE '</script|<!--' "$scratch/$library"; then
    echo "$library holds </script or <!-- and cannot be embedded as it is" >&2
    exit 1
  fi
  grep -q "v\($d3\|$plot\) " <(head -c 200 "$scratch/$library") || { echo "$library is of another version" >&2; exit 1; }
done

# Both files are bundles: the licence of every package in them has to travel along. Each text stands once, after the
# names of all packages that share it.
(cd "$scratch" && npm install --silent --ignore-scripts --prefix "$scratch/all" "d3@$d3" "@observablehq/plot@$plot")
{
  echo 'This page contains Observable Plot and D3, with the packages that are bundled into them.'
  # commander belongs to a command-line tool, rw and iconv-lite read files for it: none is in a bundle
  find "$scratch/all/node_modules" -maxdepth 3 -iname 'LICENSE*' -type f |
    grep -vE '/(commander|rw|iconv-lite|safer-buffer)/' | sort |
    while read -r file; do
      folder=$(dirname "$file")
      printf '%s\t%s\n' "$(sha256sum <"$file" | cut -c1-64)" "${folder#"$scratch/all/node_modules/"}"
    done |
    awk -F'\t' '{ if (!($1 in names)) order[++count] = $1; names[$1] = names[$1] (names[$1] ? ", " : "") $2 }
      END { for (n = 1; n <= count; ++n) print names[order[n]] }' |
    while read -r names; do
      printf '\n== %s\n\n' "$names" | fold -s -w 110 | sed 's/ *$//'
      cat "$(find "$scratch/all/node_modules/${names%%,*}" -maxdepth 1 -iname 'LICENSE*' | head -n 1)"
    done
} | sed 's/\r$//; s/[ \t]*$//' >"$scratch/LICENCES.txt"
if grep -qE '\*/|</script|<!--' "$scratch/LICENCES.txt"; then
  echo 'a licence text would end the comment that it stands in' >&2
  exit 1
fi

mv "$scratch/d3.min.js" "$scratch/plot.umd.min.js" "$scratch/LICENCES.txt" .
chmod 644 d3.min.js plot.umd.min.js LICENCES.txt
sha256sum d3.min.js plot.umd.min.js LICENCES.txt
