#include "key_parts.hpp"

namespace rooftile::algorithms {

KeyParts::KeyParts(ProgramWriter& w, const Call& call, const AttentionShape& shape, const QueryRows& queries,
                   const AttentionTensors& tensors)
    : w_{w},
      shape_{shape},
      queries_{queries},
      to_{tensors},
      parts_{splits_of(call, shape, queries)},
      o_{tensors.o},
      lse_{tensors.lse} {
  if (!partial()) return;
  o_ = w.workspace("O_part", 4, {parts_, shape.batch, queries.heads, queries.rows, shape.head_dim});
  lse_ = w.workspace("LSE_part", 4, {parts_, shape.batch, queries.heads, queries.rows});
}

int KeyParts::key_loop(const CausalTiling& tiling) const {
  using split_axes::q_tile, split_axes::split;
  const std::int64_t blocks = tiling.blocks();
  const bool causal = shape_.mask == Mask::causal;
  const Bound seen = causal ? last_seen_block(q_tile, tiling) : constant(blocks);
  if (!partial()) return w_.descending_loop(constant(0), seen);
  const std::int64_t per = ceil_div(blocks, parts_);
  const int loop = w_.descending_loop(affine(split, 0, per, 1, 0, blocks), affine(split, per, per, 1, 0, blocks));
  if (causal && value_at(seen, 0) < blocks) w_.cap(loop, seen);  // else even the first tile sees all
  return loop;
}

void KeyParts::store(TileDim head, TileDim rows) const {
  using split_axes::batch, split_axes::split;
  if (partial()) {
    w_.store(o_, {at(split), at(batch), head, rows, whole(shape_.head_dim)});
    w_.store(lse_, {at(split), at(batch), head, rows});
  } else {
    w_.store(o_, {at(batch), head, rows, whole(shape_.head_dim)});
    w_.store(lse_, {at(batch), head, rows});
  }
}

int combine_buffers(SplitRule rule) { return rule == SplitRule::fa3 || rule == SplitRule::fa3_varlen ? 4 : 1; }

/// O = sum of exp(LSE_s - LSE)·O_s over the parts, as many rows per CTA as make 512 elements, as FlashAttention-2's
/// combine kernel does it (csrc/flash_attn/src/flash_fwd_launch_template.h).
void KeyParts::merge(std::int64_t head_dim, int buffers) const {
  if (!partial()) return;
  constexpr IndexId row_tile = 0, column = 1, batch = 2;
  const std::int64_t rows = head_dim % 128 == 0 ? 4 : head_dim % 64 == 0 ? 8 : 16;
  const TileDim row = tile(row_tile, rows);
  w_.launch("merge", {.threads = 128, .registers = 64, .smem = 0},
            {{"row_tile", ceil_div(queries_.rows, rows)}, {"column", queries_.heads}, {"batch", shape_.batch}},
            LaunchPart::merge);
  w_.role("all", 4);
  w_.load(lse_, {whole(parts_), at(batch), at(column), row});
  w_.work(OpKind::reduce, 2 * row_lanes * reduce_steps * rows);  // maximum and sum over the parts
  w_.work(OpKind::exp2, parts_ * rows);

  const int part = w_.loop(constant(0), constant(parts_));
  w_.in(part);
  const int load = w_.load(o_, {at(loop_index(part)), at(batch), at(column), row, whole(shape_.head_dim)});
  const int add = w_.work(OpKind::fma, rows * head_dim);
  w_.after(load, {{add, buffers}});
  w_.after(add, {{load, 0}});

  w_.in(-1);
  w_.work(OpKind::convert, rows * head_dim);
  w_.store(to_.o, {at(batch), at(column), row, whole(shape_.head_dim)});
  w_.store(to_.lse, {at(batch), at(column), row});
}

}  // namespace rooftile::algorithms
