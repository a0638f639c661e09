// How many CTAs of a launch live on one SM at once (CUDA C++ Programming Guide, "Multiprocessor Level"), and whether
// one fits.
#pragma once

#include <cstdint>

#include "rooftile/model/count.hpp"
#include "rooftile/model/device.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/program.hpp"
#include "tl/expected.hpp"

namespace rooftile {

/// The limits of an SM as whole numbers; a resource that the profile does not state allows any number.
struct SmLimits {
  std::int64_t smem_capacity, smem_per_cta, smem_unit, smem_reserved_per_cta;
  std::int64_t registers, register_unit, max_registers_per_thread;
  std::int64_t max_threads, max_ctas;

  explicit SmLimits(const Device& device);
};

/// CTAs per SM that each resource allows; a resource that the profile does not state allows any number.
struct Occupancy {
  std::int64_t by_smem = 0;
  std::int64_t by_registers = 0;
  std::int64_t by_threads = 0;
  std::int64_t by_ctas = 0;
  std::int64_t resident = 0;  ///< the least of them
};

/// Registers are allocated per warp in multiples of sm.register_unit, shared memory per CTA in multiples of
/// sm.smem_unit plus sm.smem_reserved_per_cta.
[[nodiscard]] Occupancy occupancy(const SmLimits& sm, const Launch& launch);
[[nodiscard]] inline Occupancy occupancy(const Device& device, const Launch& launch) {
  return occupancy(SmLimits{device}, launch);
}

/// Nothing, or why the program cannot run on the device: shared memory or registers of a CTA, threads, the grid, DRAM
/// capacity.
[[nodiscard]] tl::expected<void, Refusal> fits(const SmLimits& sm, const Device& device, const Program& program,
                                               const ProgramCounts& counts);
[[nodiscard]] inline tl::expected<void, Refusal> fits(const Device& device, const Program& program,
                                                      const ProgramCounts& counts) {
  return fits(SmLimits{device}, device, program, counts);
}

}  // namespace rooftile
