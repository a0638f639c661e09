#!/usr/bin/env bash
# Feeds the readers with texts that nobody would write: libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer of
# clang 14. Every target asks for more than not to crash (its opening comment says what).
#
#   tests/fuzz/run.sh 15                     every target for 15 s, as many at a time as there are cores
#   tests/fuzz/run.sh 600 profile csv        these for ten minutes
#
# What a target has found interesting is kept in build/fuzz/corpus and read first the next time. A finding is a file in
# build/fuzz/findings: run the target on it alone, mend the reader, and add the case to the reader's own tests.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build="$root/build/fuzz"
seconds=${1:?seconds for each target}
shift
targets=("$@")
((${#targets[@]})) || targets=(quantity profile spec experiment csv measurements)

compiler=$(command -v clang++-14)
runtime=$([[ -z $compiler ]] || "$compiler" -print-file-name=libclang_rt.fuzzer-x86_64.a)
if [[ ! -e $runtime ]]; then
  echo 'skipped: no clang++-14 with libFuzzer (Debian packages clang-14 and libclang-rt-14-dev)'
  exit 77
fi

mkdir -p "$build/findings"
if ! { cmake -S "$root/tests/fuzz" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_UNITY_BUILD=ON \
  -DCMAKE_UNITY_BUILD_BATCH_SIZE=10 -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG='-O1 -g1' \
  -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache)" &&
  cmake --build "$build" --target "${targets[@]/#/fuzz_}"; } >"$build/build.log" 2>&1; then
  tail -n 40 "$build/build.log"
  exit 1
fi

# seeds TARGET: files that its reader is for, those of the tree where there are some
seeds() {
  case $1 in
    profile) ls "$root"/hw_profiles/{,arch/}*.yaml ;;
    spec) ls "$root"/kernels/specs/*.yaml ;;
    experiment) ls "$root"/experiments/{,gpu/}*.yaml ;;
    csv) ls "$root"/{tests/experiments/data,experiments/reference,tests/fuzz/corpus/csv}/*.csv ;;
    *) ls "$root/tests/fuzz/corpus/$1"/* ;;
  esac
}

# fuzz TARGET: one line of what was tried; the log's end and exit code 1 if something was found
fuzz() {
  local log="$build/$1.log" corpus="$build/corpus/$1" words="$root/tests/fuzz/$1.dict"
  mkdir -p "$corpus" "$build/seeds/$1"
  seeds "$1" | xargs -d '\n' cp -t "$build/seeds/$1"
  [[ -e $words ]] || words="$root/tests/fuzz/yaml.dict"
  if "$build/fuzz_$1" "$corpus" "$build/seeds/$1" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
    -max_len=6000 -dict="$words" -print_final_stats=1 -artifact_prefix="$build/findings/$1-" >"$log" 2>&1; then
    awk -v target="$1" '/ cov: / { last = $0 } /number_of_executed_units/ { runs = $2 } END {
      match(last, /cov: [0-9]+ ft: [0-9]+/)
      printf "%-13s %9d executions  %s\n", target, runs, substr(last, RSTART, RLENGTH) }' "$log"
  else
    tail -n 60 "$log"
    echo "$1: found something; $build/fuzz_$1 FILE runs it alone (findings lie in $build/findings)"
    return 1
  fi
}
export -f fuzz seeds
export root build seconds
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz {}'
