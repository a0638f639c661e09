#include "flash_backward.hpp"

#include <algorithm>

#include "standard_recipe.hpp"

namespace rooftile::algorithms {

BackwardTensors backward_tensors(ProgramWriter& w, const AttentionShape& s, int row_statistics) {
  const std::int64_t element = size_of(s.dtype);
  const auto queries = [&](const char* name, TensorRole role) {
    return w.handed_on(name, role, element, {s.batch, s.heads, s.seq_q, s.head_dim});
  };
  const auto keys = [&](const char* name, TensorRole role) {
    return w.handed_on(name, role, element, {s.batch, s.kv_heads, s.seq_kv, s.head_dim});
  };
  const auto row_value = [&](const char* name, TensorRole role) {
    return w.handed_on(name, role, 4, {s.batch, s.heads, s.seq_q});
  };
  const bool merged = row_statistics == 1;
  return {.q = queries("Q", TensorRole::input),
          .k = keys("K", TensorRole::input),
          .v = keys("V", TensorRole::input),
          .o = queries("O", TensorRole::input),
          .grad_o = queries("dO", TensorRole::input),
          .statistics = {row_value(merged ? "LSE" : "l", TensorRole::input),
                         merged ? -1 : row_value("m", TensorRole::input)},
          .delta = row_value("D", TensorRole::workspace),
          .grad_q = queries("dQ", TensorRole::output),
          .grad_k = keys("dK", TensorRole::output),
          .grad_v = keys("dV", TensorRole::output)};
}

KeyGradients key_gradients(ProgramWriter& w, const AttentionShape& s, const BackwardTensors& t) {
  if (s.group() == 1) return {t.grad_k, t.grad_v};
  const auto per_query_head = [&](const char* name) {
    return w.workspace(name, size_of(s.dtype), {s.batch, s.heads, s.seq_kv, s.head_dim});
  };
  return {per_query_head("dK_repeated"), per_query_head("dV_repeated")};
}

void sum_key_gradients(ProgramWriter& w, const AttentionShape& s, const BackwardTensors& t, KeyGradients from) {
  if (s.group() == 1) return;
  const Heads heads{s.batch, s.kv_heads, s.group()};
  const auto matrix = [&](int tensor) { return Matrix{tensor, s.seq_kv, s.head_dim}; };
  sum_group_launch(w, "sum_dk", heads, matrix(from.k), matrix(t.grad_k));
  sum_group_launch(w, "sum_dv", heads, matrix(from.v), matrix(t.grad_v));
}

Bound first_query_tile(IndexId index, const AttentionShape& s, const TileRow& tile) {
  if (s.mask != Mask::causal) return constant(0);
  return affine(index, -s.causal_offset(), tile.bc, tile.br, 0, ceil_div(s.seq_q, tile.br));
}

WarpRows strips_of_32(const TileRow& tile) {
  const auto strips = [&](std::int64_t rows) { return std::clamp<std::int64_t>(rows / 32, 1, tile.warps); };
  return {strips(tile.br), strips(tile.bc), strips(tile.br)};
}

BackwardTrip::Loads BackwardTrip::load(TileDim batch, TileDim head, IndexId queries, TileDim keys) const {
  const TileDim rows = rooftile::tile(queries, tile.br);
  Loads loads{};
  loads.q = w.load(t.q, {batch, head, rows, whole(shape.head_dim)});
  loads.grad_o = w.load(t.grad_o, {batch, head, rows, whole(shape.head_dim)});
  loads.statistics = w.load(t.statistics[0], {batch, head, rows});
  if (t.statistics[1] >= 0) w.load(t.statistics[1], {batch, head, rows});
  loads.key_mask = extras.load_mask(batch, keys);
  return loads;
}

BackwardTrip::Products BackwardTrip::products(const Loads& loads) const {
  const std::int64_t warps = tile.warps;
  const std::int64_t q = query_bytes(), k = key_bytes(), p = scores() * size_of(shape.dtype);
  const std::int64_t matmul = 2 * scores() * tile.head_dim;
  const auto& [on_scores, on_keys, on_queries] = warp_rows;

  w.work(OpKind::sts, 2 * q);  // Q and dO land
  // operands come from shared memory while the product before them runs: nothing waits for those reads alone
  w.work(OpKind::lds, 2 * q * (warps / on_scores) + (tile.v_in_registers ? 1 : 2) * k * on_scores);
  w.work(OpKind::lds, 2 * (p * (warps / on_keys) + q * on_keys));
  if (makes_dq) w.work(OpKind::lds, on_queries > 0 ? p * (warps / on_queries) + k * on_queries : k);
  const int qk = w.work(OpKind::mma, matmul);
  const int masked = extras.apply_mask(loads.key_mask, qk, scores());
  const int exponent = w.work(OpKind::fma, scores());
  const int exp = w.work(OpKind::exp2, scores());
  const int kept = extras.drop(exp, scores());
  const int p_16_bit = w.work(OpKind::convert, scores());
  const int write_p = w.work(OpKind::sts, p);
  const int dp = w.work(OpKind::mma, matmul);
  const int ds = w.work(OpKind::fma, 2 * scores());
  const int ds_16_bit = w.work(OpKind::convert, scores());
  const int write_ds = w.work(OpKind::sts, p);
  const int dv = w.work(OpKind::mma, matmul);
  const int dq = makes_dq ? w.work(OpKind::mma, matmul) : -1;
  const int dk = w.work(OpKind::mma, matmul);
  w.work(OpKind::barrier, 3);  // Q and dO landed; P and dS are written; dO is free

  w.after(loads.q, {{dk, tile.stages}});
  w.after(loads.grad_o, {{dk_before_dq && tile.stages == 1 ? dk : dv, tile.grad_stages}});
  w.after(qk, {{loads.q, 0}, {dk, 1}});
  w.after(exponent, {{masked, 0}, {loads.statistics, 0}});
  w.after(exp, {{exponent, 0}});
  w.after(p_16_bit, {{kept, 0}});
  w.after(write_p, {{p_16_bit, 0}});
  w.after(dp, {{write_p, 0}, {loads.grad_o, 0}});
  w.after(ds, {{dp, 0}, {loads.delta, 0}});
  w.after(ds_16_bit, {{ds, 0}});
  w.after(write_ds, {{ds_16_bit, 0}});
  w.after(dv, {{write_ds, 0}});
  if (!makes_dq) {
    w.after(dk, {{dv, 0}});
  } else if (dk_before_dq) {
    w.after(dk, {{dv, 0}});
    w.after(dq, {{dk, 0}});
  } else {
    w.after(dq, {{dv, 0}});
    w.after(dk, {{dq, 0}});
  }
  return {dv, dq, dk};
}

void BackwardTrip::load_keys(TileDim batch, TileDim kv_head, TileDim keys) const {
  const int load_k = w.load(t.k, {batch, kv_head, keys, whole(shape.head_dim)});
  const int load_v = w.load(t.v, {batch, kv_head, keys, whole(shape.head_dim)});
  const int land = w.work(OpKind::sts, 2 * key_bytes());
  w.after(land, {{load_k, 0}, {load_v, 0}});
  if (tile.v_in_registers) w.after(w.work(OpKind::lds, warp_rows.scores * key_bytes()), {{land, 0}});
}

void BackwardTrip::store_keys(TileDim batch, TileDim head, TileDim keys, KeyGradients to) const {
  w.work(OpKind::convert, 2 * tile.bc * tile.head_dim);
  w.work(OpKind::barrier, 2);  // K and V are free; dK and dV are written
  w.work(OpKind::sts, 2 * key_bytes());
  w.work(OpKind::lds, 2 * key_bytes());
  w.store(to.k, {batch, head, keys, whole(shape.head_dim)});
  w.store(to.v, {batch, head, keys, whole(shape.head_dim)});
}

}  // namespace rooftile::algorithms
