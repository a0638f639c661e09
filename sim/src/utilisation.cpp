#include "rooftile/sim/utilisation.hpp"

#include <algorithm>

namespace rooftile::sim {
namespace {

constexpr std::size_t bins_of_a_slice = 64;  // at most; at least half of them when a launch ends
constexpr std::size_t fewest_bins = 4096;
constexpr double first_width = 1e-9;  // seconds: about a cycle
constexpr std::size_t fewest_moving = 4096;
constexpr auto dram_lane = static_cast<std::size_t>(Limit::dram);

/// Spreads an amount evenly over [from, to), in widths of a bin; what lies behind the last bin is left out.
template <class Bins>
void spread(Bins& bins, std::size_t resource, double from, double to, double amount) {
  const auto count = static_cast<double>(bins.size());
  if (amount == 0 || from >= count) return;
  auto bin = static_cast<std::size_t>(from);
  if (to <= static_cast<double>(bin + 1)) {
    bins[bin][resource] += amount;
    return;
  }
  const double density = amount / (to - from);
  for (double at = from, end = std::min(to, count); at < end; ++bin) {
    const double next = std::min(end, static_cast<double>(bin + 1));
    bins[bin][resource] += density * (next - at);
    at = next;
  }
}

}  // namespace

Utilisation::Utilisation(std::size_t slices)
    : slices_{slices}, bins_(std::max(fewest_bins, bins_of_a_slice * slices)), most_moving_{fewest_moving} {}

void Utilisation::call_begins(const CallSeen& /*call*/) {
  launches_.clear();
  moving_.clear();
  begin_anew(Seconds{0});
}

void Utilisation::begin_anew(Seconds begin) {
  std::fill(bins_.begin(), bins_.end(), Bin{});
  width_ = first_width;
  begin_ = now_ = begin;
}

void Utilisation::launch_begins(const LaunchSeen& launch) {
  launches_.push_back({launch.launch.name, launch.begin, launch.begin, {}});
  sms_ = static_cast<double>(launch.sms);
  places_ = static_cast<double>(launch.sms * launch.resident);
  dram_ = launch.dram;
}

void Utilisation::phase(const PhaseSeen& phase) {
  add(busy_resources, phase.begin, phase.end, (phase.end - phase.begin).value() / places_);
}

void Utilisation::work(const WorkSeen& work) {
  now_ = std::max(now_, work.end);
  for (std::size_t u = 0; u < units; ++u) {
    add(static_cast<std::size_t>(limit_of(static_cast<Unit>(u))), work.begin, work.end, work.busy[u].value() / sms_);
  }
}

void Utilisation::dram(const DramSeen& dram) {
  moving_.push_back(dram);
  if (moving_.size() < most_moving_) return;
  add_moved(now_);
  most_moving_ = std::max(fewest_moving, 2 * moving_.size());
}

/// Adds what has moved until then, and keeps the rest.
void Utilisation::add_moved(Seconds until) {
  std::size_t kept = 0;
  for (DramSeen& seen : moving_) {
    const Seconds end = std::min(seen.end, until);
    if (end > seen.begin) {
      const Bytes moved = seen.bytes * ((end - seen.begin) / (seen.end - seen.begin));
      add(dram_lane, seen.begin, end, (moved / dram_).value());
      seen.bytes = seen.bytes - moved;
      seen.begin = end;
    }
    if (seen.end > until) moving_[kept++] = seen;
  }
  moving_.resize(kept);
}

void Utilisation::add(std::size_t resource, Seconds begin, Seconds end, double busy) {
  if (busy == 0) return;
  const double from = std::max(0.0, (begin - begin_).value()), to = (end - begin_).value();
  while (to > width_ * static_cast<double>(bins_.size())) join_bins();
  spread(bins_, resource, from / width_, to / width_, busy);
}

void Utilisation::join_bins() {
  const std::size_t half = bins_.size() / 2;
  for (std::size_t b = 0; b < half; ++b) {
    for (std::size_t r = 0; r <= busy_resources; ++r) bins_[b][r] = bins_[2 * b][r] + bins_[2 * b + 1][r];
  }
  std::fill(bins_.begin() + static_cast<std::ptrdiff_t>(half), bins_.end(), Bin{});
  width_ *= 2;
}

void Utilisation::launch_ends(Seconds end) {
  add_moved(end);
  LaunchSlices& done = launches_.back();
  done.end = end;
  done.slices.assign(slices_, {});
  const double length = (end - begin_).value();
  if (length > 0) fill(done.slices, length);
  begin_anew(end);
}

void Utilisation::fill(std::vector<Slice>& slices, double length) const {
  std::vector<Bin> busy(slices_);
  const double slice = length / static_cast<double>(slices_);
  for (std::size_t b = 0; b < bins_.size(); ++b) {
    const double from = static_cast<double>(b) * width_, to = std::min(from + width_, length);
    for (std::size_t r = 0; r <= busy_resources; ++r) spread(busy, r, from / slice, to / slice, bins_[b][r]);
  }
  for (std::size_t s = 0; s < slices_; ++s) {
    for (std::size_t r = 0; r < busy_resources; ++r) slices[s].busy[r] = busy[s][r] / slice;
    slices[s].places = busy[s][busy_resources] / slice;
  }
}

}  // namespace rooftile::sim
