// What no data sheet states: a few numbers per implementation, fitted to its measurements by `rooftile calibrate`.
//
//   trip of a loop     busy = trip_factor · max(busiest unit, Σ ω·unit),  at least busy + trip_wait without other CTAs
//   CTA                tile_factor · (its own tile in and out) + cta_cycles
//   element            sweep_ops fp32 instructions in each sweep of a framework's row kernel (softmax, its backward);
//                      offset_ops integer instructions of a kernel whose operands lie differently in memory
//   call               (Σ launches) · (1 + slowdown · t / (t + 8 ms)) + call_overhead
//
// None depends on a GPU, an architecture, a head dim or a shape: what differs between GPUs comes from the profile. The
// defaults are those of an implementation that nobody has measured.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rooftile/model/names.hpp"
#include "rooftile/model/quantity.hpp"
#include "rooftile/model/workload.hpp"

namespace rooftile {

/// The fitted numbers of one implementation in one regime.
struct Calibration {
  double trip_factor = 1;    ///< busy cycles of a trip over what its units add up to: issue slots, address arithmetic
  double exp2_weight = 1;    ///< ω of exp2: the part that does not hide behind matrix products
  double smem_weight = 0;    ///< ω of shared memory
  double trip_wait = 0;      ///< cycles of a trip that only other CTAs hide
  double cta_cycles = 0;     ///< cycles of a CTA beside its trips and its own tile
  double tile_factor = 1;    ///< cycles of a CTA's own tile (Q in, O out) over what its bytes take one after the other
  double search_cycles = 0;  ///< for each step by which a CTA looks for its next tile (Launch::search_steps)
  double merge_cycles = 0;   ///< of a CTA that merges parts of the keys, beside its loads
  double write_cycles = 0;   ///< of a CTA that writes a token into the cache, beside its bytes
  double copy_cycles = 0;    ///< of a CTA of a copy that finds its elements by their indices, beside its bytes
  double sort_ops = 0;       ///< integer instructions per key and round of the sort of sequences
  double sweep_ops = 0;      ///< fp32 instructions per element and sweep of a framework's row kernel, beside its ops
  double offset_ops = 0;     ///< integer instructions per element of a kernel that finds operands by their indices
  double call_overhead = 0;  ///< seconds of a call beside its launches
  double slowdown = 0;       ///< part by which calls of many milliseconds get slower: clocks under load

  friend bool operator==(const Calibration&, const Calibration&) = default;
};

/// Time over which clocks sink under load: half of `slowdown` is reached by calls of that length. Chosen, not fitted.
inline constexpr Seconds slowdown_time{8e-3};

/// What kernels were found to have, about.
struct Usual {
  double value;
  double spread;
};

/// One member of a Calibration.
struct CalibrationConstant {
  std::string_view name;  ///< the member's, and the key in a calibration file
  Dimension dimension;    ///< cycles, seconds or none
  double Calibration::*member;
  double least;  ///< allowed, and the bounds of a fit
  double most;
  Usual usual;
  std::string_view meaning;  ///< one line for people
  /// Where a fit begins: at the default, or where that hides behind a busier unit, at a value that decides something.
  double start = Calibration{}.*member;
};

/// All of them in the order above.
[[nodiscard]] std::span<const CalibrationConstant> calibration_constants();
/// By name, or nullptr.
[[nodiscard]] const CalibrationConstant* find_calibration_constant(std::string_view name);

/// What an implementation is used for decides which of its kernels and paths run: constants are fitted for each.
enum class Regime : std::uint8_t { prefill, decode, backward, alone };

/// Of attention backward for passes that are not forward alone, decode for one query per sequence, prefill for all
/// other forwards; `alone` for a matrix product or a softmax by itself.
[[nodiscard]] Regime fitted_regime(const Workload& workload);

/// What decides the time of a call; bound_regime.hpp says which. Errors are stated for each.
enum class BoundRegime : std::uint8_t { launch, underfilled, memory, compute };

template <>
struct EnumNames<BoundRegime> {
  static constexpr std::string_view kind = "bound regime";
  static constexpr Named<BoundRegime> table[] = {{BoundRegime::launch, "launch"},
                                                 {BoundRegime::underfilled, "underfilled"},
                                                 {BoundRegime::memory, "memory"},
                                                 {BoundRegime::compute, "compute"}};
};
template <>
struct EnumNames<Regime> {
  static constexpr std::string_view kind = "regime";
  static constexpr Named<Regime> table[] = {{Regime::prefill, "prefill"},
                                            {Regime::decode, "decode"},
                                            {Regime::backward, "backward"},
                                            {Regime::alone, "alone"}};
};

}  // namespace rooftile
