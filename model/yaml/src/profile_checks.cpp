#include "profile_checks.hpp"

#include <cmath>
#include <cstdio>

#include "rooftile/model/format_quantity.hpp"

namespace rooftile::yaml {
namespace {

constexpr double tolerance = 0.01;
constexpr int threads_per_warp = 32;

/// "sm.smem_capacity 164 KiB", with the value as the profile prints it.
std::string named(const Profile& profile, std::string_view path) {
  const DeviceLeaf* leaf = find_leaf(path);
  return std::string{path} + ' ' + format_quantity(value_of(profile.device, *leaf), leaf->dimension, 6);
}

[[noreturn]] void fail_at(const Profile& profile, std::string_view path, const std::string& message) {
  const StatedLeaf* stated = profile.find(path);
  throw InputError{stated == nullptr ? profile.where : stated->where, message};
}

/// What `expect:` can hold and how it follows from the leaves.
struct Total {
  std::string_view path;
  std::string_view formula;
  double (*value)(const Device&);
};

double tensor_peak(const Device& device, FlopsPerCycle rate) {
  return (rate * device.clock.tensor_boost).value() * device.sm.count.value();
}

constexpr Total totals[] = {
    {"expect.fp16_fp32", "sm.count x sm.tensor.fp16_fp32 x clock.tensor_boost",
     [](const Device& device) { return tensor_peak(device, device.sm.tensor.fp16_fp32); }},
    {"expect.bf16_fp32", "sm.count x sm.tensor.bf16_fp32 x clock.tensor_boost",
     [](const Device& device) { return tensor_peak(device, device.sm.tensor.bf16_fp32); }},
    {"expect.tf32_fp32", "sm.count x sm.tensor.tf32_fp32 x clock.tensor_boost",
     [](const Device& device) { return tensor_peak(device, device.sm.tensor.tf32_fp32); }},
    {"expect.fp8_fp32", "sm.count x sm.tensor.fp8_fp32 x clock.tensor_boost",
     [](const Device& device) { return tensor_peak(device, device.sm.tensor.fp8_fp32); }},
    {"expect.dram", "memory.dram.bus x memory.dram.clock x memory.dram.transfers_per_clock",
     [](const Device& device) {
       const Dram& dram = device.memory.dram;
       return dram.bus.value() * dram.clock.value() * dram.transfers_per_clock.value();
     }},
    {"expect.smem_total", "sm.count x memory.smem.bandwidth x clock.boost",
     [](const Device& device) {
       return (device.memory.smem.bandwidth * device.clock.boost).value() * device.sm.count.value();
     }},
    {"expect.ridge_fp16", "sm.count x sm.tensor.fp16_fp32 x clock.tensor_boost / memory.dram.bandwidth",
     [](const Device& device) { return ridge(device, DType::fp16).value(); }},
};

std::string percent(double fraction) {
  char text[32];
  std::snprintf(text, sizeof text, "%d.%d %%", static_cast<int>(fraction * 100),
                static_cast<int>(fraction * 1000) % 10);
  return text;
}

void check_total(const Profile& profile, const Total& total, const StatedLeaf& expected) {
  const std::string what{total.path};
  const double computed = total.value(profile.device);
  if (std::isnan(computed)) {
    throw InputError{expected.where,
                     what + " cannot be checked: " + std::string{total.formula} + " needs a leaf that is not stated"};
  }
  const double apart = std::fabs(computed - expected.value) / expected.value;
  if (apart <= tolerance) return;
  throw InputError{expected.where, what + " is " + format_quantity(expected.value, expected.dimension, 4) + ", but " +
                                       std::string{total.formula} + " = " +
                                       format_quantity(computed, expected.dimension, 4) + " (" + percent(apart) +
                                       " apart, 1 % allowed)"};
}

}  // namespace

void check_consistency(const Profile& profile) {
  const Sm& sm = profile.device.sm;
  if (sm.smem_per_cta.value() + sm.smem_reserved_per_cta.value() > sm.smem_capacity.value()) {
    fail_at(profile, "sm.smem_per_cta",
            named(profile, "sm.smem_per_cta") + " and " + named(profile, "sm.smem_reserved_per_cta") +
                " do not fit together in " + named(profile, "sm.smem_capacity"));
  }
  if (sm.smem_capacity.value() > profile.device.memory.l1.capacity.value()) {
    fail_at(profile, "sm.smem_capacity",
            named(profile, "sm.smem_capacity") + " is more than " + named(profile, "memory.l1.capacity") +
                ", of which it is a part");
  }
  const double threads = threads_per_warp * sm.max_warps.value();
  if (!std::isnan(threads) && !std::isnan(sm.max_threads.value()) && threads != sm.max_threads.value()) {
    fail_at(profile, "sm.max_threads",
            named(profile, "sm.max_threads") + " is not 32 x " + named(profile, "sm.max_warps"));
  }
}

void check_expectations(const Profile& profile) {
  for (const Total& total : totals) {
    for (const StatedLeaf& expected : profile.expect) {
      if (expected.path == total.path) check_total(profile, total, expected);
    }
  }
}

}  // namespace rooftile::yaml
