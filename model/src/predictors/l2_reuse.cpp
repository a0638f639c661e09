#include "l2_reuse.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rooftile/model/waves.hpp"

namespace rooftile {

namespace {
constexpr double never = -std::numeric_limits<double>::infinity();
}  // namespace

double miss_share(double between, Bytes capacity) {
  const double fill = between / capacity.value();
  return std::clamp((fill - cliff_begin) / (cliff_end - cliff_begin), 0.0, 1.0);
}

L2Reuse::L2Reuse(const Device& device, const Program& program, const ProgramCounts& counts, bool warm)
    : program_{program},
      capacity_{device.memory.l2.capacity},
      partitions_{std::max(1.0, device.memory.l2.partitions.value())} {
  const double call = counts.tensors.value();  // a warm call comes back to a tensor after all tensors of the call
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    used_[t] = warm && program.tensors[t].placement != Placement::host ? -call : never;
    if (program.tensors[t].role == TensorRole::input) made_ |= std::uint64_t{1} << t;
  }
  if (counts.keeps(Placement::l2)) set_aside(device, counts);
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

Waves::Waves(const Launch& launch, std::int64_t ctas, std::int64_t wave, double partitions)
    : launch_{launch},
      ctas_{ctas},
      wave_{wave},
      waves_{std::max(1.0, static_cast<double>(ctas) / static_cast<double>(wave))},
      partitions_{partitions} {}

double Waves::anew(const TensorUse& use) {
  if (use.sharers <= 1 || wave_ >= ctas_) return 1;
  double& known = anew_[use.indexed];
  if ((asked_ >> use.indexed & 1U) == 0) {
    asked_ |= 1U << use.indexed;
    const double sets = static_cast<double>(ctas_) / static_cast<double>(use.sharers);
    known = wave_incidences(launch_, use.indexed, wave_) / sets;
  }
  return known;
}

Traffic L2Reuse::next(const Launch& launch, std::span<const TensorUse> uses, std::int64_t wave) {
  Waves waves{launch, launch.ctas(), wave, partitions_};
  std::array<double, max_tensors> anew;
  double wave_all = 0;
  double wave_loaded = 0;
  double all = 0;
  for (std::size_t u = 0; u < uses.size(); ++u) {
    const double loose = 1 - pinned(uses[u]);
    anew[u] = waves.anew(uses[u]);
    const double standing = loose * waves.standing(uses[u], anew[u]);
    wave_all += standing;
    if (uses[u].loaded > 0) wave_loaded += standing;
    all += loose * copies_of(uses[u], partitions_) * static_cast<double>(uses[u].touched);
  }
  const double sweep_missed = miss_share(wave_loaded, capacity_);
  const double wave_missed = miss_share(wave_all, capacity_);

  Traffic dram;
  for (std::size_t u = 0; u < uses.size(); ++u) {
    const TensorUse& use = uses[u];
    const auto t = static_cast<std::size_t>(use.tensor);
    const double between = touched_ - used_[t];
    const double loose = 1 - pinned(use);
    const auto touched = static_cast<double>(use.touched);
    // what the launch itself stores before it reads it is no older than a sweep
    const bool made_here = use.stored > 0 && (made_ >> t & 1U) == 0;
    made_ |= std::uint64_t{1} << t;
    used_[t] = touched_;
    if (program_.tensors[t].placement == Placement::host) used_[t] = never;
    if (use.swept_loads > 0) {
      const auto swept = static_cast<double>(use.swept_loads);
      const double missed_first = std::isinf(between) ? 1 : loose * miss_share(between, capacity_);
      const double first = (made_here ? sweep_missed : missed_first) * std::min(touched, swept);
      const double next_sweeps = std::max(0.0, swept - touched);
      const double next_waves = swept * (anew[u] - 1);
      const double missed = first + loose * (sweep_missed * next_sweeps + wave_missed * next_waves);
      missed_[t] = std::min(1.0, missed / (swept * anew[u]));
      dram.read += Bytes{missed};
    }
    if (use.stored > 0) {
      const auto stored = static_cast<double>(use.swept_stores);
      const double once = std::min(touched, stored);
      dram.write += Bytes{once + wave_missed * (stored - once + stored * (anew[u] - 1))};
    }
    if (use.swept_updates > 0) {  // atomics read what they add to
      const auto updated = static_cast<double>(use.swept_updates);
      const double found = std::min(touched, updated);
      dram.read +=
          Bytes{miss_share(between, capacity_) * found + wave_missed * (updated - found + updated * (anew[u] - 1))};
    }
  }
  touched_ += all;
  return dram;
}

}  // namespace rooftile
