#include "split_rule.hpp"

#include <algorithm>
#include <cmath>

#include "rooftile/model/split_parts.hpp"

namespace rooftile::algorithms {
namespace {

using Int = std::int64_t;

struct Grid {
  Int tiles;  ///< of queries, all heads and sequences
  Int slots;
  Int blocks;  ///< of keys
};

Int fa3(const Grid& grid, Int column_tiles, Int kv_head_bytes, bool causal) {
  constexpr Int l2 = Int{50} << 20;
  if (fills(grid.tiles, grid.slots)) {
    const bool streams = kv_head_bytes > l2 && column_tiles >= 2 * grid.slots && !causal;
    return streams ? std::min(ceil_div(kv_head_bytes, l2), most_parts) : 1;
  }
  return grid.blocks <= 4 ? 1 : fullest_waves(grid.tiles, grid.slots, grid.blocks, [](Int) { return true; });
}

/// FlashAttention-3 on the device: every SM gets 10 % more than its share of the blocks.
Int fa3_dynamic(const Grid& grid) {
  const double share = 1.1 * static_cast<double>(grid.tiles * grid.blocks) / static_cast<double>(grid.slots);
  return std::max<Int>(1, ceil_div(grid.blocks, static_cast<Int>(std::ceil(share))));
}

}  // namespace

std::int64_t splits_of(const Call& call, const AttentionShape& shape, const QueryRows& queries, Deciding deciding) {
  const KernelSpec& spec = call.spec;
  const Count count = call.device.sm.count;
  const Int sms = is_known(count) ? static_cast<Int>(count.value()) : 1;
  const Int columns = queries.members * shape.kv_heads * queries.tiles();
  const Int blocks = ceil_div(shape.seq_kv, call.tile.bc);
  switch (spec.split_rule) {
    case SplitRule::fixed: return std::min<Int>(spec.splits, blocks);
    case SplitRule::fa2_varlen:
      if (!queries.packed) return 1;
      [[fallthrough]];
    case SplitRule::fa2: return fa2_parts(columns * shape.batch, 2 * sms, blocks);
    case SplitRule::fa3:
    case SplitRule::fa3_varlen: break;
  }
  const bool varlen = spec.split_rule == SplitRule::fa3_varlen;
  const Int kv_head_bytes = 2 * shape.seq_kv * shape.head_dim * size_of(shape.dtype);
  const Int stated = fa3({varlen ? columns : columns * shape.batch, sms, blocks}, queries.tiles(), kv_head_bytes,
                         shape.mask == Mask::causal);
  return varlen && deciding == Deciding::on_the_device
             ? std::min(stated, fa3_dynamic({columns * shape.batch, sms, blocks}))
             : stated;
}

}  // namespace rooftile::algorithms
