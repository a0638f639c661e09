// C = scale · A B for a batch of matrices on the tensor cores, with fp32 accumulation: both products of standard
// attention. One CTA owns a 128 x bc tile of C and goes through the common dimension 32 elements per trip.
//
//   prologue        load trips 0 and 1                       `stages` = 3 buffers of A and B
//   trip t          trip t landed, all warps are done with t - 1: one CTA barrier
//                   load trip t + 2 over t - 1's buffer; C += A B of trip t
//   epilogue        each warp: its part of C through shared memory, 16-byte stores
//
// B lies either as rows of n (K of QKᵀ) or as rows of k (V of PV; transposed by ldmatrix). Rows and columns beyond an
// edge are read as zeros and not stored. With key padding the columns of QKᵀ whose key is padded leave as -inf.
//
// Tiles: 128 x 128, or 128 x 64 where C has no more columns (PV at head dim 64). A trip of the wide one loads 16 KiB
// and reads 32 KiB of shared memory for 1 MFLOP; with bk = 32 three buffers take 48 KiB, and an SM holds two CTAs.
// Limits: pitches, n and k in whole 16-byte pieces; the heads of the batch are CTAs along z, 65535 at most.
//
// Steps, and what each is worth:
//   three buffers instead of two          one barrier per trip: a buffer is refilled a trip after its last reader
//   swizzled rows, one place per lane     no bank conflicts; an address is that place XOR a constant
//   C through shared memory               16-byte stores of whole sectors instead of 4-byte ones
//   a narrow tile for a narrow C          PV at head dim 64 has half the mma of a tile of 128 columns
//   the mask asked for during the loads   its latency is hidden; its bits are 1 or 2 registers
// Not done: tiles in an order that shares A and B in L2; trips of another head while C goes out; wgmma, without which
// an H100 has 0.63 of its matrix rate (mma_sync_fraction in hw_profiles/arch/sm_90.yaml).
#pragma once

#include <cstdint>
#include <limits>

#include "isa/isa.hpp"
#include "rooftile/model/tile_table.hpp"
#include "text/fragment_places.hpp"
#include "text/key_padding.hpp"
#include "text/tile_copy.hpp"

namespace rooftile::kernels::standard {

/// A: [batch, heads, m, k], B: [batch, heads / group, n, k] or [.., k, n], C: [batch, heads, m, n], each row-major with
/// its own pitch. Pitches, n, and k of A are multiples of 8 elements: 16 bytes.
struct GemmParams {
  const void* a;
  const void* b;
  void* c;
  int group;  ///< heads of A per head of B
  int m;
  int n;       ///< columns of C that are stored
  int k;       ///< columns of A that are read
  int b_rows;  ///< rows of B that exist; those beyond are zeros
  int a_pitch;
  int b_pitch;
  int c_pitch;
  float scale;
};

/// Told so, Q Kᵀ is -inf in the columns of padded keys.
struct PaddedGemmParams : GemmParams, text::KeyPaddingParams {
  int mask_heads;  ///< heads that share a mask: those of a sequence
};

enum class BLayout : std::uint8_t { rows_of_n, rows_of_k };

/// The work of one CTA as one of its four warps (2 x 2 over the tile of C) sees it.
template <class B, class T, class Params, int tile_cols, BLayout layout>
class ProductTile {
  using f32 = typename B::f32;
  using u32 = typename B::u32;

  static constexpr OwnTile tile = own_tile("gemm", tile_cols);
  static constexpr int br = tile.br, bc = tile.bc, bk = tile.bk, warps = tile.warps, stages = tile.stages;
  static constexpr bool b_in_rows_of_k = layout == BLayout::rows_of_k;
  static constexpr int b_tile_rows = b_in_rows_of_k ? bk : bc, b_tile_cols = b_in_rows_of_k ? bc : bk;
  static constexpr int a_row_bytes = bk * 2, b_row_bytes = b_tile_cols * 2;
  static constexpr int a_bytes = br * a_row_bytes, b_bytes = b_tile_rows * b_row_bytes;
  static constexpr int warp_rows = br / 2, warp_cols = bc / 2;
  static constexpr int m_tiles = warp_rows / 16, n_tiles = warp_cols / 8;
  static constexpr int c_row_bytes = warp_cols * 2, c_bytes = warp_rows * c_row_bytes;
  static_assert(warps == 4 && stages == 3);
  static constexpr std::int64_t pipeline_bytes = std::int64_t{a_bytes + b_bytes} * stages;
  static constexpr std::int64_t result_bytes = std::int64_t{c_bytes} * warps;
  static constexpr bool pads = text::masks_keys<Params>;
  static_assert((pipeline_bytes > result_bytes ? pipeline_bytes : result_bytes) == tile.smem);

 public:
  ROOFTILE_KERNEL ProductTile(B& b, const Params& p)
      : b_{b},
        p_{p},
        warp_row_{(b.warp() >> 1) * warp_rows},
        warp_col_{(b.warp() & 1) * warp_cols},
        a_copy_{b, b.warp(), p.a_pitch},
        b_copy_{b, b.warp(), p.b_pitch} {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) b.clear(sum_[i][j]);
    }
    a_place_ = text::place_of_rows<a_row_bytes>(b) + static_cast<std::uint32_t>(warp_row_ * a_row_bytes);
    if constexpr (b_in_rows_of_k) {
      b_place_ = text::place_of_rows<b_row_bytes>(b) ^ static_cast<std::uint32_t>(warp_col_ * 2);
    } else {
      b_place_ = text::place_of_columns<b_row_bytes>(b) + static_cast<std::uint32_t>(warp_col_ * b_row_bytes);
    }
  }

  ROOFTILE_KERNEL int trips() const { return (p_.k + bk - 1) / bk; }

  /// A and B of trip `t` into its buffer; a group of copies of its own even if there is no such trip.
  ROOFTILE_KERNEL void load(int t) {
    if (t < trips()) {
      const int from_k = t * bk;
      const T* a = static_cast<const T*>(p_.a) + std::int64_t{head()} * p_.m * p_.a_pitch;
      const T* b = static_cast<const T*>(p_.b) + std::int64_t{head() / p_.group} * p_.b_rows * p_.b_pitch;
      a_copy_.template load<br>(b_, buffer(t), a + std::int64_t{row()} * p_.a_pitch + from_k, p_.m - row(),
                                p_.k - from_k);
      if constexpr (b_in_rows_of_k) {
        b_copy_.template load<bk>(b_, buffer(t) + a_bytes, b + std::int64_t{from_k} * p_.b_pitch + col(),
                                  p_.b_rows - from_k, p_.n - col());
      } else {
        b_copy_.template load<bc>(b_, buffer(t) + a_bytes, b + std::int64_t{col()} * p_.b_pitch + from_k,
                                  p_.b_rows - col(), p_.k - from_k);
      }
    }
    b_.cp_commit();
  }

  /// Which of this warp's columns are kept, asked for while the first trips are on their way.
  ROOFTILE_KERNEL void load_mask() {
    if constexpr (pads) {
      const int batch = head() / p_.mask_heads, first = col() + warp_col_;
      ROOFTILE_UNROLL for (int w = 0; w < Kept::words; ++w) {
        kept_.take(b_, w, text::kept_keys(b_, p_, batch, first + w * text::word_keys, p_.b_rows));
      }
    }
  }

  ROOFTILE_KERNEL void wait_for_trip() {
    b_.template cp_wait<stages - 2>();
    b_.sync();
  }

  ROOFTILE_KERNEL void multiply(int t) {
    ROOFTILE_UNROLL for (int k = 0; k < bk; k += 16) {
      typename B::template FragA<T> a[m_tiles];
      ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
        b_.ldmatrix_a(a[i], (a_place_ ^ bytes(k)) + (buffer(t) + bytes(i * 16 * bk)));
      }
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; j += 2) {
        typename B::template FragB<T> left, right;
        if constexpr (b_in_rows_of_k) {
          b_.ldmatrix_b_trans(left, right, (b_place_ ^ bytes(j * 8)) + (buffer(t) + a_bytes + bytes(k * bc)));
        } else {
          b_.ldmatrix_b(left, right, (b_place_ ^ bytes(k)) + (buffer(t) + a_bytes + bytes(j * 8 * bk)));
        }
        ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
          b_.mma(sum_[i][j], a[i], left);
          b_.mma(sum_[i][j + 1], a[i], right);
        }
      }
    }
  }

  /// Each warp owns its part of shared memory from here on.
  ROOFTILE_KERNEL void finish() {
    b_.sync();  // all warps are done with the last buffers
    const std::uint32_t part = static_cast<std::uint32_t>(b_.warp() * c_bytes);
    const u32 place = text::place_of_accumulator<c_row_bytes>(b_) + part;
    const f32 scale = f32(p_.scale);
    if constexpr (pads) mask_columns();
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
        text::stage<T, c_row_bytes>(b_, place, i * 16 * c_row_bytes, j, sum_[i][j], scale, scale);
      }
    }
    b_.sync_warp();
    const int c_row = row() + warp_row_, c_col = col() + warp_col_;
    T* c = static_cast<T*>(p_.c) + (std::int64_t{head()} * p_.m + c_row) * p_.c_pitch + c_col;
    text::TileCopy<B, warp_cols, 1>{b_, 0, p_.c_pitch}.template store<warp_rows>(b_, c, part, p_.m - c_row,
                                                                                 p_.n - c_col);
  }

 private:
  using Kept = text::KeptColumns<B, n_tiles>;
  static constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

  ROOFTILE_KERNEL void mask_columns() {
    ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
      ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) {
        const typename B::pred keeps = kept_.keeps(j, r);
        ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
          f32& score = sum_[i][j].c[r];
          score = b_.select(keeps, score, f32(minus_infinity));
        }
      }
    }
  }

  ROOFTILE_KERNEL int head() const { return b_.block_z(); }
  ROOFTILE_KERNEL int row() const { return b_.block_y() * br; }
  ROOFTILE_KERNEL int col() const { return b_.block_x() * bc; }
  ROOFTILE_KERNEL static std::uint32_t buffer(int t) {
    return static_cast<std::uint32_t>(t % stages * (a_bytes + b_bytes));
  }
  ROOFTILE_KERNEL static constexpr std::uint32_t bytes(int elements) {
    return static_cast<std::uint32_t>(elements * 2);
  }

  B& b_;
  const Params& p_;
  int warp_row_, warp_col_;
  text::TileCopy<B, bk, warps> a_copy_;
  text::TileCopy<B, b_tile_cols, warps> b_copy_;
  u32 a_place_, b_place_;
  typename B::Acc sum_[m_tiles][n_tiles];
  Kept kept_;  ///< with key padding
};

template <class T, class KernelParams, int tile_cols, BLayout layout>
struct ProductKernel {
  using Params = KernelParams;
  static constexpr OwnTile tile = own_tile("gemm", tile_cols);
  static constexpr int warps = tile.warps;

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const Params& p) {
    ProductTile<B, T, Params, tile_cols, layout> product{b, p};
    const int trips = product.trips();
    ROOFTILE_UNROLL for (int t = 0; t < tile.stages - 1; ++t) product.load(t);
    product.load_mask();
    ROOFTILE_NO_UNROLL for (int t = 0; t < trips; ++t) {
      product.wait_for_trip();
      product.load(t + tile.stages - 1);
      product.multiply(t);
    }
    product.finish();
  }
};

template <class T, int tile_cols, BLayout layout>
struct GemmKernel : ProductKernel<T, GemmParams, tile_cols, layout> {};
/// Q Kᵀ with key padding.
template <class T, int tile_cols>
struct PaddedGemmKernel : ProductKernel<T, PaddedGemmParams, tile_cols, BLayout::rows_of_n> {};

}  // namespace rooftile::kernels::standard
