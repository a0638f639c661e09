// A CTA that holds a tile of query rows on chip and walks blocks of keys: all of flash2, and each part of split_kv.
//
// Q stays in shared memory and is read from there in every trip; O, row maxima and row sums stay in registers.
#pragma once

#include "attention.hpp"

namespace rooftile::algorithms {

/// Where the axes stand that place a tile.
struct TileAxes {
  IndexId q_tile, kv_head, batch;
};

struct QueryTile {
  ProgramWriter& w;
  const AttentionShape& shape;
  const TileRow& row;
  AttentionTensors tensors;
  ScoreExtras extras;
  TileAxes axes;
  TileDim head;  ///< of Q and O

  [[nodiscard]] std::int64_t scores() const { return row.br * row.bc; }
  /// Bytes of the tile of Q, and of O as it goes out.
  [[nodiscard]] std::int64_t q_bytes() const { return row.br * row.head_dim * size_of(shape.dtype); }
  /// Q, and `stages` buffers each of K and V.
  [[nodiscard]] LaunchResources resources() const;

  /// Before the first trip: Q.
  void begin() const;
  /// One trip over a key block; dependences as FlashAttention-2 pipelines them: K of the next trip arrives during
  /// softmax and PV, V of this one during QKᵀ, one buffer each (row.stages of them where a kernel has more). A block
  /// that the causal mask cuts costs what an unmasked one does: the compare and select per score are left out.
  void trip(int loop) const;
  /// After the last trip: sums over the lanes of a row; O on its way to 16-byte stores, through the place of Q, as
  /// elements of `element` bytes (4: not converted).
  void finish(std::int64_t element) const;
};

}  // namespace rooftile::algorithms
