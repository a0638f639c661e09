#!/usr/bin/env bash
# What ptxas makes of text/flash2.hpp in tile shapes that are not shipped: registers, stack and spills of each, the data
# behind rooftile/model/registers.hpp. Needs nvcc; some five minutes of one core.
#
#   kernels/register_sweep.sh >kernels/register_sweep.csv
#
# The text takes its shape from the tile table: each shape is compiled with a copy of the table in front of the real one,
# its rt_flash2 rows replaced. fp16, sm_80; element types do not differ (ptxas_report.csv).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
table=$root/model/include/rooftile/model/tile_table.hpp
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shapes: "head_dim:br:bc:warps" of one compilation, a head dim once each
shapes() {
  local rows bc warps d line
  for rows in 16 32 48 64; do
    for warps in 4 8; do
      for bc in 32 64 96 128 160 192 224 256; do
        line=
        for d in 64 128 256; do
          wanted "$d" "$rows" "$warps" "$bc" && line+="$d:$((rows * warps)):$bc:$warps "
        done
        [[ -n $line ]] && echo "$line"
      done
    done
  done
}
# wanted HEAD_DIM ROWS_PER_WARP WARPS BC: not hopeless shapes, whose accumulators alone are far beyond 255 registers
# (and take ptxas minutes); eight warps where they add something to four: the copies' addresses differ, S and O do not.
wanted() {
  local accumulators=$(($2 * ($1 + $4) / 32))
  ((accumulators <= 320)) && (($3 == 4 || $4 == 32 || $4 == 64 || $4 == 128))
}

# compile SHAPE...: what ptxas says of one compilation
compile() {
  local shape d br bc warps kernels=
  mkdir -p "$work/rooftile/model"
  cp "$table" "$work/rooftile/model/tile_table.hpp"
  for shape; do
    IFS=: read -r d br bc warps <<<"$shape"
    sed -i -E "s|(OwnTile\{\"rt_flash2\", \"flash2\", $d), .*|\1, $br, $bc, 0, $warps, 1, 255, 255, flash2_smem($br, $bc, $d)},|" \
      "$work/rooftile/model/tile_table.hpp"
    kernels+="${kernels:+, }flash2::ForwardKernel<fp16, $d>"
  done
  cat >"$work/sweep.cu" <<CU
#include "cuda/launch_impl.cuh"
#include "text/flash2.hpp"
namespace rooftile::kernels {
ROOFTILE_INSTANTIATE(Kernels<$kernels>)
}
CU
  nvcc -std=c++20 -arch=sm_80 -cubin -Xptxas=-v -I "$work" -I "$root/kernels" -I "$root/kernels/include" \
    -I "$root/model/include" -o "$work/sweep.cubin" "$work/sweep.cu" 2>&1
}

# rows SHAPE... <what ptxas said
rows() {
  awk -v shapes="$*" '
    BEGIN { n = split(shapes, all, " "); for (i = 1; i <= n; ++i) { split(all[i], f, ":"); row[f[1]] = f[1] "," f[2] "," f[3] "," f[4] } }
    /Compiling entry function/ { match($0, /4fp16ELi[0-9]+E/); d = substr($0, RSTART + 8, RLENGTH - 9) }
    /bytes stack frame/ { stack = $1; stores = $5; loads = $9 }
    / registers/ { match($0, /Used [0-9]+/); print row[d] ",sm_80," substr($0, RSTART + 5, RLENGTH - 5) "," stack "," stores "," loads }' |
    sort -t, -n
}

echo "# nvcc $(nvcc --version | sed -nE 's/.*V([0-9.]+)$/\1/p')"
echo 'head_dim,br,bc,warps,arch,registers,stack_bytes,spill_store_bytes,spill_load_bytes'
while read -r line; do
  # shellcheck disable=SC2086  # a list of shapes
  if ! said=$(compile $line); then
    printf '%s\n' "$said" >&2
    exit 1
  fi
  # shellcheck disable=SC2086
  rows $line <<<"$said"
done < <(shapes)
