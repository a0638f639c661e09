#include "l2_reuse.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rooftile/model/waves.hpp"

namespace rooftile {

double miss_share(double between, Bytes capacity) {
  const double fill = between / capacity.value();
  return std::clamp((fill - cliff_begin) / (cliff_end - cliff_begin), 0.0, 1.0);
}

L2Reuse::L2Reuse(const Device& device, const Program& program, const ProgramCounts& counts, bool warm)
    : program_{program},
      capacity_{device.memory.l2.capacity},
      partitions_{std::max(1.0, device.memory.l2.partitions.value())} {
  double call = 0;  // a warm call comes back to a tensor after all tensors of the call
  for (const Tensor& tensor : program.tensors) call += static_cast<double>(tensor.bytes());
  const double never = std::numeric_limits<double>::infinity();
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    between_[t] = warm && program.tensors[t].placement != Placement::host ? call : never;
    if (program.tensors[t].role == TensorRole::input) made_ |= std::uint64_t{1} << t;
  }
  if (program.keeps(Placement::l2)) set_aside(device, counts);
}

void L2Reuse::set_aside(const Device& device, const ProgramCounts& counts) {
  std::array<double, max_tensors> wanted{};  // what many CTAs read stands in each partition
  for (const TensorUse& use : counts.uses) {
    const auto t = static_cast<std::size_t>(use.tensor);
    if (program_.tensors[t].placement != Placement::l2) continue;
    wanted[t] = std::max(wanted[t], copies_of(use, partitions_) * static_cast<double>(use.touched));
  }
  double all = 0;
  for (const double bytes : wanted) all += bytes;
  if (all == 0) return;  // a mask that hides every key
  const double part = std::min(all, capacity_.value() * device.memory.l2.persisting_fraction.value());
  pinned_ = part / all;
  capacity_ = capacity_ - Bytes{part};
}

WaveUse wave_use(const Launch& launch, const TensorUse& use, std::int64_t ctas, std::int64_t wave, double partitions) {
  WaveUse result;
  const double waves = std::max(1.0, static_cast<double>(ctas) / static_cast<double>(wave));
  if (use.sharers > 1) {
    const double sets = static_cast<double>(ctas) / static_cast<double>(use.sharers);
    result.anew = wave_incidences(launch, use.indexed, wave) / sets;
  }
  result.standing = copies_of(use, partitions) * std::min(1.0, result.anew / waves) * static_cast<double>(use.touched);
  return result;
}

Traffic L2Reuse::next(const Launch& launch, std::span<const TensorUse> uses, std::int64_t wave) {
  const std::int64_t ctas = launch.ctas();
  std::array<double, max_tensors> anew;
  double wave_all = 0;
  double wave_loaded = 0;
  double all = 0;
  for (std::size_t u = 0; u < uses.size(); ++u) {
    const WaveUse in_wave = wave_use(launch, uses[u], ctas, wave, partitions_);
    anew[u] = in_wave.anew;
    const double loose = 1 - pinned(uses[u]);
    wave_all += loose * in_wave.standing;
    if (uses[u].loaded > 0) wave_loaded += loose * in_wave.standing;
    all += loose * copies_of(uses[u], partitions_) * static_cast<double>(uses[u].touched);
  }
  const double sweep_missed = miss_share(wave_loaded, capacity_);
  const double wave_missed = miss_share(wave_all, capacity_);

  Traffic dram;
  for (std::size_t u = 0; u < uses.size(); ++u) {
    const TensorUse& use = uses[u];
    double& between = between_[static_cast<std::size_t>(use.tensor)];
    const auto touched = static_cast<double>(use.touched);
    const auto swept = static_cast<double>(use.swept_loads);
    // what the launch itself stores before it reads it is no older than a sweep
    const bool made_here = use.stored > 0 && (made_ >> static_cast<unsigned>(use.tensor) & 1U) == 0;
    const double loose = 1 - pinned(use);
    const double missed_first = std::isinf(between) ? 1 : loose * miss_share(between, capacity_);
    const double first = (made_here ? sweep_missed : missed_first) * std::min(touched, swept);
    const double next_sweeps = std::max(0.0, swept - touched);
    const double next_waves = swept * (anew[u] - 1);
    const double missed = first + loose * (sweep_missed * next_sweeps + wave_missed * next_waves);
    if (swept > 0) missed_[static_cast<std::size_t>(use.tensor)] = std::min(1.0, missed / (swept * anew[u]));
    dram.read += Bytes{missed};
    const auto stored = static_cast<double>(use.swept_stores);
    const double once = std::min(touched, stored);
    dram.write += Bytes{once + wave_missed * (stored - once + stored * (anew[u] - 1))};
    // atomics read what they add to
    const auto updated = static_cast<double>(use.swept_updates);
    const double found = std::min(touched, updated);
    dram.read +=
        Bytes{miss_share(between, capacity_) * found + wave_missed * (updated - found + updated * (anew[u] - 1))};
  }
  for (std::size_t t = 0; t < program_.tensors.size(); ++t) between_[t] += all;
  for (const TensorUse& use : uses) {
    const auto t = static_cast<std::size_t>(use.tensor);
    const bool from_host = program_.tensors[t].placement == Placement::host;
    between_[t] = from_host ? std::numeric_limits<double>::infinity() : all;
    made_ |= std::uint64_t{1} << t;
  }
  return dram;
}

}  // namespace rooftile
