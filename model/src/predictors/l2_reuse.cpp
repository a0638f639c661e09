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
  const double begin = cliff_begin * capacity.value();
  const double end = cliff_end * capacity.value();
  if (between <= begin) return 0;
  return between >= end ? 1 : (between - begin) / (end - begin);
}

L2Reuse::L2Reuse(const Device& device, const Program& program, const ProgramCounts& counts, bool warm)
    : program_{program},
      capacity_{device.memory.l2.capacity},
      partitions_{std::max(1.0, device.memory.l2.partitions.value())} {
  const double call = warm ? standing_bytes(counts, [](const Tensor&) { return true; })
                           : 0;  // between two uses of a tensor in calls that follow
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    used_[t] = warm && program.tensors[t].placement != Placement::host ? -call : never;
    if (program.tensors[t].role == TensorRole::input) made_ |= std::uint64_t{1} << t;
  }
  if (counts.keeps(Placement::l2)) set_aside(device, counts);
}

template <class Chosen>
double L2Reuse::standing_bytes(const ProgramCounts& counts, Chosen chosen) const {
  std::array<double, max_tensors> most{};
  double all = 0;
  for (const TensorUse& use : counts.uses) {
    const auto t = static_cast<std::size_t>(use.tensor);
    const double bytes = copies_of(use, partitions_) * static_cast<double>(use.touched);
    if (!chosen(program_.tensors[t]) || bytes <= most[t]) continue;
    all += bytes - most[t];
    most[t] = bytes;
  }
  return all;
}

void L2Reuse::set_aside(const Device& device, const ProgramCounts& counts) {
  const double all = standing_bytes(counts, [](const Tensor& tensor) { return tensor.placement == Placement::l2; });
  if (all == 0) return;  // a mask that hides every key
  const double part = std::min(all, capacity_.value() * device.memory.l2.persisting_fraction.value());
  pinned_ = part / all;
  capacity_ = capacity_ - Bytes{part};
}

Waves::Waves(const Launch& launch, std::int64_t ctas, std::int64_t wave)
    : launch_{launch},
      ctas_{ctas},
      wave_{wave},
      one_of_waves_{std::min(1.0, static_cast<double>(wave) / static_cast<double>(ctas))} {}

double Waves::shared_anew(const TensorUse& use) {
  double& known = anew_[use.indexed];
  if ((asked_ >> use.indexed & 1U) == 0) {
    asked_ |= 1U << use.indexed;
    const double incidences = wave_incidences(launch_, use.indexed, wave_);
    known = incidences * static_cast<double>(use.sharers) / static_cast<double>(ctas_);
  }
  return known;
}

Traffic L2Reuse::next(const Launch& launch, std::int64_t ctas, std::span<const TensorUse> uses, std::int64_t wave) {
  Waves waves{launch, ctas, wave};
  std::array<double, max_tensors> anew;
  double wave_all = 0;
  double wave_loaded = 0;
  double all = 0;
  for (std::size_t u = 0; u < uses.size(); ++u) {
    anew[u] = waves.anew(uses[u]);
    const double bytes = share(uses[u]);
    const double standing = waves.standing(anew[u]) * bytes;
    all += bytes;
    wave_all += standing;
    if (uses[u].loaded > 0) wave_loaded += standing;
  }
  const Misses missed{miss_share(wave_loaded, capacity_), miss_share(wave_all, capacity_)};
  Traffic dram;
  const double first_stored = touched_ + all * waves.last();
  for (std::size_t u = 0; u < uses.size(); ++u) {
    add(uses[u], anew[u], missed, dram);
    used_at(uses[u], uses[u].stored > 0 ? first_stored : touched_);
  }
  touched_ += all;
  return dram;
}

void L2Reuse::used_at(const TensorUse& use, double touched) {
  const auto t = static_cast<std::size_t>(use.tensor);
  used_[t] = touched;
  if (program_.tensors[t].placement == Placement::host) used_[t] = never;
  made_ |= std::uint64_t{1} << t;
}

void L2Reuse::add(const TensorUse& use, double anew, const Misses& missed, Traffic& dram) {
  const auto t = static_cast<std::size_t>(use.tensor);
  const double between = touched_ - used_[t];
  const auto touched = static_cast<double>(use.touched);
  if (use.swept_loads > 0) {
    const double loose = 1 - pinned(use);
    const auto swept = static_cast<double>(use.swept_loads);
    // what the launch itself stores before it reads it is no older than a sweep
    const bool made_here = use.stored > 0 && (made_ >> t & 1U) == 0;
    const double missed_once = between == -never ? 1.0 : loose * miss_share(between, capacity_);
    const double first = (made_here ? missed.next_sweep : missed_once) * std::min(touched, swept);
    double all = first;
    if (missed.any()) {
      const double next_sweeps = std::max(0.0, swept - touched);
      const double next_waves = swept * (anew - 1);
      all += loose * (missed.next_sweep * next_sweeps + missed.next_wave * next_waves);
    }
    missed_[t] = std::min(1.0, all / (swept * anew));
    dram.read += Bytes{all};
  }
  if (use.stored > 0) {
    const auto stored = static_cast<double>(use.swept_stores);
    const double once = std::min(touched, stored);
    dram.write += Bytes{once + missed.next_wave * (stored - once + stored * (anew - 1))};
  }
  if (use.swept_updates > 0) {  // atomics read what they add to
    const auto updated = static_cast<double>(use.swept_updates);
    const double found = std::min(touched, updated);
    dram.read +=
        Bytes{miss_share(between, capacity_) * found + missed.next_wave * (updated - found + updated * (anew - 1))};
  }
}

}  // namespace rooftile
