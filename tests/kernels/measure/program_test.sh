#!/usr/bin/env bash
# rooftile-measure without a GPU: it starts, says what it would do, and leaves with the right code.
#
#   program_test.sh build/check/kernels/measure/rooftile-measure
set -uo pipefail
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CUDA_VISIBLE_DEVICES=  # no GPU, also where there is one
failures=0

# expect CODE PATTERN WHERE ARGUMENTS...    WHERE: out or err; PATTERN: of one line of it
expect() {
  local code=$1 pattern=$2 where=$3 got
  shift 3
  "$program" "$@" >"$work/out" 2>"$work/err" </dev/null
  got=$?
  if [[ $got != "$code" ]] || ! grep -qE -- "$pattern" "$work/$where"; then
    echo "FAILED: $program $*"
    echo "  exit $got, expected $code with /$pattern/ in std$where:"
    sed 's/^/  | /' "$work/out" "$work/err"
    failures=$((failures + 1))
  fi
}

# one_line    the last run said one line on standard error and nothing on standard output
one_line() {
  [[ $(wc -l <"$work/err") == 1 && ! -s $work/out ]] && return
  echo "FAILED: not one line:"
  cat "$work/out" "$work/err"
  failures=$((failures + 1))
}

cat >"$work/cells.csv" <<'CSV'
kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,l2,note
rt_flash2,fwd,fp16,8,16,4,4096,4096,128,causal,,a
standard,fwd,bf16,1,16,16,1000,1000,64,none,cold,b
rt_flash2,bwd,fp16,8,16,4,4096,4096,128,causal,warm,c
rt_flash2_deterministic,bwd,fp16,8,16,4,4096,4096,128,causal,warm,c
rt_flash2_deterministic,fwd,fp16,8,16,4,4096,4096,128,causal,warm,c
standard,bwd,fp16,8,16,4,4096,4096,128,causal,warm,c
rt_flash2,fwd+bwd,fp16,8,16,4,4096,4096,128,causal,warm,c
rt_flash2,bwd,fp16,8,16,4,4096,4096,96,causal,warm,c
cudnn_sdpa,bwd,fp16,8,16,4,4096,4096,128,causal,warm,d
cudnn_sdpa,fwd,fp16,8,16,4,4096,4096,128,causal,warm,d
CSV

expect 0 'Exit codes' out --help
expect 0 '^rooftile-measure [0-9.]+$' out --version
expect 0 '^rt_flash2$' out --list
expect 0 '^cudnn_sdpa$' out --list
expect 0 '^rt_flash2_deterministic$' out --list
if [[ -n $(sort "$work/out" | uniq -d) ]]; then
  echo 'FAILED: a kernel stands in the list twice'
  failures=$((failures + 1))
fi
expect 2 "step 'tmie'" err tmie; one_line
expect 2 'no step' err; one_line
expect 2 "nosuch.csv: cannot be read" err time --cells "$work/nosuch.csv"; one_line

expect 77 'no GPU to measure on' err verify; one_line
expect 77 'no GPU to measure on' err device; one_line
expect 77 'no GPU' err all --cells "$work/cells.csv" --out "$work/out.jsonl"
[[ ! -e $work/out.jsonl ]] || { echo 'FAILED: a result file without a GPU'; failures=$((failures + 1)); }

expect 0 'warning: .*column .note. is ignored' err time --dry-run --cells "$work/cells.csv"
expect 0 'rt_flash2 fwd fp16 batch 8 heads 16/4 seq 4096x4096 d128 causal: 6 series, cold and warm L2, [0-9.]+ MiB' out \
  time --dry-run --cells "$work/cells.csv"
expect 0 'rt_standard fwd bf16 .*: 3 series, cold L2' out time --dry-run --cells "$work/cells.csv"
# A backward pass: Q, K, V and O twice (322 MiB each with LSE and D), and dQ's sum in fp32 (256 MiB) where there is one.
planned() { expect 0 "^  $1" out time --dry-run --cells "$work/cells.csv"; }
planned 'rt_flash2 bwd .* d128 causal: 3 series, warm L2, 900[.]0 MiB'
planned 'rt_flash2_deterministic bwd .*: 3 series, warm L2, 644[.]0 MiB'
planned 'rt_flash2_deterministic fwd .*: unsupported: no forward pass of rt_flash2_deterministic is measured$'
planned 'rt_standard bwd .*: unsupported: no backward pass of rt_standard is measured$'
planned 'cudnn_sdpa bwd .*: unsupported: no backward pass of cudnn_sdpa is measured$'
planned 'rt_flash2 fwd[+]bwd .*: unsupported: pass fwd[+]bwd is not measured, only fwd and bwd, each by itself$'
planned 'rt_flash2 bwd .* d96 causal: unsupported: the backward of rt_flash2 is compiled for head_dim 64, 128 and 256$'
expect 0 'rt_standard fwd bf16 .*: 4 series, cold L2' out time --dry-run --cells "$work/cells.csv" \
  --timers cuda_event,graph_replay,host_clock,cupti
expect 0 'rt_flash2 fwd fp16 .*: 2 series, cold and warm L2' out time --dry-run --cells "$work/cells.csv" --timers cupti
# Every kernel is verified in the passes it has: 36 calls each.
expect 0 '^  rt_flash2: 72 calls' out verify --dry-run
expect 0 '^  rt_flash2_deterministic: 36 calls' out verify --dry-run
expect 0 '^  rt_split_kv_pinned: 36 calls' out verify --dry-run
expect 0 '^  cudnn_sdpa: 36 calls' out verify --dry-run
# split_kv shares its keys among the SMs: its partial results grow with them.
printf '%s\n' 'kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask' \
  'rt_split_kv,fwd,fp16,1,8,8,1,32768,128,none' >"$work/decode.csv"
parts() { "$program" time --dry-run --cells "$work/decode.csv" "$@" | sed -n 's/.*, \([0-9.]*\) MiB, .*/\1/p'; }
expect 0 '^rooftile-measure: dry run, nothing is measured; for 132 SMs$' out verify --dry-run --sms 132
expect 0 '^rooftile-measure: dry run, nothing is measured; for 108 SMs$' out verify --dry-run
expect 2 '--sms is for --dry-run; a device knows its own' err verify --sms 132; one_line
if [[ $(parts --sms 16) == "$(parts --sms 132)" ]]; then
  echo 'FAILED: the memory for 16 SMs is that for 132'
  failures=$((failures + 1))
fi
expect 0 '^total: about [0-9]+ s \(budget 900 s\)' out all --dry-run --cells "$work/cells.csv" --budget 900
for step in device verify micro time counters; do
  expect 0 "^$step: " out all --dry-run --cells "$work/cells.csv"
done
# Only the kernels that are asked for.
expect 0 '^time: 2 cells' out time --dry-run --cells "$work/cells.csv" --kernels cudnn_sdpa

# What is there is not planned again, and the file is not touched.
cat >"$work/there.jsonl" <<'JSON'
{"kind":"run","run":"1","device":{"uuid":"GPU-1"}}
{"kind":"time","run":"1","kernel":"rt_flash2","pass":"fwd","dtype":"fp16","batch":8,"heads":16,"kv_heads":4,"seq_q":4096,"seq_kv":4096,"head_dim":128,"mask":"causal","l2":"cold","timer":"cuda_event","status":"ok","reason":""}
JSON
printf '{"kind":"time","ru' >>"$work/there.jsonl"
sum=$(cksum <"$work/there.jsonl")
expect 0 'd128 causal: 5 series' out time --dry-run --cells "$work/cells.csv" --out "$work/there.jsonl" --resume
expect 0 '; 1 of the measurements are there already' out \
  time --dry-run --cells "$work/cells.csv" --out "$work/there.jsonl" --resume
expect 2 '--resume goes on where it ended' err time --dry-run --cells "$work/cells.csv" --out "$work/there.jsonl"
[[ $(cksum <"$work/there.jsonl") == "$sum" ]] || { echo 'FAILED: a dry run wrote'; failures=$((failures + 1)); }

# It must start without a driver: nothing of it, nor of the libraries that are loaded at run time, may be linked.
if command -v readelf >/dev/null; then
  linked=$(readelf -d "$program" | grep NEEDED | grep -E 'libcuda|libnvidia|libcublas|libcudnn|libcupti|libboost')
  [[ -z $linked ]] || { echo "FAILED: linked: $linked"; failures=$((failures + 1)); }
fi

if ((failures > 0)); then exit 1; fi
echo 'rooftile-measure does what it says without a GPU'
