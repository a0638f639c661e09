#!/usr/bin/env bash
# Are the micro-benchmarks' instructions still there after the compiler? Counts them in the PTX.
#
#   micro_ptx_test.sh NVCC KERNELS_DIRECTORY WORK_DIRECTORY
set -euo pipefail
nvcc=$1 kernels=$2 work=$3
mkdir -p "$work"
failed=0

# All at once, then a file per namespace: .entry _ZN8rooftile7kernels7measure4dram4pass... goes to dram.ptx
rm -f "$work"/*.ptx
printf '#include "%s"\n' "$kernels"/measure/micro/*.cu >"$work/all.cu"
"$nvcc" -ptx -std=c++20 -O3 -arch=compute_90a "-I$kernels" "-I$kernels/include" "-I$kernels/../model/include" \
  "$work/all.cu" -o "$work/all.ptx"
awk -v work="$work" '
  /\.entry _ZN8rooftile7kernels7measure[0-9]/ {
    rest = substr($0, index($0, "7measure") + 8)
    size = rest + 0
    to = work "/" substr(rest, length(size) + 1, size) ".ptx"
  }
  to { print >to }' "$work/all.ptx"

# expect NAMESPACE COUNT INSTRUCTION: the benchmark's PTX holds exactly so many of it
expect() {
  local found
  found=$(grep -cF -- "$3" "$work/$1.ptx" || true)
  if [[ $found -ne $2 ]]; then
    echo "$1: $found x '$3' in the PTX; $2 are measured"
    failed=1
  fi
}

# steps x chains of one trip
expect unit_rates $((16 * 8)) 'ex2.approx.ftz.f32'
expect unit_rates $((16 * 8)) 'cvt.rn.f16x2.f32'
expect unit_rates $((16 * 8)) 'shfl.sync.idx.b32'
# accumulators of one trip, per dtype
expect mma_sync 8 'mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32'
expect mma_sync 8 'mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32'
# k16 steps of one trip, per N and dtype
for n in 64 128 256; do
  expect wgmma_rates 4 "wgmma.mma_async.sync.aligned.m64n${n}k16.f32.f16.f16"
  expect wgmma_rates 4 "wgmma.mma_async.sync.aligned.m64n${n}k16.f32.bf16.bf16"
done
# unroll 1 + 2 + 4 + 8 for read and copy, twice as many for triad
expect dram $((15 * 4)) 'ld.global.nc.L1::no_allocate.v4.u32'
expect l2 4 'ld.global.cg.v4.u32'
expect smem 8 'ld.shared.v4.u32'
expect atomic 1 'red.global.add.f32'
# 16 steps of a chase: one that counts and one before it (DRAM and L1 share a template); lines of L2 the same
expect latency $((16 * 2)) 'ld.shared.u32'
expect latency $((16 * 2)) 'ld.global.ca.u64'
expect latency $((16 * 4)) 'ld.global.cg.u64'
# the same beside CTAs that stream
expect loaded_latency $((16 * 2)) 'ld.global.cg.u64'
expect loaded_latency 4 'ld.global.nc.L1::no_allocate.v4.u32'
# one loop for every template: not unrolled further, not removed
expect unit_rates 4 '.pragma "nounroll"'
expect mma_sync 2 '.pragma "nounroll"'
expect wgmma_rates 6 '.pragma "nounroll"'
expect dram 12 '.pragma "nounroll"'
expect loaded_latency 3 '.pragma "nounroll"'
# says where it is, and stays: the clock is read before and in the loop
expect placement 1 '%smid;'
expect placement 2 '%clock64;'
exit $failed
