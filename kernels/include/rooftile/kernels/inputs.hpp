// Inputs that every machine makes alike: element i of tensor t depends on (seed, t, i) alone, through integers only.
//
//   value = (u1 + ... + u12) - 6,   u uniform in [0, 1): mean 0, variance 1, |value| < 6
//
// The sum of twelve uniforms (Irwin-Hall) stands for the normal distribution: no logarithm, whose last bit differs
// between libraries. Bits: SplitMix64 (Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014,
// figure 16). Standard library only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rooftile/kernels/element.hpp"

namespace rooftile::kernels {

/// SplitMix64's output function: 64 well-mixed bits of a counter.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t counter) {
  counter = (counter ^ counter >> 30) * 0xbf58476d1ce4e5b9u;
  counter = (counter ^ counter >> 27) * 0x94d049bb133111ebu;
  return counter ^ counter >> 31;
}

/// The elements of one tensor.
class NormalInputs {
 public:
  constexpr NormalInputs(std::uint64_t seed, std::size_t tensor) : stream_{mixed(mixed(seed + step) + tensor * step)} {}

  /// Element i before rounding: a multiple of 2^-17, exact in float.
  [[nodiscard]] constexpr float operator()(std::uint64_t i) const {
    std::int32_t sum = 0;
    for (std::uint64_t word = 3 * i; word < 3 * i + 3; ++word) {
      const std::uint64_t bits = mixed(stream_ + (word + 1) * step);
      for (int part = 0; part < 64; part += 16) sum += static_cast<std::int32_t>(bits >> part & 0xffffu);
    }
    return static_cast<float>(2 * sum - 12 * 65535) * 0x1p-17f;
  }

 private:
  static constexpr std::uint64_t step = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio
  std::uint64_t stream_;
};

/// Fills `count` elements of `tensor` (TensorIndex), rounded to the element type.
inline void fill_normal(std::uint16_t* elements, std::size_t count, Element element, std::uint64_t seed,
                        std::size_t tensor) {
  const NormalInputs normal{seed, tensor};
  for (std::size_t i = 0; i < count; ++i) elements[i] = bits_of(element, normal(i));
}

}  // namespace rooftile::kernels
