// FlashAttention-1 forward (Dao et al. 2022, arXiv 2205.14135, Algorithm 1): keys outside, queries inside.
//
// One CTA owns a head. It keeps a block of bc keys on chip and walks all query blocks past it; O and the row statistics
// go through global memory and come back for the next block of keys. A first block has nothing to read back, and O, l,
// m need not be initialised in memory: that is how the paper counts its figure 2, and what its code does.
//
//   requested per head, Tc = ceil(Nkv/bc)     Q Tc, O written Tc and read Tc - 1 times, K and V once
//     Nq = Nkv = N:   (3·Tc + 1)·N·d elements,  (3·Tc + 3)·N·d as printed (O initialised and read by the first block)
//                     beside 2·(2·Tc - 1)·N floats of l and m
//
// Under a causal mask a block of keys meets the query blocks from the diagonal on (csrc/flash_attn/src/
// fmha_fprop_kernel_1xN.h of the first release); rows that see no key are written once.
#include "online_softmax.hpp"
#include "rooftile/model/tile_table.hpp"

namespace rooftile::algorithms {
namespace {

struct Flash1 {
  // axes, fastest first
  static constexpr IndexId member = 0, kv_head = 1, batch = 2;

  ProgramWriter& w;
  const AttentionShape& shape;
  const KernelSpec& spec;
  const TileRow& tile;
  ScoreExtras extras;
  int q, k, v, o;
  int statistics[2];  ///< l and m, or the logsumexp and nothing

  Flash1(ProgramWriter& writer, const AttentionShape& s, const Call& call)
      : w{writer}, shape{s}, spec{call.spec}, tile{call.tile}, extras{writer, s, call.spec} {
    const std::int64_t element = size_of(s.dtype);
    q = w.input("Q", element, {s.batch, s.heads, s.seq_q, s.head_dim});
    k = w.input("K", element, {s.batch, s.kv_heads, s.seq_kv, s.head_dim});
    v = w.input("V", element, {s.batch, s.kv_heads, s.seq_kv, s.head_dim});
    o = w.output("O", element, {s.batch, s.heads, s.seq_q, s.head_dim});
    const bool merged = spec.row_statistics == 1;
    statistics[0] = w.output(merged ? "LSE" : "l", 4, {s.batch, s.heads, s.seq_q});
    statistics[1] = merged ? -1 : w.output("m", 4, {s.batch, s.heads, s.seq_q});
  }

  [[nodiscard]] std::int64_t scores() const { return tile.br * tile.bc; }
  [[nodiscard]] std::int64_t q_bytes() const { return tile.br * tile.head_dim * size_of(shape.dtype); }
  [[nodiscard]] std::int64_t k_bytes() const { return tile.bc * tile.head_dim * size_of(shape.dtype); }
  /// Warps stand side by side on rows, 16 each; those that are left over share rows and split the keys.
  [[nodiscard]] std::int64_t row_warps() const { return std::clamp<std::int64_t>(tile.br / 16, 1, tile.warps); }
  [[nodiscard]] std::int64_t key_warps() const { return tile.warps / row_warps(); }
  [[nodiscard]] std::int64_t smem() const {
    const std::int64_t partial_o = key_warps() > 1 ? key_warps() * tile.br * tile.head_dim * 4 : 0;
    return flash2_smem(tile.br, tile.bc, tile.head_dim) + partial_o;
  }
  [[nodiscard]] TileDim head() const { return at(kv_head, shape.group(), member); }

  int load_rows(int tensor, IndexId i) const { return w.load(tensor, {at(batch), head(), rooftile::tile(i, tile.br)}); }
  int store_rows(int tensor, IndexId i) const {
    return w.store(tensor, {at(batch), head(), rooftile::tile(i, tile.br)});
  }
  int load_matrix(int tensor, IndexId i) const {
    return w.load(tensor, {at(batch), head(), rooftile::tile(i, tile.br), whole(shape.head_dim)});
  }
  int store_matrix(int tensor, IndexId i) const {
    return w.store(tensor, {at(batch), head(), rooftile::tile(i, tile.br), whole(shape.head_dim)});
  }

  /// O = 0 and its statistics, for the first query blocks.
  void initialise(std::int64_t blocks) const {
    const int loop = w.loop(constant(0), constant(blocks));
    w.in(loop);
    store_matrix(o, loop_index(loop));
    for (const int tensor : statistics) {
      if (tensor >= 0) store_rows(tensor, loop_index(loop));
    }
  }

  /// A block of keys comes on chip when all warps are done with the one before.
  void load_keys(int j) const {
    const IndexId block = loop_index(j);
    w.in(j);
    const int load_k = w.load(k, {at(batch), at(kv_head), rooftile::tile(block, tile.bc), whole(shape.head_dim)});
    const int load_v = w.load(v, {at(batch), at(kv_head), rooftile::tile(block, tile.bc), whole(shape.head_dim)});
    const int land = w.work(OpKind::sts, 2 * k_bytes());
    if (spec.kv_in_registers) w.work(OpKind::lds, row_warps() * 2 * k_bytes());
    w.work(OpKind::barrier, 2);
    w.after(load_k, {{land, 1}});
    w.after(load_v, {{land, 1}});
    w.after(land, {{load_k, 0}, {load_v, 0}});
  }

  /// What a query block reads back: its statistics and O. Returns the load of O.
  int read_back(int i, int j) const {
    const auto skip_first = [&] {
      if (!spec.as_printed) w.guard(Guard::not_first_trip, j);
    };
    for (const int tensor : statistics) {
      if (tensor < 0) continue;
      load_rows(tensor, loop_index(i));
      skip_first();
    }
    const int load_o = load_matrix(o, loop_index(i));
    skip_first();
    return load_o;
  }

  /// One query block past the keys on chip.
  void trip(int i, int j) const {
    w.in(i);
    const std::int64_t matmul = 2 * scores() * tile.head_dim;
    const std::int64_t key_reads = spec.kv_in_registers ? 0 : row_warps() * k_bytes();
    const bool shares_rows = key_warps() > 1;

    const int load_q = load_matrix(q, loop_index(i));
    const int load_o = read_back(i, j);
    const int mask = extras.load_mask(at(batch), rooftile::tile(loop_index(j), tile.bc));
    w.work(OpKind::sts, q_bytes());
    const int read_q = w.work(OpKind::lds, key_warps() * q_bytes() + key_reads);
    const int qk = w.work(OpKind::mma, matmul);
    const SoftmaxOps softmax =
        online_softmax(w, extras, mask, qk,
                       {.scores = scores(),
                        .exchanges = 2 * row_lanes * reduce_steps * key_warps() * tile.br,  // maximum and sum
                        .fmas = 2 * scores(),
                        .exps = scores() + 2 * row_lanes * tile.br});     // and two rescale factors
    if (shares_rows) w.work(OpKind::sts, 2 * key_warps() * tile.br * 4);  // maximum and sum of each warp
    const int read_v = key_reads > 0 ? w.work(OpKind::lds, key_reads) : softmax.weights;
    const int pv = w.work(OpKind::mma, matmul);
    const int rescale = w.work(OpKind::fma, 3 * tile.br * tile.head_dim);  // old O, new O, 1 / l
    w.work(OpKind::convert, tile.br * tile.head_dim);
    const std::int64_t staged = shares_rows ? key_warps() * tile.br * tile.head_dim * 4 : q_bytes();
    w.work(OpKind::sts, staged);  // partial O of each warp, or O on its way to 16-byte stores
    const int staged_o = w.work(OpKind::lds, staged);
    w.work(OpKind::barrier, 2);
    const int store_o = store_matrix(o, loop_index(i));
    for (const int tensor : statistics) {
      if (tensor >= 0) store_rows(tensor, loop_index(i));
    }

    w.after(load_q, {{qk, tile.stages}});
    w.after(load_o, {{rescale, tile.stages}});
    w.after(read_q, {{load_q, 0}});
    w.after(qk, {{read_q, 0}, {staged_o, 1}});
    w.after(pv, {{softmax.weights, 0}, {read_v, 0}});
    w.after(rescale, {{pv, 0}, {load_o, 0}});
    w.after(staged_o, {{rescale, 0}});
    w.after(store_o, {{staged_o, 0}});
  }
};

}  // namespace

void flash1(Program& program, const AttentionShape& shape, const Call& call) {
  const TileRow& row = call.tile;
  ProgramWriter w{program};
  const Flash1 kernel{w, shape, call};
  const bool causal = shape.mask == Mask::causal;
  const std::int64_t offset = shape.causal_offset();
  const std::int64_t tiles = ceil_div(shape.seq_q, row.br);

  w.launch("flash1",
           {.threads = 32 * row.warps, .registers = row.registers, .smem = row.smem != 0 ? row.smem : kernel.smem()},
           {{"member", shape.group()}, {"kv_head", shape.kv_heads}, {"batch", shape.batch}});
  w.role("all", row.warps);

  const std::int64_t unseeing = causal && offset < 0 ? -offset / row.br : 0;  // blocks whose rows all see nothing
  if (call.spec.as_printed) {
    kernel.initialise(tiles);
  } else if (unseeing > 0) {
    kernel.initialise(unseeing);
  }
  const int j = w.loop(constant(0), constant(ceil_div(shape.seq_kv, row.bc)));
  const Bound first_seeing =
      causal ? affine(loop_index(j), -offset, row.bc, row.br, 0, tiles) : constant(0);  // row r sees keys <= r + offset
  const int i = w.loop(first_seeing, constant(tiles), j);
  kernel.load_keys(j);
  kernel.trip(i, j);
}

}  // namespace rooftile::algorithms
