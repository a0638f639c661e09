#include "rooftile/model/occupancy.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "rooftile/model/format_quantity.hpp"
#include "rooftile/model/rounding.hpp"

namespace rooftile {
namespace {

constexpr std::int64_t any_number = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t largest_grid =
    std::numeric_limits<std::int32_t>::max();  // gridDim.x, CUDA C++ Programming Guide
constexpr std::int64_t largest_cta = 1024;     // threads, all compute capabilities
constexpr std::int64_t warp_size = 32;

template <class Q>
std::int64_t whole(Q quantity, std::int64_t if_unknown) {
  return is_known(quantity) ? static_cast<std::int64_t>(quantity.value()) : if_unknown;
}

std::int64_t registers_of_cta(const SmLimits& sm, const Launch& launch) {
  return div_up(launch.threads, warp_size) * round_up(std::int64_t{launch.registers} * warp_size, sm.register_unit);
}

tl::unexpected<Refusal> does_not_fit(std::string reason) {
  return tl::unexpected<Refusal>{{Status::infeasible, std::move(reason)}};
}

/// Registers of all roles: setmaxnreg hands on what the CTA starts with and no more.
std::int64_t registers_of(const Role& role, const Launch& launch) {
  const std::int64_t each = role.registers == 0 ? launch.registers : role.registers;
  return std::int64_t{role.warps} * role.copies * warp_size * each;
}
std::int64_t registers_of_roles(const Launch& launch) {
  std::int64_t taken = 0;
  for (const Role& role : launch.roles) taken += registers_of(role, launch);
  return taken;
}
std::int64_t registers_at_entry(const Launch& launch) { return std::int64_t{launch.threads} * launch.registers; }

double grid_of(const Launch& launch) {
  double ctas = 1;
  for (const Axis& axis : launch.axes) ctas *= static_cast<double>(axis.extent);
  return ctas;
}

bool fits(const SmLimits& sm, const Launch& launch) {
  return launch.smem <= sm.smem_per_cta && launch.threads <= largest_cta &&
         launch.registers <= sm.max_registers_per_thread && registers_of_cta(sm, launch) <= sm.registers &&
         registers_of_roles(launch) <= registers_at_entry(launch) && grid_of(launch) <= largest_grid;
}

/// What of a launch that does not fit is too much.
std::string reason(const Device& device, const SmLimits& sm, const Launch& launch) {
  const std::string needs = std::string{launch.name} + " needs ";
  if (launch.smem > sm.smem_per_cta) {
    return needs + format(Bytes{static_cast<double>(launch.smem)}) + " of shared memory per CTA, " + device.name +
           " has " + format(device.sm.smem_per_cta);
  }
  if (launch.threads > largest_cta) {
    return needs + std::to_string(launch.threads) + " threads per CTA, 1024 is the limit";
  }
  if (launch.registers > sm.max_registers_per_thread) {
    return needs + std::to_string(launch.registers) + " registers per thread, " + device.name + " has " +
           std::to_string(sm.max_registers_per_thread);
  }
  if (const std::int64_t registers = registers_of_cta(sm, launch); registers > sm.registers) {
    return needs + std::to_string(registers) + " registers per CTA, an SM of " + device.name + " has " +
           std::to_string(sm.registers);
  }
  if (const std::int64_t taken = registers_of_roles(launch); taken > registers_at_entry(launch)) {
    const Role& largest = *std::max_element(launch.roles.begin(), launch.roles.end(),
                                            [](const Role& a, const Role& b) { return a.registers < b.registers; });
    return needs + std::to_string(largest.registers) + " registers per thread of its " + largest.name + ", " +
           std::to_string(taken) + " in all roles of a CTA that starts with " +
           std::to_string(registers_at_entry(launch));
  }
  return needs + "a grid of " + std::to_string(static_cast<std::int64_t>(grid_of(launch))) +
         " CTAs, 2^31 - 1 is the limit";
}

}  // namespace

SmLimits::SmLimits(const Device& device)
    : smem_capacity{whole(device.sm.smem_capacity, any_number)},
      smem_per_cta{whole(device.sm.smem_per_cta, any_number)},
      smem_unit{whole(device.sm.smem_unit, 1)},
      smem_reserved_per_cta{whole(device.sm.smem_reserved_per_cta, 0)},
      registers{whole(device.sm.registers, any_number)},
      register_unit{whole(device.sm.register_unit, warp_size)},
      max_registers_per_thread{whole(device.sm.max_registers_per_thread, any_number)},
      max_threads{whole(device.sm.max_threads, any_number)},
      max_ctas{whole(device.sm.max_ctas, any_number)} {}

Occupancy occupancy(const SmLimits& sm, const Launch& launch) {
  const std::int64_t smem = round_up(launch.smem, sm.smem_unit) + sm.smem_reserved_per_cta;
  Occupancy o;
  o.by_smem = smem > 0 ? sm.smem_capacity / smem : any_number;
  o.by_registers = sm.registers / std::max<std::int64_t>(1, registers_of_cta(sm, launch));
  o.by_threads = sm.max_threads / std::max(1, launch.threads);
  o.by_ctas = sm.max_ctas;
  o.resident = std::min({o.by_smem, o.by_registers, o.by_threads, o.by_ctas});
  return o;
}

tl::expected<void, Refusal> fits(const SmLimits& sm, const Device& device, const Program& program,
                                 const ProgramCounts& counts) {
  for (const Launch& launch : program.launches) {
    if (!fits(sm, launch)) return does_not_fit(reason(device, sm, launch));
  }
  Bytes bytes = counts.inputs_and_outputs + counts.workspace;
  Bytes on_host;
  if (counts.keeps(Placement::host)) {
    for (const Tensor& tensor : program.tensors) {
      if (tensor.placement != Placement::host) continue;
      const Bytes all{static_cast<double>(tensor.bytes())};
      on_host += all;
      bytes += Bytes{tensor.device_bytes()} - all;
    }
  }
  if (is_known(device.memory.host.capacity) && on_host > device.memory.host.capacity) {
    return does_not_fit("tensors need " + format(on_host) + " of host memory, beside " + device.name + " there are " +
                        format(device.memory.host.capacity));
  }
  if (is_known(device.memory.dram.capacity) && bytes > device.memory.dram.capacity) {
    return does_not_fit("tensors need " + format(bytes) + " of DRAM, " + device.name + " has " +
                        format(device.memory.dram.capacity));
  }
  return {};
}

}  // namespace rooftile
