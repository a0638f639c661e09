// The keys of a call split into parts, so that few queries keep every SM busy: each part leaves its own O and logsumexp
// in fp32, and a second launch merges them. One part is a kernel that writes O and LSE itself.
#pragma once

#include "attention.hpp"
#include "split_rule.hpp"

namespace rooftile::algorithms {

/// The axes of a kernel whose keys may be split, fastest first.
namespace split_axes {
inline constexpr IndexId q_tile = 0, split = 1, member = 2, kv_head = 3, batch = 4;
}

/// Parts in flight of a merging CTA: FlashAttention-3's combine kernel fetches four ahead
/// (hopper/flash_fwd_combine_kernel.h, kStages), FlashAttention-2's reads one after the other
/// (csrc/flash_attn/src/flash_fwd_kernel.h, combine_attn_seqk_parallel).
[[nodiscard]] int combine_buffers(SplitRule rule);

class KeyParts {
 public:
  /// Adds the tensors of the partial results if there are any.
  KeyParts(ProgramWriter& w, const Call& call, const AttentionShape& shape, const QueryRows& queries,
           const AttentionTensors& tensors);

  [[nodiscard]] std::int64_t parts() const { return parts_; }
  [[nodiscard]] bool partial() const { return parts_ > 1; }
  /// Bytes of an element of O as the kernel leaves it.
  [[nodiscard]] std::int64_t o_element() const { return partial() ? 4 : size_of(shape_.dtype); }

  /// The key blocks of a part: all that the tile sees, or a share of them that ends where the mask does.
  [[nodiscard]] int key_loop(const CausalTiling& tiling) const;
  /// O and the logsumexp of a tile of rows.
  void store(TileDim head, TileDim rows) const;
  /// The launch that merges the parts, if there are any; `head_dim` is what the kernel is compiled for.
  /// `buffers` of a part's rows are in flight.
  void merge(std::int64_t head_dim, int buffers) const;

 private:
  ProgramWriter& w_;
  const AttentionShape& shape_;
  const QueryRows& queries_;
  const AttentionTensors& to_;
  std::int64_t parts_;
  int o_, lse_;  ///< what the kernel writes
};

}  // namespace rooftile::algorithms
