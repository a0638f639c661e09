#!/usr/bin/env bash
# Draws timelines: what CTAs on SMs 0 to 3 did, and below it how busy the whole device was.
#
#   ./experiments/draw_timeline.sh                         the pictures of README.md, of calls simulated anew
#   ./experiments/draw_timeline.sh TRACE.json PICTURE.svg  a timeline that `rooftile simulate --trace` wrote
#
# Needs gnuplot and jq, which it installs where it may. Every kind of time has a colour of its own (Okabe and Ito's, told
# apart by all eyes) and a pattern or shade, every line a dash of its own.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=experiments/setup.sh
source "$here/setup.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Of a trace: pieces of time on the SMs (begin, end, SM, bottom, top, kind), launches, counters; times in microseconds.
# The places of a launch share the height of their SM. Trips too short to be seen are joined.
read_trace() {
  jq -r '.traceEvents[] | select(.ph == "X") | [.pid, .tid, .ts, .ts + .dur, .name] | @tsv' "$1" >"$scratch/spans"
  jq -r '.traceEvents[] | select(.ph == "C") | [.name, .ts, .args["busy %"]] | @tsv' "$1" >"$scratch/counters"
  awk -F'\t' '$1 == 0 { print $3, $4, $5 }' "$scratch/spans" | sort -g >"$scratch/launches"
  end=$(awk '{ end = $2 } END { print end }' "$scratch/launches")
  # the waits of a place, in order, then its phases, each less the wait at its end
  awk -F'\t' -v shortest="$(awk -v end="$end" 'BEGIN { print end / 250 }')" '
    function launch_of(time,  l) { for (l = launches; l > 1 && time < starts[l] - 1e-6; --l); return l }
    function put(from, to, sm, place, what) {
      if (to <= from) return
      printf "%.4f %.4f %d %d %d %s\n", from, to, launch_of(from), sm, place, what
    }
    function flush(key) {
      if (key in open_from) put(open_from[key], open_to[key], sm_of[key], place_of[key], "trip")
      delete open_from[key]
    }
    FNR == NR { split($0, part, " "); starts[++launches] = part[1]; next }
    $1 == 0 || $5 ~ / CTA / { next }
    { key = $1 "/" $2; sm_of[key] = $1 - 1; place_of[key] = $2 }
    $5 ~ /^waits for / { waits[key, sprintf("%.6f", $4)] = $3; next }
    { count++; line_key[count] = key; from[count] = $3; to[count] = $4; name[count] = $5 }
    END {
      for (n = 1; n <= count; ++n) {
        key = line_key[n]
        done = sprintf("%.6f", to[n])
        until = (key, done) in waits ? waits[key, done] : to[n]
        kind = name[n] ~ /^(part of )?block / ? "trip" : name[n]
        if (kind == "trip" && until == to[n] && until - from[n] < shortest) {
          if (!(key in open_from)) open_from[key] = from[n]
          open_to[key] = until
          continue
        }
        flush(key)
        put(from[n], until, sm_of[key], place_of[key], kind)
        put(until, to[n], sm_of[key], place_of[key], "wait")
      }
      for (key in sm_of) flush(key)
    }' "$scratch/launches" "$scratch/spans" >"$scratch/placed"
  awk '
    FNR == NR { if ($5 + 1 > places[$3]) places[$3] = $5 + 1; next }
    { low = $4 + 0.06 + 0.88 * $5 / places[$3]
      print $1, $2, $4, low, low + 0.88 / places[$3], $6 }' "$scratch/placed" "$scratch/placed" >"$scratch/pieces"
}

# boxes KIND STYLE: the pieces of a kind as one SVG path, in the frame that `draw` gives the plot
boxes() {
  printf '<path %s d="' "$2"
  awk -v kind="$1" -v end="$end" '
    BEGIN { left = 0.085 * 960; width = 0.9 * 960; top = 0.175 * 560; height = 0.425 * 560 / 4 }
    $6 == kind { across = ($2 - $1) / end * width; down = ($5 - $4) * height
      printf "M%.1f %.1fh%.1fv%.1fh-%.1fz", left + $1 / end * width, top + $4 * height, across, down, across }' \
    "$scratch/pieces"
  printf '"/>\n'
}
all_boxes() {
  echo '<g id="pieces" stroke="white" stroke-width="0.4">'
  echo '<pattern id="waits" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">'
  echo '<rect width="5" height="5" fill="white"/><rect width="1" height="5" fill="#d55e00"/></pattern>'
  boxes begin 'fill="#56b4e9"'
  boxes trip 'fill="#0072b2"'
  boxes end 'fill="#e69f00"'
  boxes wait 'fill="url(#waits)"'
  echo '</g>'
}

# curve COUNTER STYLE TITLE: one counter, which holds until the next event
curve() {
  awk -F'\t' -v name="$1" -v end="$end" '
    $1 == name { if (seen++) print $2, last; print $2, $3; last = $3 } END { print end, last }' \
    "$scratch/counters" >"$scratch/curve_$1"
  printf "'%s' using 1:2 with %s title '%s', " "$scratch/curve_$1" "$2" "$3"
}

# draw TRACE PICTURE TITLE WORDS: the words say in the picture's stead what it shows
draw() {
  read_trace "$1"
  {
    cat <<PLOT
set terminal svg size 960,560 font 'sans-serif,12' background rgb 'white'
set output '$scratch/picture.svg'
set multiplot
set lmargin at screen 0.085
set rmargin at screen 0.985
set xrange [0:$end]
set border 0
set tics scale 0.4 nomirror
set style fill solid noborder
set label 1 '$3' at screen 0.085, screen 0.965 left noenhanced font ',$((${#3} < 100 ? 14 : 8))'
PLOT
    # launches: their names, and where one ends
    awk '{ printf "set label \"%s\" at first %s, screen 0.845 center font \",11\"\n", $3, ($1 + $2) / 2
           if (NR > 1) printf "set arrow from first %s, screen 0.09 to first %s, screen 0.86 nohead dashtype 3 linecolor rgb \"#888888\"\n", $1, $1
         }' "$scratch/launches"
    cat <<'PLOT'
set tmargin at screen 0.825
set bmargin at screen 0.40
set yrange [4:0]
set ytics ('SM 0' 0.5, 'SM 1' 1.5, 'SM 2' 2.5, 'SM 3' 3.5)
set format x ''
set object 1 rectangle from graph 0,0 to graph 1,1 behind fillcolor rgb '#eeeeee' fillstyle solid noborder
set key at screen 0.985, screen 0.935 right maxrows 1 samplen 1.5 width 1
PLOT
    # the key alone: gnuplot would need an element for each of the boxes
    printf "plot NaN with boxes linecolor rgb '#56b4e9' title 'begins', NaN with boxes linecolor rgb '#0072b2' title 'computes', "
    printf "NaN with boxes linecolor rgb '#e69f00' title 'stores', NaN with boxes fillstyle pattern 4 linecolor rgb '#d55e00' title "
    printf "'waits for memory', NaN with boxes linecolor rgb '#eeeeee' title 'no CTA'\n"
    cat <<'PLOT'
unset label
unset arrow
set label 2 'whole device:' at screen 0.02, screen 0.35 left
set tmargin at screen 0.315
set bmargin at screen 0.095
set yrange [0:100]
set ytics ('0' 0, '50 %%' 50, '100 %%' 100)
set grid ytics linecolor rgb '#cccccc'
set format x '%g'
set xlabel 'microseconds' offset 0,0.4
set object 1 rectangle from graph 0,0 to graph 1,1 behind fillcolor rgb 'white' fillstyle solid noborder
set key at screen 0.985, screen 0.365 right maxrows 1 samplen 3
PLOT
    printf 'plot '
    curve places "filledcurves y1=0 linecolor rgb '#dddddd'" 'places with a CTA'
    curve dram "lines linecolor rgb '#d55e00' linewidth 1.5 dashtype 1" 'DRAM bandwidth'
    curve tensor "lines linecolor rgb '#0072b2' linewidth 1.5 dashtype 2" 'tensor cores'
    curve exp2 "lines linecolor rgb '#000000' linewidth 1.5 dashtype 3" 'exponentials'
    printf 'NaN notitle\nunset multiplot\n'
  } >"$scratch/plot"
  gnuplot "$scratch/plot"
  all_boxes >"$scratch/boxes"
  # the words in the place of gnuplot's name and version, the boxes before what gnuplot plots first
  awk -v title="$3" -v words="$4" -v boxes="$scratch/boxes" '
    !titled && sub(/<title>.*<\/title>/, "<title>" title "</title>") { titled = 1 }
    { sub(/<desc>.*<\/desc>/, "<desc>" words "</desc>") }
    /id="gnuplot_plot_1/ && !placed { while ((getline line <boxes) > 0) print line; placed = 1 }
    { print }' "$scratch/picture.svg" >"$2"
}

need_packages pictures
if (($# == 2)); then
  draw "$1" "$2" "$(jq -r '.otherData.simulated' "$1")" 'Timeline of a simulated call.'
  exit
fi
(($# == 0)) || { echo "usage: $0 [TRACE.json PICTURE.svg]" >&2; exit 2; }

need_packages build
build_preset release rooftile # ends in the root
call='-p a100_sxm4_80gb --batch 2 --heads 16 --seq 1024 --head-dim 128 --mask causal'
mkdir -p experiments/pictures
# picture KERNEL NAME WORDS
picture() {
  # shellcheck disable=SC2086  # the call is many words
  build/release/experiments/rooftile simulate $call -k "$1" --trace "$scratch/$1.json" -o "$scratch/answer"
  draw "$scratch/$1.json" "experiments/pictures/timeline_$1.svg" \
    "$2 on an A100: batch 2, 16 heads, 1024 tokens, d 128, causal, simulated" "$3"
}
picture flash2 FlashAttention-2 "Four of 108 SMs, two places for CTAs each, from the first CTA to the last. All begin and \
wait for their first tiles while DRAM delivers all it can; then they compute block after block and store. The CTAs of long \
rows end last, and one by one the SMs run empty."
picture standard 'Standard attention' "Four of 108 SMs through three launches. The product QK stores tile after tile; the \
softmax and the product PV wait for memory most of the time while DRAM delivers all it can."
