#!/usr/bin/env bash
# Draws the pictures of README.md: experiments run anew into a database of their own, single charts of it by `rooftile plot`;
# timelines by draw_timeline.sh; with Chromium (tests/report/prepare.sh), also what the report looks like: two screenshots.
#
#   ./experiments/draw_charts.sh                all of them
#   ./experiments/draw_charts.sh ROOFTILE       charts and screenshots, by a program that is built already
#
# Needs gnuplot and jq, which it installs where it may.
set -euo pipefail
# shellcheck source=experiments/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
need_packages pictures
rooftile=${1:+$(realpath "$1")}
if [[ -z $rooftile ]]; then
  need_packages build
  build_preset release rooftile
  rooftile=$rooftile_root/build/release/experiments/rooftile
  "$rooftile_root/experiments/draw_timeline.sh"
fi
cd "$rooftile_root"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
db=$scratch/results.db
"$rooftile" db import experiments/reference --db "$db" >/dev/null
"$rooftile" run experiments/published.yaml --db "$db" >/dev/null
"$rooftile" run experiments/standard_vs_flash.yaml --db "$db" >/dev/null

# picture CHART FILE
picture() { "$rooftile" plot "$1" --db "$db" --width 900 --height 520 -o "experiments/pictures/$2.svg"; }
# Of the calls that are asked for at several lengths, the one on this GPU with this head dim
chart_of() {
  "$rooftile" report --db "$db" --format json |
    jq -r --arg what "$1" --arg gpu "$2" --arg dim "d $3," '
      first(.charts[] | select((.id | startswith($what)) and (.title | contains($gpu) and contains($dim))) | .id)'
}
picture roofline-a100_sxm4_80gb roofline_a100
picture "$(chart_of traffic a100_sxm4_80gb 64)" traffic_a100
picture against-observed-predicted-hierarchical against_observed

if [[ -d build/browser/node_modules/playwright-core ]]; then
  export SOURCE_DATE_EPOCH=1767225600 # 2026-01-01: the same page each time
  "$rooftile" report --db "$db" -o "$scratch/report.html"
  node tests/report/screenshots.mjs "$rooftile_root/build/browser" "$(command -v chromium)" "$scratch/report.html" experiments/pictures
else
  say 'no screenshots: tests/report/prepare.sh installs what they need'
fi
