#!/usr/bin/env bash
# Is what draw_timeline.sh draws what stands in the trace?
#
#   draw_timeline_test.sh PROGRAM
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
program=$1
for tool in gnuplot jq; do
  command -v "$tool" >/dev/null || { echo "skipped: no $tool here"; exit 77; }
done
export ROOFTILE_SKIP_PACKAGES=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0
# expect WHAT EXPECTED FOUND
expect() {
  [[ $2 == "$3" ]] || { echo "$1: expected $2, found $3"; failures=$((failures + 1)); }
}
# events TRACE CONDITION: how many spans on SMs
events() { jq "[.traceEvents[] | select(.ph == \"X\" and .pid > 0) | select($2)] | length" "$1"; }
# begins TRACE: how many begins on SMs are not all wait
begins() {
  jq '[.traceEvents[] | select(.ph == "X" and .pid > 0)] as $spans
    | def place: "\(.pid)/\(.tid)/\(.ts)";
    ($spans | map(select(.name | startswith("waits for ")) | {key: place, value: .dur}) | from_entries) as $waits
    | [$spans[] | select(.name == "begin" and .dur > ($waits[place] // 0))] | length' "$1"
}
# boxes PICTURE FILL: how many in the path of this colour
boxes() { grep "^<path fill=\"$2\"" "$1" | grep -o z | wc -l; }

for kernel in flash2 standard; do
  trace=$scratch/$kernel.json picture=$scratch/$kernel.svg
  "$program" simulate -p a100_sxm4_80gb -k "$kernel" --heads 2 --seq 512 --head-dim 64 --mask causal --trace "$trace" \
    >/dev/null || exit 1
  experiments/draw_timeline.sh "$trace" "$picture" || { echo "$kernel: not drawn"; exit 1; }
  expect "$kernel: stores" "$(events "$trace" '.name == "end" and .dur > 0')" "$(boxes "$picture" '#e69f00')"
  expect "$kernel: begins" "$(begins "$trace")" "$(boxes "$picture" '#56b4e9')"
  expect "$kernel: waits" "$(events "$trace" '.name | startswith("waits for ")')" "$(boxes "$picture" 'url(#waits)')"
  expect "$kernel: last line" '</svg>' "$(grep -v '^ *$' "$picture" | tail -n 1 | tr -d ' ')"
  expect "$kernel: title" "$(jq -r .otherData.simulated "$trace")" "$(sed -n 's|.*<title>\(rooftile.*\)</title>.*|\1|p' "$picture" | head -n 1)"
  [[ $(boxes "$picture" '#0072b2') -gt 0 ]] || { echo "$kernel: nobody computes"; failures=$((failures + 1)); }
  for launch in $(jq -r '.traceEvents[] | select(.ph == "X" and .pid == 0) | .name' "$trace"); do
    grep -q ">$launch<" "$picture" || { echo "$kernel: launch $launch has no name"; failures=$((failures + 1)); }
  done
done

# the bars of a CTA leave no gap and do not overlap: their widths add up to the CTAs' times, in the picture's scale
jq -r '[.traceEvents[] | select(.ph == "X" and .pid > 0 and (.name | contains(" CTA "))) | .dur] | add' \
  "$scratch/flash2.json" >"$scratch/time"
end=$(jq '[.traceEvents[] | select(.ph == "X" and .pid == 0) | .ts + .dur] | max' "$scratch/flash2.json")
grep '^<path fill=' "$scratch/flash2.svg" | grep -oE 'h[0-9.]+' | tr -d h |
  awk -v end="$end" -v time="$(cat "$scratch/time")" '
    { sum += $1; ++boxes }
    END { apart = sum / 864 * end - time; allowed = boxes * 0.05 / 864 * end  # widths have one digit
      if (apart > allowed || apart < -allowed) { print "boxes are " apart " us more than the CTAs"; exit 1 } }' ||
  failures=$((failures + 1))

echo '{"traceEvents": [' >"$scratch/broken.json"
if experiments/draw_timeline.sh "$scratch/broken.json" "$scratch/broken.svg" 2>/dev/null || [[ -e $scratch/broken.svg ]]; then
  echo 'a broken trace was drawn'
  failures=$((failures + 1))
fi
exit $((failures > 0))
