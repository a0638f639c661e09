#include "query_tile.hpp"

#include "online_softmax.hpp"
#include "rooftile/model/tile_table.hpp"

namespace rooftile::algorithms {

LaunchResources QueryTile::resources() const {
  return {.threads = 32 * row.warps,
          .registers = row.registers,
          .smem = row.smem != 0 ? row.smem : flash2_smem(row.br, row.stages * row.bc, row.head_dim)};
}

void QueryTile::begin() const {
  w.warps_take_turns();
  w.in(-1);
  w.load(tensors.q, {at(axes.batch), head, tile(axes.q_tile, row.br), whole(shape.head_dim)});
  w.work(OpKind::sts, q_bytes());
}

void QueryTile::trip(int loop) const {
  w.in(loop);
  const IndexId j = loop_index(loop);
  const std::int64_t buffer = row.bc * row.head_dim * size_of(shape.dtype);
  const std::int64_t matmul = 2 * scores() * row.head_dim;

  const int load_k = w.load(tensors.k, {at(axes.batch), at(axes.kv_head), tile(j, row.bc), whole(shape.head_dim)});
  const int load_v = w.load(tensors.v, {at(axes.batch), at(axes.kv_head), tile(j, row.bc), whole(shape.head_dim)});
  const int mask = extras.load_mask(at(axes.batch), tile(j, row.bc));
  w.work(OpKind::sts, 2 * buffer);                                         // cp.async lands K and V
  const int read_k = w.work(OpKind::lds, q_bytes() + row.warps * buffer);  // its rows of Q, the whole tile of K
  const int qk = w.work(OpKind::mma, matmul);
  const SoftmaxOps softmax =
      online_softmax(w, extras, mask, qk,
                     {.scores = scores(),
                      .exchanges = row_lanes * reduce_steps * row.br,
                      .fmas = 2 * scores() + row.br * row.head_dim,  // exponent, sum, rescaled O
                      .exps = scores() + row_lanes * row.br});       // each lane of a row makes the rescale factor
  const int read_v = w.work(OpKind::lds, row.warps * buffer);
  const int pv = w.work(OpKind::mma, matmul);
  w.work(OpKind::barrier, 2);  // K landed and V is free; V landed and K is free

  w.after(load_k, {{qk, row.stages}});
  w.after(load_v, {{pv, row.stages}});
  w.after(read_k, {{load_k, 0}});
  w.after(qk, {{read_k, 0}, {pv, 1}});
  w.after(read_v, {{load_v, 0}});
  w.after(pv, {{softmax.weights, 0}, {read_v, 0}});
}

void QueryTile::finish(std::int64_t element) const {
  const std::int64_t o_bytes = row.br * row.head_dim * element;
  w.in(-1);
  w.work(OpKind::reduce, row_lanes * reduce_steps * row.br);
  if (element < 4) w.work(OpKind::convert, row.br * row.head_dim);
  w.work(OpKind::sts, o_bytes);
  w.work(OpKind::lds, o_bytes);
}

}  // namespace rooftile::algorithms
