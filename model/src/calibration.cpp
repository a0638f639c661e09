#include "rooftile/model/calibration.hpp"

#include <algorithm>

namespace rooftile {
namespace {

constexpr Dimension cycles = Cycles::dimension, seconds = Seconds::dimension, none = Count::dimension;

// Limits keep a fit inside what a mechanism can mean: a factor of four hides a wrong program, 40,000 cycles a missing
// one.
constexpr CalibrationConstant constants[] = {
    {"trip_factor",
     none,
     &Calibration::trip_factor,
     0.25,
     4,
     {1, 0.3},
     "busy cycles of a trip over what its units add up to",
     1.5},
    {"exp2_weight", none, &Calibration::exp2_weight, 0, 1, {1, 0.5}, "part of exp2 that no product hides"},
    {"smem_weight", none, &Calibration::smem_weight, 0, 1, {0, 0.3}, "part of shared memory that no product hides"},
    {"trip_wait", cycles, &Calibration::trip_wait, 0, 5000, {0, 500}, "cycles of a trip that only other CTAs hide"},
    {"cta_cycles", cycles, &Calibration::cta_cycles, 0, 40000, {2500, 2500}, "cycles of a CTA beside trips and tile"},
    {"tile_factor",
     none,
     &Calibration::tile_factor,
     0,
     8,
     {2, 2},
     "cycles of a CTA's own tile over what its bytes take"},
    {"search_cycles",
     cycles,
     &Calibration::search_cycles,
     0,
     10000,
     {1000, 1000},
     "for each step of the search for the next tile"},
    {"merge_cycles",
     cycles,
     &Calibration::merge_cycles,
     0,
     40000,
     {7000, 7000},
     "of a CTA that merges parts, beside its loads"},
    {"write_cycles",
     cycles,
     &Calibration::write_cycles,
     0,
     20000,
     {4000, 4000},
     "of a CTA that writes a token into the cache"},
    {"copy_cycles",
     cycles,
     &Calibration::copy_cycles,
     0,
     20000,
     {4000, 4000},
     "of a CTA of a copy that finds its elements by their indices"},
    {"sort_ops",
     none,
     &Calibration::sort_ops,
     0,
     400,
     {70, 70},
     "integer instructions per key and round of the sort of sequences"},
    {"sweep_ops",
     none,
     &Calibration::sweep_ops,
     0,
     100,
     {12, 12},
     "fp32 instructions per element and sweep of a row kernel",
     12},
    {"offset_ops",
     none,
     &Calibration::offset_ops,
     0,
     200,
     {40, 40},
     "integer instructions per element found by its indices",
     40},
    {"call_overhead", seconds, &Calibration::call_overhead, 0, 400e-6, {5e-6, 5e-6}, "of a call beside its launches"},
    {"slowdown", none, &Calibration::slowdown, 0, 1, {0.1, 0.1}, "part by which calls of many milliseconds get slower"},
};

}  // namespace

Regime fitted_regime(const Workload& workload) {
  const auto* shape = std::get_if<AttentionShape>(&workload);
  if (shape == nullptr) return Regime::alone;
  if (shape->pass != Pass::fwd) return Regime::backward;
  return shape->seq_q == 1 ? Regime::decode : Regime::prefill;
}

std::span<const CalibrationConstant> calibration_constants() { return constants; }

const CalibrationConstant* find_calibration_constant(std::string_view name) {
  const auto* const found = std::find_if(std::begin(constants), std::end(constants),
                                         [&](const CalibrationConstant& one) { return one.name == name; });
  return found == std::end(constants) ? nullptr : found;
}

}  // namespace rooftile
