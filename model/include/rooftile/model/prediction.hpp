// What a predictor answers: bytes per level, work per unit, the time each resource would need alone, the total, the
// bound. Plain values without heap: a million a second. What went into it is told by explain.hpp.
#pragma once

#include <array>
#include <cstdint>

#include "rooftile/model/inline_vector.hpp"
#include "rooftile/model/names.hpp"
#include "rooftile/model/program.hpp"
#include "rooftile/model/quantity.hpp"

namespace rooftile {

/// The resource that decides the time; the `bound` column. Views class them: memory (dram, l2, smem),
/// compute (tensor, exp2, fma, convert, issue), overhead (latency, launch). `dram` is the DRAM of the device or, behind
/// the link, of the host.
enum class Limit : std::uint8_t { dram, l2, smem, tensor, exp2, fma, convert, issue, latency, launch };
inline constexpr std::size_t limits = 10;

enum class LimitClass : std::uint8_t { memory, compute, overhead };
[[nodiscard]] constexpr LimitClass class_of(Limit limit) {
  if (limit <= Limit::smem) return LimitClass::memory;
  return limit <= Limit::issue ? LimitClass::compute : LimitClass::overhead;
}

/// Bytes through one level of the hierarchy.
struct Traffic {
  Bytes read;
  Bytes write;
  [[nodiscard]] constexpr Bytes total() const { return read + write; }
};

/// One launch of the call.
struct LaunchPrediction {
  Seconds time;  ///< what it adds to the call
  Limit bound = Limit::dram;
  Seconds dram;     ///< alone
  Seconds l2;       ///< alone
  Seconds sm;       ///< makespan of its CTAs
  Seconds latency;  ///< its longest CTA, alone on an SM
  Seconds host;     ///< of what comes over the host link, alone
  Traffic dram_bytes;
  Traffic l2_bytes;
  Bytes host_bytes;              ///< over the host link, towards the device
  std::int64_t host_pieces = 0;  ///< in which they come, one after the other
  std::int64_t ctas = 0;
  std::int32_t resident = 0;  ///< CTAs per SM at once
  double waves = 0;           ///< CTAs / (resident x SMs)
};

struct Prediction {
  Seconds time;
  Limit bound = Limit::dram;
  std::array<Seconds, limits> alone{};  ///< by Limit: time this resource would need if all others were free
  Traffic dram;                         ///< writes include dirty lines left in L2
  Traffic l2;                           ///< bytes requested by SMs
  Bytes host;                           ///< over the host link, towards the device
  Bytes l2_sector_bytes;                ///< the same in whole 32-byte sectors, both directions
  Bytes smem;                           ///< bytes through shared memory
  Bytes compulsory;                     ///< inputs and outputs once
  Bytes extra_memory;                   ///< workspace alive at once: O(N) or O(N²)
  Flops paper_flops;
  Flops executed_flops;  ///< on the tensor cores, padding and masked blocks included
  InlineVector<LaunchPrediction, max_launches> launches;

  /// Not defaulted: Prediction() would fill the room for launches with zeros first.
  Prediction() {}  // NOLINT(modernize-use-equals-default)

  [[nodiscard]] constexpr Seconds alone_on(Limit limit) const { return alone[static_cast<std::size_t>(limit)]; }
};

template <>
struct EnumNames<Limit> {
  static constexpr std::string_view kind = "bound";
  static constexpr Named<Limit> table[] = {
      {Limit::dram, "dram"},       {Limit::l2, "l2"},        {Limit::smem, "smem"},       {Limit::tensor, "tensor"},
      {Limit::exp2, "exp2"},       {Limit::fma, "fma"},      {Limit::convert, "convert"}, {Limit::issue, "issue"},
      {Limit::latency, "latency"}, {Limit::launch, "launch"}};
};
template <>
struct EnumNames<LimitClass> {
  static constexpr std::string_view kind = "bound class";
  static constexpr Named<LimitClass> table[] = {
      {LimitClass::memory, "memory"}, {LimitClass::compute, "compute"}, {LimitClass::overhead, "overhead"}};
};

}  // namespace rooftile
