// FlashAttention-3 forward (Shah et al. 2024, arXiv 2407.08608, Algorithm 1) for sm_90a: the warps of a CTA have
// different jobs. One warpgroup fetches, two or three compute, each 64 of the CTA's br query rows.
//
//   CTA          stays, one per SM: a tile of query rows in each round (flash3_order.hpp)
//   producer     K and V of each block that the tile sees, backwards, into `stages` buffers by TMA; Q behind the first
//   consumer     for each block i: K landed     S = Q Kᵀ                     wgmma, both operands from shared memory
//                                  V landed     O = O + P V of block i + 1   wgmma, P from registers
//                                  S is there   m, l, P = online softmax of S, while P V runs on
//                                  P V is there O = alpha O
//                O / l by way of its rows of Q to global memory (TMA), m + log l
//
// Mbarriers hand buffers over: `landed` (TMA has brought all bytes) and `free` (each consumer warp has done with it);
// phases, turns and buffers of K and V go on from tile to tile. So K and V of the next tile land while this one is
// finished, and each warpgroup's rows of Q as soon as its O has been read. A buffer is boxes of 64 columns, one below
// the other, each row 128 bytes in the 128-byte swizzle: what TMA writes and wgmma reads. TMA writes zeros beyond the
// last row, and nothing there on the way out. Registers move from the producer to the consumers (setmaxnreg).
// Exponentials are base 2: exp(s·scale) = exp2(s·scale·log2 e).
//
// What makes it fast, one step after the other (no run on a GPU has weighed them yet):
//   warps with different jobs    who computes never issues a copy, and has the registers of those who do not
//   overlap in a warpgroup       one block's softmax beside the other's product (section 3.2, Algorithm 2)
//   ping-pong                    softmax of one warpgroup beside products of the others: named barriers hand the
//                                tensor cores round (section 3.1)
//   CTAs that stay               one tile's loads beside the end of another, set-up once, causal tiles dealt out
//                                longest first
// Not done: clusters that share K and V; Q of the next tile while O leaves (FlashAttention-3 sends O through V's
// place).
//
// Tiles of 192 x 128, 128 x 128 and 128 x 80 for head_dim 64, 128 and 256, as FlashAttention-3 has them with P in
// registers (hopper/tile_size.h of Dao-AILab/flash-attention); compute capability 9.0 with the `a` feature set.
#pragma once

#include <algorithm>
#include <cstdint>

#include "isa/isa.hpp"
#include "rooftile/kernels/call.hpp"
#include "rooftile/model/registers.hpp"
#include "rooftile/model/rounding.hpp"
#include "rooftile/model/tile_table.hpp"
#include "text/dispatch.hpp"
#include "text/flash3_consumer.hpp"
#include "text/flash3_order.hpp"
#include "text/flash3_tile.hpp"

namespace rooftile::kernels::flash3 {

/// The warp that fetches.
template <class B, int head_dim>
class Producer {
  using Place = Layout<head_dim>;
  using Tile = QueryTile<head_dim>;

 public:
  ROOFTILE_KERNEL Producer(B& b, const Params& p) : b_{b}, p_{p}, shared_{b.shared_origin()} {}

  ROOFTILE_KERNEL void run() {
    ROOFTILE_NO_UNROLL for (int round = 0; place_in(b_, round) < p_.tiles(); ++round) {
      const Tile tile{p_, place_in(b_, round)};
      int block = tile.seen_blocks(p_) - 1;
      if (block >= 0) load_keys(tile, block--);  // ahead of Q, whose place O of the tile before has still to leave
      load_q(tile, parity_of(round) ^ 1u);
      ROOFTILE_NO_UNROLL for (; block >= 0; --block) load_keys(tile, block);
    }
  }

 private:
  /// Each consumer warpgroup's rows as soon as it has done with those of the tile before.
  ROOFTILE_KERNEL void load_q(const Tile& tile, std::uint32_t parity) {
    ROOFTILE_UNROLL for (int group = 0; group < Place::groups; ++group) {
      b_.mbarrier_wait(shared_ + Place::q_free + 8 * group, parity);
      load<group_rows, Place::br>(Place::q + group * group_rows * Place::box_row, Place::q_landed + 8 * group, p_.q,
                                  tile.first_row + group * group_rows, tile.head);
    }
  }

  /// K and V of a block.
  ROOFTILE_KERNEL void load_keys(const Tile& tile, int block) {
    load_block(Place::k, Place::k_free, Place::k_landed, p_.k, tile, block);
    load_block(Place::v, Place::v_free, Place::v_landed, p_.v, tile, block);
    stage_.advance();
  }
  ROOFTILE_KERNEL void load_block(std::uint32_t buffers, std::uint32_t free, std::uint32_t landed,
                                  const TensorMap& tensor, const Tile& tile, int block) {
    b_.mbarrier_wait(shared_ + free + 8 * stage_.index, stage_.parity);
    load<Place::bc, Place::bc>(buffers + stage_.index * Place::block_bytes, landed + 8 * stage_.index, tensor,
                               block * Place::bc, tile.kv_head);
  }

  /// `rows` rows of all columns, into boxes of `box_rows`.
  template <int rows, int box_rows>
  ROOFTILE_KERNEL void load(std::uint32_t to, std::uint32_t landed, const TensorMap& tensor, int row, int plane) {
    if (!b_.elect()) return;
    b_.mbarrier_expect(shared_ + landed, rows * head_dim * 2);
    ROOFTILE_UNROLL for (int box = 0; box < Place::boxes; ++box) {
      b_.tma_load(shared_ + to + box * box_rows * Place::box_row, tensor, shared_ + landed, box * box_cols, row, plane);
    }
  }

  B& b_;
  const Params& p_;
  std::uint32_t shared_;
  Stage<Place::stages> stage_{0, 1};  ///< the phase before the first: buffers begin free
};

template <class T, int head_dim>
struct ForwardKernel {
  using Params = flash3::Params;
  using Place = Layout<head_dim>;
  static constexpr OwnTile tile = Place::tile;
  static constexpr int warps = tile.warps;
  static constexpr bool sm90a_only = true;
  static constexpr RoleRegisters registers = flash3_role_registers(Place::groups);

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const Params& p) {
    if (b.warp() == 0) init_mbarriers(b);
    b.mbarrier_publish();
    if (b.warp() < group_warps) {
      b.template give_registers_down_to<registers.producer>();
      if (b.warp() == 0) Producer<B, head_dim>{b, p}.run();
    } else {
      b.template take_registers_up_to<registers.consumer>();
      Consumer<B, T, head_dim>{b, p}.run();
    }
  }

 private:
  template <class B>
  ROOFTILE_KERNEL static void init_mbarriers(B& b) {
    if (!b.elect()) return;
    const std::uint32_t shared = b.shared_origin();
    ROOFTILE_UNROLL for (std::uint32_t group = 0; group < Place::groups; ++group) {
      b.mbarrier_init(shared + Place::q_landed + 8 * group, 1);
      b.mbarrier_init(shared + Place::q_free + 8 * group, group_warps);
    }
    ROOFTILE_UNROLL for (std::uint32_t stage = 0; stage < Place::stages; ++stage) {
      b.mbarrier_init(shared + Place::k_landed + 8 * stage, 1);
      b.mbarrier_init(shared + Place::v_landed + 8 * stage, 1);
      b.mbarrier_init(shared + Place::k_free + 8 * stage, Place::groups * group_warps);
      b.mbarrier_init(shared + Place::v_free + 8 * stage, Place::groups * group_warps);
    }
  }
};

/// What is compiled for one element type.
template <class T>
using Instances = Kernels<ForwardKernel<T, 64>, ForwardKernel<T, 128>, ForwardKernel<T, 256>>;

/// rt_flash3.
struct Forward {
  static constexpr bool sm90a_only = true;

  static const char* refusal(const AttentionCall& call) {
    if (!text::has_head_dim(call)) return "rt_flash3 is compiled for head_dim 64, 128 and 256";
    if (std::int64_t{div_up(call.seq_q, own_tile("flash3", call.head_dim).br)} * call.heads * call.batch >
        TileOrder::most_tiles) {
      return "rt_flash3 takes at most 2^30 tiles of query rows";
    }
    return nullptr;
  }

  static constexpr Tensors tensors(const AttentionCall& call) { return attention_tensors(call); }

  template <class Launcher>
  static void launch(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    text::for_element_and_head_dim(call, [&]<class T, int head_dim>() {
      using Kernel = ForwardKernel<T, head_dim>;
      const auto map = [&](TensorIndex tensor, int rows, int heads, int box_rows) {
        return launcher.tensor_map({.base = buffers[tensor],
                                    .cols = call.head_dim,
                                    .rows = rows,
                                    .planes = call.batch * heads,
                                    .box_rows = box_rows});
      };
      const Params params{text::call_sizes(call),
                          tile_order(call, Kernel::tile.br),
                          map(tensor_q, call.seq_q, call.heads, group_rows),
                          map(tensor_k, call.seq_kv, call.kv_heads, Kernel::tile.bc),
                          map(tensor_v, call.seq_kv, call.kv_heads, Kernel::tile.bc),
                          map(tensor_o, call.seq_q, call.heads, group_rows),
                          static_cast<float*>(buffers[tensor_lse])};
      const int ctas = std::min(params.tiles(), call.sms);  // registers allow one per SM
      launcher.template launch<Kernel>("flash3", Grid{ctas, 1, 1}, Kernel::tile.smem, params);
    });
  }
};

}  // namespace rooftile::kernels::flash3
