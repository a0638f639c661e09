// Key padding as a warp sees it: a byte per key in memory, 0 where the key is padding, becomes a bit per key in
// registers, and -inf where a score begins or ends.
//
//   word = text::kept_keys(b, p, batch, first, keys)      32 keys from `first` on: a byte per lane, a ballot
//   kept.take(b, i, word)                                 the columns of this lane's accumulators, 4 to a word
//   kept.keeps(j, r)                                      value r of accumulator j: one instruction
//
// A word is the same in all lanes; an accumulator's columns 2·(lane mod 4) and the next one are two of its bits, at the
// same places in every quad once the word is shifted. Keys beyond the last are padding, too.
#pragma once

#include <cstdint>
#include <type_traits>

#include "isa/isa.hpp"
#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::text {

/// What a kernel with key padding is told beside the call's sizes.
struct KeyPaddingParams {
  const std::uint8_t* key_mask;  ///< [batch, seq_kv]
  int key_mask_pitch;            ///< bytes from one sequence's to the next
};

/// A kernel that is told so masks padded keys.
template <class Params>
inline constexpr bool masks_keys = std::is_base_of_v<KeyPaddingParams, Params>;

[[nodiscard]] inline KeyPaddingParams key_padding_params(const AttentionCall& call, const Buffers& buffers) {
  return {.key_mask = static_cast<const std::uint8_t*>(buffers[tensor_key_mask]),
          .key_mask_pitch = key_mask(call).pitch};
}

/// Keys of a word.
inline constexpr int word_keys = 32;

/// Bit i: key `first` + i of a sequence of `keys` keys is kept. `Params` has KeyPaddingParams among its bases.
template <class B, class Params>
ROOFTILE_KERNEL typename B::u32 kept_keys(B& b, const Params& p, int batch, int first, int keys) {
  const std::uint8_t* const from = p.key_mask + (std::int64_t{batch} * p.key_mask_pitch + first);
  return b.ballot(b.ld_global1(from, b.lane(), b.lane() < keys - first) != 0u);
}

/// The columns of accumulators side by side, `n_tiles` of them, that a lane has values of.
template <class B, int n_tiles>
class KeptColumns {
  using u32 = typename B::u32;

 public:
  static constexpr int words = n_tiles * 8 / word_keys;
  static_assert(words * word_keys == n_tiles * 8);

  /// Columns 32·`word` and on from what kept_keys() says of them.
  ROOFTILE_KERNEL void take(B& b, int word, u32 kept) { kept_[word] = kept >> ((b.lane() & 3) << 1); }
  /// Value r of accumulator j.
  ROOFTILE_KERNEL typename B::pred keeps(int j, int r) const {
    return (kept_[j / 4] & (1u << (j % 4 * 8 + r % 2))) != 0u;
  }

 private:
  u32 kept_[words];
};

}  // namespace rooftile::kernels::text
