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
// Our own kernel (kernels/text/flash1.hpp) leaves l and m to nobody: at its last block of keys a query block stores the
// logsumexp instead. Per head 2·2·(Tc - 1)·N floats of l and m, and N of LSE.
//
// A padding mask of a byte per key is read by every visit; by our own kernel once per block of keys, whose visits find
// a bit per key in shared memory.
//
// Under a causal mask a block of keys meets the query blocks from the diagonal on (csrc/flash_attn/src/
// fmha_fprop_kernel_1xN.h of the first release); rows that see no key are written once.
#include "online_softmax.hpp"
#include "rooftile/model/tile_table.hpp"

namespace rooftile::algorithms {
namespace {

constexpr std::int64_t warp_lanes = 32;

struct Flash1 {
  // axes, fastest first
  static constexpr IndexId member = 0, kv_head = 1, batch = 2;

  ProgramWriter& w;
  const AttentionShape& shape;
  const KernelSpec& spec;
  const TileRow& tile;
  ScoreExtras extras;
  TileDim head;  ///< of Q and O
  int q, k, v, o;
  int statistics[2];  ///< l and m, or the logsumexp and nothing
  int lse = -1;       ///< what our kernel leaves of l and m

  Flash1(ProgramWriter& writer, const AttentionShape& s, const Call& call)
      : w{writer},
        shape{s},
        spec{call.spec},
        tile{call.tile},
        extras{writer, s, call.spec},
        head{at(kv_head, s.group(), member)} {
    const std::int64_t element = size_of(s.dtype);
    q = w.input("Q", element, {s.batch, s.heads, s.seq_q, s.head_dim});
    k = w.input("K", element, {s.batch, s.kv_heads, s.seq_kv, s.head_dim});
    v = w.input("V", element, {s.batch, s.kv_heads, s.seq_kv, s.head_dim});
    o = w.output("O", element, {s.batch, s.heads, s.seq_q, s.head_dim});
    if (own()) {
      own_statistics();
      return;
    }
    const bool merged = spec.row_statistics == 1;
    statistics[0] = w.output(merged ? "LSE" : "l", 4, {s.batch, s.heads, s.seq_q});
    statistics[1] = merged ? -1 : w.output("m", 4, {s.batch, s.heads, s.seq_q});
  }

  /// Our kernel: l and m are a workspace, whose place the logsumexp takes at a tile's last block of keys.
  [[nodiscard]] bool own() const { return !spec.as_printed && spec.row_statistics == 2; }
  void own_statistics() {
    const bool comes_back = blocks() > 1;
    lse = w.output("LSE", 4, {shape.batch, shape.heads, shape.seq_q});
    statistics[0] = comes_back ? w.workspace("l", 4, {shape.batch, shape.heads, shape.seq_q}) : -1;
    statistics[1] = comes_back ? w.workspace("m", 4, {shape.batch, shape.heads, shape.seq_q}) : -1;
  }
  /// Our kernel: which keys of a block are kept stays beside them, a bit each.
  [[nodiscard]] bool keeps_bits() const { return own() && extras.masks_keys(); }
  [[nodiscard]] std::int64_t bits_bytes() const { return ceil_div(tile.bc, 8); }
  [[nodiscard]] std::int64_t blocks() const { return ceil_div(shape.seq_kv, tile.bc); }
  [[nodiscard]] std::int64_t tiles() const { return ceil_div(shape.seq_q, tile.br); }
  /// The first tile of queries that sees block j + `ahead` under a causal mask: row r sees keys <= r + offset.
  [[nodiscard]] Bound first_seeing(int j, std::int64_t ahead) const {
    return affine(loop_index(j), ahead * tile.bc - shape.causal_offset(), tile.bc, tile.br, 0, tiles());
  }

  [[nodiscard]] std::int64_t scores() const { return tile.br * tile.bc; }
  [[nodiscard]] std::int64_t q_bytes() const { return tile.br * tile.head_dim * size_of(shape.dtype); }
  [[nodiscard]] std::int64_t k_bytes() const { return tile.bc * tile.head_dim * size_of(shape.dtype); }
  /// Warps stand side by side on rows, 16 each; those that are left over share rows and split the keys.
  [[nodiscard]] std::int64_t row_warps() const { return std::clamp<std::int64_t>(tile.br / 16, 1, tile.warps); }
  [[nodiscard]] std::int64_t key_warps() const { return tile.warps / row_warps(); }
  [[nodiscard]] std::int64_t smem() const {
    const std::int64_t partial_o = key_warps() > 1 ? key_warps() * tile.br * tile.head_dim * 4 : 0;
    return flash2_smem(tile.br, tile.bc, tile.head_dim) + partial_o + (keeps_bits() ? bits_bytes() : 0);
  }

  int load_rows(int tensor, IndexId i) const { return w.load(tensor, {at(batch), head, rooftile::tile(i, tile.br)}); }
  int store_rows(int tensor, IndexId i) const { return w.store(tensor, {at(batch), head, rooftile::tile(i, tile.br)}); }
  int load_matrix(int tensor, IndexId i) const {
    return w.load(tensor, {at(batch), head, rooftile::tile(i, tile.br), whole(shape.head_dim)});
  }
  int store_matrix(int tensor, IndexId i) const {
    return w.store(tensor, {at(batch), head, rooftile::tile(i, tile.br), whole(shape.head_dim)});
  }

  /// O = 0 and its statistics, for the first query blocks.
  void initialise(std::int64_t blocks) const {
    const int loop = w.loop(constant(0), constant(blocks));
    w.in(loop);
    store_matrix(o, loop_index(loop));
    if (lse >= 0) {
      store_rows(lse, loop_index(loop));
      return;
    }
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
    if (keeps_bits()) extras.load_mask(at(batch), rooftile::tile(block, tile.bc));
    const int land = w.work(OpKind::sts, 2 * k_bytes() + (keeps_bits() ? bits_bytes() : 0));
    if (spec.kv_in_registers) w.work(OpKind::lds, row_warps() * 2 * k_bytes());
    w.work(OpKind::barrier, 2);
    w.after(load_k, {{land, 1}});
    w.after(load_v, {{land, 1}});
    w.after(land, {{load_k, 0}, {load_v, 0}});
  }

  /// What becomes of a query block at a block of keys.
  struct Visit {
    bool may_be_first;  ///< the first trip over keys is among them: it reads nothing back
    bool last;          ///< the logsumexp instead of l and m
  };

  /// What a query block reads back: its statistics and O. Returns the load of O.
  int read_back(int i, int j, const Visit& visit) const {
    const auto skip_first = [&] {
      if (visit.may_be_first && !spec.as_printed) w.guard(Guard::not_first_trip, j);
    };
    for (const int tensor : statistics) {
      if (tensor < 0) continue;
      load_rows(tensor, loop_index(i));
      skip_first();
    }
    const int load_o = load_matrix(o, loop_index(i));
    skip_first();
    if (!own()) return load_o;
    w.work(OpKind::sts, q_bytes());  // cp.async, into the place of Q
    skip_first();
    const int read_o = w.work(OpKind::lds, q_bytes());
    skip_first();
    w.after(read_o, {{load_o, 0}});
    return read_o;
  }

  /// Scores of padded keys begin at -inf: all lanes read the bits of the block. Returns what the product waits for.
  [[nodiscard]] int start_masked() const {
    const int bits = w.work(OpKind::lds, tile.warps * warp_lanes * bits_bytes());
    const int starts = w.work(OpKind::alu, 2 * scores());
    w.after(starts, {{bits, 0}});
    return starts;
  }

  /// One query block past the keys on chip.
  void trip(int i, int j, const Visit& visit) const {
    w.in(i);
    const std::int64_t matmul = 2 * scores() * tile.head_dim;
    const std::int64_t key_reads = spec.kv_in_registers ? 0 : row_warps() * k_bytes();
    const bool shares_rows = key_warps() > 1;
    // ours begins with the old maximum, not with the block's, and tells all lanes of a row how much of O is old
    const std::int64_t rescale_factors = own() ? 1 : 2, reductions = own() ? 3 : 2;

    const int load_q = load_matrix(q, loop_index(i));
    const int old_o = visit.may_be_first && blocks() == 1 && own() ? -1 : read_back(i, j, visit);
    const int mask = keeps_bits() ? -1 : extras.load_mask(at(batch), rooftile::tile(loop_index(j), tile.bc));
    const int starts = keeps_bits() ? start_masked() : -1;
    w.work(OpKind::sts, q_bytes());
    const int read_q = w.work(OpKind::lds, key_warps() * q_bytes() + key_reads);
    const int qk = w.work(OpKind::mma, matmul);
    const SoftmaxOps softmax =
        online_softmax(w, extras, mask, qk,
                       {.scores = scores(),
                        .exchanges = reductions * row_lanes * reduce_steps * key_warps() * tile.br,  // maximum, sum
                        .fmas = 2 * scores(),
                        .exps = scores() + rescale_factors * row_lanes * tile.br});
    if (shares_rows) w.work(OpKind::sts, 2 * key_warps() * tile.br * 4);  // maximum and sum of each warp
    const int read_v = key_reads > 0 ? w.work(OpKind::lds, key_reads) : softmax.weights;
    const int pv = w.work(OpKind::mma, matmul);
    const int rescale = w.work(OpKind::fma, 3 * tile.br * tile.head_dim);  // old O, new O, 1 / l
    w.work(OpKind::convert, tile.br * tile.head_dim);
    const std::int64_t staged = shares_rows ? key_warps() * tile.br * tile.head_dim * 4 : q_bytes();
    w.work(OpKind::sts, staged);  // partial O of each warp, or O on its way to 16-byte stores
    const int staged_o = w.work(OpKind::lds, staged);
    if (!own() || shares_rows) w.work(OpKind::barrier, 2);  // else a warp moves rows of its own
    const int store_o = store_matrix(o, loop_index(i));
    store_statistics(i, visit);

    w.after(load_q, {{qk, tile.stages}});
    if (old_o >= 0 && !own()) w.after(old_o, {{rescale, tile.stages}});
    w.after(read_q, {{load_q, 0}});
    w.after(qk, {{read_q, 0}, {staged_o, 1}});
    if (starts >= 0) w.after(qk, {{starts, 0}});
    w.after(pv, {{softmax.weights, 0}, {read_v, 0}});
    w.after(rescale, {{pv, 0}});
    if (old_o >= 0) w.after(rescale, {{old_o, 0}});
    w.after(staged_o, {{rescale, 0}});
    w.after(store_o, {{staged_o, 0}});
  }

  void store_statistics(int i, const Visit& visit) const {
    if (visit.last) {
      store_rows(lse, loop_index(i));
      return;
    }
    for (const int tensor : statistics) {
      if (tensor >= 0) store_rows(tensor, loop_index(i));
    }
  }

  /// Every query block past every block of keys that it sees.
  void all_trips(bool causal) const {
    const int j = w.loop(constant(0), constant(blocks()));
    const int i = w.loop(causal ? first_seeing(j, 0) : constant(0), constant(tiles()), j);
    load_keys(j);
    trip(i, j, {.may_be_first = true, .last = false});
  }
  /// The same where the last visit differs: under a causal mask query blocks from the top on are done before the last
  /// block of keys, at which all others are.
  void all_own_trips(bool causal) const {
    const std::int64_t last_block = blocks() - 1;
    if (last_block > 0) {
      const int j = w.loop(constant(0), constant(last_block));
      const int done = causal ? w.loop(first_seeing(j, 0), first_seeing(j, 1), j) : -1;
      const int kept = w.loop(causal ? first_seeing(j, 1) : constant(0), constant(tiles()), j);
      load_keys(j);
      if (causal) trip(done, j, {.may_be_first = true, .last = true});
      trip(kept, j, {.may_be_first = true, .last = false});
    }
    const int j = w.loop(constant(last_block), constant(blocks()));
    const int i = w.loop(causal ? first_seeing(j, 0) : constant(0), constant(tiles()), j);
    load_keys(j);
    trip(i, j, {.may_be_first = last_block == 0, .last = true});
  }
};

}  // namespace

void flash1(Program& program, const AttentionShape& shape, const Call& call) {
  const TileRow& row = call.tile;
  ProgramWriter w{program};
  const Flash1 kernel{w, shape, call};
  const bool causal = shape.mask == Mask::causal;
  const std::int64_t offset = shape.causal_offset();

  w.launch("flash1",
           {.threads = 32 * row.warps, .registers = row.registers, .smem = row.smem != 0 ? row.smem : kernel.smem()},
           {{"member", shape.group()}, {"kv_head", shape.kv_heads}, {"batch", shape.batch}}, LaunchPart::attention);
  w.role("all", row.warps);

  const std::int64_t unseeing = causal && offset < 0 ? -offset / row.br : 0;  // blocks whose rows all see nothing
  if (call.spec.as_printed) {
    kernel.initialise(kernel.tiles());
  } else if (unseeing > 0) {
    kernel.initialise(unseeing);
  }
  kernel.own() ? kernel.all_own_trips(causal) : kernel.all_trips(causal);
}

}  // namespace rooftile::algorithms
