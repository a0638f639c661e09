#!/usr/bin/env bash
# experiments/gpu/visit.sh with a program in the place of rooftile-measure that writes down what it is asked to do.
#
#   tests/experiments/visit_test.sh [ROOTFILE-MEASURE]     with the real one: its dry run, and exit 77 without a GPU
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
visit=$root/experiments/gpu/visit.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export OUT=$scratch/out
failed=0

# expect WHAT EXPECTED ACTUAL
expect() {
  [[ $2 == "$3" ]] && return
  printf '%s:\n  expected %s\n  got      %s\n' "$1" "$2" "$3"
  failed=1
}

if (($#)); then
  export ROOFTILE_MEASURE=$1
  "$visit" --dry-run all >"$scratch/log" 2>&1
  expect 'dry run' 0 $?
  for step in verify micro time counters; do
    grep -q "^$step: " "$scratch/log" || expect "a plan for $step" 'a line' 'none'
  done
  grep -q 'is ignored' "$scratch/log" && expect 'columns' 'all known' "$(grep 'is ignored' "$scratch/log" | head -1)"
  CUDA_VISIBLE_DEVICES='' "$visit" all >"$scratch/log" 2>&1
  expect 'without a GPU' 77 $?
  ((failed)) && cat "$scratch/log"
  exit $failed
fi

# The stand-in: one line per call; exit code as FAIL says for a step.
cat >"$scratch/measure" <<'STANDIN'
#!/usr/bin/env bash
cells=-
budget=-
words=("$@")
for ((i = 0; i < $#; i++)); do
  [[ ${words[i]} == --cells ]] && cells=$(($(wc -l <"${words[i + 1]}") - 1)):$(head -1 "${words[i + 1]}" | awk -F, '{ print NF }')
  [[ ${words[i]} == --budget ]] && budget=$(((words[i + 1] + 9) / 10 * 10)) # a piece's clock runs: up to tens
  [[ ${words[i]} == --out ]] && out=$(basename "${words[i + 1]}")
done
echo "$1 $out $cells $budget" >>"$CALLS"
[[ $1 == "${FAIL%%:*}" ]] && exit "${FAIL##*:}"
exit 0
STANDIN
chmod +x "$scratch/measure"
export ROOFTILE_MEASURE=$scratch/measure CALLS=$scratch/calls FAIL=
# No compute-sanitizer here, wherever this runs.
mkdir "$scratch/bin"
for tool in bash awk mktemp mkdir rm timeout sed tail dirname basename wc head cat; do ln -s "$(command -v $tool)" "$scratch/bin/$tool"; done

# calls WORDS...: exit code of the visit, then what it asked for, separated by "; "
calls() {
  : >"$CALLS"
  PATH=$scratch/bin "$visit" "$@" >"$scratch/log" 2>&1
  printf '%s; ' $?
  sed ':all;N;$!ball;s/\n/; /g' "$CALLS"
}
rows() { awk -F, -v phase="$1" 'NR > 1 && (" " $NF " ") ~ (" " phase " ")' "$root/experiments/gpu/cells.csv" | wc -l; }

one='device device.jsonl - 30; verify verify.jsonl - 220; micro micro.jsonl - 200'
two="time clocks.jsonl $(rows clocks):11 60; time time.jsonl $(rows time):11 540"
three="counters counters.jsonl $(rows counters):11 240; time peers.jsonl $(rows peers):11 540"
expect 'piece 1' "0; $one" "$(calls 1)"
expect 'piece 2' "0; $two" "$(calls 2)"
expect 'piece 3' "0; $three" "$(calls 3)"
expect 'all' "0; $one; $two; $three" "$(calls all)"
expect 'a failing step' "1; $one" "$(FAIL=verify:1 calls 1)"
expect 'no GPU' '77; device device.jsonl - 30' "$(FAIL=device:77 calls all)"
expect 'bad input' '2; device device.jsonl - 30' "$(FAIL=device:2 calls all)"
expect 'a short piece' "0; time clocks.jsonl $(rows clocks):11 20; time time.jsonl $(rows time):11 20" "$(ROOFTILE_VISIT_SECONDS=20 calls 2)"
expect 'an unknown word' '2; ' "$(calls 4)"
expect 'no program' '2; ' "$(ROOFTILE_MEASURE=$scratch/none calls 1)"
expect 'seconds' '2; ' "$(ROOFTILE_VISIT_SECONDS=soon calls 1)"
exit $failed
