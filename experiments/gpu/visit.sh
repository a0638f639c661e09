#!/usr/bin/env bash
# Everything that one visit to a GPU measures, in three pieces of less than ten minutes each.
#
#   experiments/gpu/visit.sh [--dry-run] [1|2|3|all]
#
#   1    build where no program is given; verify every kernel; compute-sanitizer; micro-benchmarks
#   2    some calls by every clock (phase `clocks` of cells.csv), then times of our kernels (phase `time`)
#   3    DRAM and L2 bytes (phase `counters`), then cuBLAS and cuDNN on the same cells (phase `peers`)
#
# Each piece goes on where its output ends, so that a piece can be run again until nothing is left. --dry-run goes
# through every step and needs no GPU. From the environment:
#   ROOFTILE_MEASURE        a program that is built already; without it: nvcc, cmake and ninja build one in build/measure
#   OUT                     where the JSON lines go (build/visit); `rooftile db import $OUT/*.jsonl --db results.db`
#   ROOFTILE_VISIT_SECONDS  of one piece (540)
# Exit codes: 0 done, 1 something failed, 2 bad input, 77 no GPU.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${OUT:-$root/build/visit}
piece_seconds=${ROOFTILE_VISIT_SECONDS:-540}
dry_run=
piece=all
failures=0

say() { printf '%s\n' "$*" >&2; }
die() {
  local code=$1
  shift
  say "visit.sh: $*"
  exit "$code"
}

for word; do
  case $word in
    --dry-run) dry_run=--dry-run ;;
    1 | 2 | 3 | all) piece=$word ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) die 2 "unknown word '$word'; allowed: --dry-run, 1, 2, 3, all" ;;
  esac
done
[[ $piece_seconds =~ ^[1-9][0-9]*$ ]] || die 2 "ROOFTILE_VISIT_SECONDS '$piece_seconds' is not a number of seconds"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$out"

# program: sets `measure`, building it if need be
program() {
  measure=${ROOFTILE_MEASURE:-}
  if [[ -n $measure ]]; then
    [[ -x $measure ]] || die 2 "ROOFTILE_MEASURE: '$measure' is not a program"
    return
  fi
  if [[ -z $dry_run && ! -e /dev/nvidiactl && ! -e /dev/dxg ]]; then die 77 'no GPU: there is no /dev/nvidiactl'; fi
  local tool
  for tool in nvcc cmake ninja; do
    command -v "$tool" >/dev/null || die 2 "needs $tool, or a program in ROOFTILE_MEASURE"
  done
  say 'building rooftile-measure'
  if ! { cmake -S "$root" -B "$root/build/measure" -G Ninja -DROOFTILE_KERNELS_ONLY=ON -DCMAKE_BUILD_TYPE=Release &&
    cmake --build "$root/build/measure" --target rooftile-measure; } >"$scratch/log" 2>&1; then
    tail -40 "$scratch/log" >&2
    die 1 'the build failed'
  fi
  measure=$root/build/measure/kernels/measure/rooftile-measure
}

# cells PHASE: the rows of that phase, without the column that says so; prints the file's name
cells() {
  awk -F, -v phase="$1" -v OFS=, 'NR == 1 || (" " $NF " ") ~ (" " phase " ") { NF--; print }' \
    "$here/cells.csv" >"$scratch/$1.csv"
  printf '%s\n' "$scratch/$1.csv"
}

# left: seconds until this piece has to end
left() { printf '%s\n' $((piece_end - SECONDS)); }

# step NAME SECONDS WORDS...: one call of the program with its lines in NAME.jsonl; a failure is counted and the visit
# goes on, no GPU ends it
step() {
  local name=$1 seconds=$2 code=0
  shift 2
  ((seconds <= $(left))) || seconds=$(left)
  if ((seconds < 5)); then
    say "$name: no time left in this piece; run it again"
    return
  fi
  say "$name: at most $seconds s"
  local lines=(--out "$out/$name.jsonl" --resume)
  # What is in flight when the budget ends is finished; a program that hangs is not waited for.
  timeout --signal=INT --kill-after=20 $((seconds + 60)) \
    "$measure" "$@" "${lines[@]}" --budget "$seconds" $dry_run || code=$?
  case $code in
    0) ;;
    77) exit 77 ;;
    2) exit 2 ;;
    *) say "$name: exit code $code"; failures=$((failures + 1)) ;;
  esac
}

# sanitize TOOL: the small ragged shapes of two kernels, forward and backward, under compute-sanitizer
sanitize() {
  local tool=$1 code=0 seconds=45
  local command=(compute-sanitizer --tool "$tool" --error-exitcode 9
    "$measure" verify --kernels "rt_flash2,rt_standard" --out "$scratch/$tool.jsonl" --budget "$seconds")
  if [[ -n $dry_run ]]; then
    say "sanitizer, $tool: ${command[*]}"
    return
  fi
  if ! command -v compute-sanitizer >/dev/null; then
    say "sanitizer, $tool: compute-sanitizer is not installed; left out"
    return
  fi
  say "sanitizer, $tool: at most $seconds s"
  timeout --signal=INT --kill-after=20 $((seconds + 60)) "${command[@]}" >>"$out/sanitizer.log" 2>&1 || code=$?
  if ((code != 0)); then
    say "sanitizer, $tool: exit code $code; the end of $out/sanitizer.log:"
    tail -20 "$out/sanitizer.log" >&2
    failures=$((failures + 1))
  fi
}

run_piece() {
  piece_end=$((SECONDS + piece_seconds))
  say "piece $1"
  case $1 in
    1)
      step device 30 device
      step verify 220 verify
      sanitize memcheck
      sanitize racecheck
      step micro 200 micro
      ;;
    2)
      step clocks 60 time --timers cuda_event,graph_replay,host_clock,cupti --cells "$(cells clocks)"
      step time "$piece_seconds" time --samples 10/200 --cells "$(cells time)"
      ;;
    3)
      step counters 240 counters --cells "$(cells counters)"
      step peers "$piece_seconds" time --samples 10/200 --cells "$(cells peers)"
      ;;
  esac
}

program
case $piece in
  all) for each in 1 2 3; do run_piece "$each"; done ;;
  *) run_piece "$piece" ;;
esac
if ((failures > 0)); then die 1 "$failures steps failed"; fi
say "lines are in $out"
