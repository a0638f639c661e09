// Inputs that every machine makes alike: element i of tensor t depends on (seed, t, i) alone, through integers only.
//
//   value = (u1 + ... + u12) - 6,   u uniform in [0, 1): mean 0, variance 1, |value| < 6
//
// Of a padding mask: each sequence keeps its first keys, a length per (seed, sequence) that is uniform.
//
// The sum of twelve uniforms (Irwin-Hall) stands for the normal distribution: no logarithm, whose last bit differs
// between libraries. Bits: SplitMix64 (Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014,
// figure 16). Standard library only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rooftile/kernels/call.hpp"
#include "rooftile/kernels/element.hpp"

namespace rooftile::kernels {

/// SplitMix64's output function: 64 well-mixed bits of a counter.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t counter) {
  counter = (counter ^ counter >> 30) * 0xbf58476d1ce4e5b9u;
  counter = (counter ^ counter >> 27) * 0x94d049bb133111ebu;
  return counter ^ counter >> 31;
}

/// What one step of a counter is apart: 2^64 / golden ratio.
inline constexpr std::uint64_t counter_step = 0x9e3779b97f4a7c15u;

/// Where the counter of a tensor begins.
[[nodiscard]] constexpr std::uint64_t stream_of(std::uint64_t seed, std::size_t tensor) {
  return mixed(mixed(seed + counter_step) + tensor * counter_step);
}

/// The elements of one tensor.
class NormalInputs {
 public:
  constexpr NormalInputs(std::uint64_t seed, std::size_t tensor) : stream_{stream_of(seed, tensor)} {}

  /// Element i before rounding: a multiple of 2^-17, exact in float.
  [[nodiscard]] constexpr float operator()(std::uint64_t i) const {
    std::int32_t sum = 0;
    for (std::uint64_t word = 3 * i; word < 3 * i + 3; ++word) {
      const std::uint64_t bits = mixed(stream_ + (word + 1) * counter_step);
      for (int part = 0; part < 64; part += 16) sum += static_cast<std::int32_t>(bits >> part & 0xffffu);
    }
    return static_cast<float>(2 * sum - 12 * 65535) * 0x1p-17f;
  }

 private:
  std::uint64_t stream_;
};

/// Fills `count` elements of `tensor` (TensorIndex), rounded to the element type.
inline void fill_normal(std::uint16_t* elements, std::size_t count, Element element, std::uint64_t seed,
                        std::size_t tensor) {
  const NormalInputs normal{seed, tensor};
  for (std::size_t i = 0; i < count; ++i) elements[i] = bits_of(element, normal(i));
}

/// Keys that a sequence of the batch keeps, 1 to `seq_kv`, each length as likely as any other.
[[nodiscard]] constexpr int kept_length(std::uint64_t seed, int batch, int seq_kv) {
  const std::uint64_t counter =
      stream_of(seed, tensor_key_mask) + (static_cast<std::uint64_t>(batch) + 1) * counter_step;
  return 1 + static_cast<int>((mixed(counter) >> 32) * static_cast<std::uint64_t>(seq_kv) >> 32);
}

/// Fills a mask [batch, seq_kv]: each sequence keeps its first kept_length() keys.
inline void fill_key_mask(std::uint8_t* keeps, int batches, int seq_kv, std::uint64_t seed) {
  for (int batch = 0; batch < batches; ++batch) {
    const int length = kept_length(seed, batch, seq_kv);
    for (int key = 0; key < seq_kv; ++key) *keeps++ = key < length ? 1 : 0;
  }
}

}  // namespace rooftile::kernels
