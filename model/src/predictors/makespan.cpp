#include "makespan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rooftile {
namespace {

/// Trips that one CTA makes through each loop.
using CtaTrips = std::array<double, max_loops>;

class ListSchedule {
 public:
  explicit ListSchedule(const MakespanInput& input)
      : in_{input}, ctas_{static_cast<double>(input.totals.ctas)}, sms_{static_cast<double>(input.sms)} {
    for (const Loop& loop : in_.launch.loops) ramp_ = ramp_ || moves_with_tile(loop);
    if (!ramp_) return;
    first_tile_ = trips_of_tile(0);
    last_tile_ = trips_of_tile(in_.launch.axes[0].extent - 1);
  }

  [[nodiscard]] double cycles() const {
    const std::int64_t n = in_.totals.ctas;
    const double residents = static_cast<double>(in_.resident);
    if (n <= in_.sms) return longest(1);
    if (!ramp_) return waves();
    if (in_.resident == 2 && n <= 2 * in_.sms) return pairs();
    const double k = std::min(residents, static_cast<double>(ceil_div(n, in_.sms)));
    return std::max(std::min(all(k) / (k * sms_) + tail(k), waves_of_longest()), longest(1));
  }

  /// The longest CTA with k residents.
  [[nodiscard]] double longest(double k) const {
    return ramp_ ? std::max(cta(first_tile_, k), cta(last_tile_, k)) : mean(k);
  }

  /// Time of a CTA of mean length with k residents, and what decides it.
  [[nodiscard]] double mean(double k) const { return all(k) / ctas_; }
  [[nodiscard]] Limit bound(double k) const {
    Limit decides = in_.once.bound(k);
    double most = in_.once.shared(k) * ctas_;
    for (std::size_t l = 0; l < in_.launch.loops.size(); ++l) {
      const double time = in_.loop[l].shared(k) * trips(l);
      if (time > most) {
        most = time;
        decides = in_.loop[l].bound(k);
      }
    }
    return decides;
  }

 private:
  static bool moves_with_tile(const Loop& loop) {
    return (loop.first.moves() && loop.first.index == 0) || (loop.last.moves() && loop.last.index == 0);
  }
  [[nodiscard]] double trips(std::size_t l) const { return static_cast<double>(in_.totals.trips[l]); }

  /// All CTAs one after the other, each as long as with k residents.
  [[nodiscard]] double all(double k) const {
    double total = ctas_ * in_.once.shared(k);
    for (std::size_t l = 0; l < in_.launch.loops.size(); ++l) total += trips(l) * in_.loop[l].shared(k);
    return total;
  }

  /// A CTA with k residents.
  [[nodiscard]] double cta(const CtaTrips& made, double k) const {
    double total = in_.once.shared(k);
    for (std::size_t l = 0; l < in_.launch.loops.size(); ++l) total += in_.loop[l].shared(k) * made[l];
    return total;
  }
  /// The CTA at position i of axis 0.
  [[nodiscard]] CtaTrips trips_of_tile(std::int64_t i) const {
    CtaTrips made;
    for (std::size_t l = 0; l < in_.launch.loops.size(); ++l) made[l] = trips_at(l, i);
    return made;
  }
  [[nodiscard]] double trips_at(std::size_t l, std::int64_t i) const {
    const Loop& loop = in_.launch.loops[l];
    if (!moves_with_tile(loop)) return trips(l) / ctas_;
    const auto value = [i](const Bound& bound) { return value_at(bound, bound.index == 0 ? i : 0); };
    const std::int64_t here = std::max<std::int64_t>(0, value(loop.last) - value(loop.first));
    double outer = 1;  // trips of the enclosing loops
    for (int p = loop.parent; p >= 0; p = in_.launch.loops[static_cast<std::size_t>(p)].parent) {
      outer *= trips(static_cast<std::size_t>(p)) / ctas_;
    }
    return static_cast<double>(here) * outer;
  }

  /// Equal CTAs: full waves with all residents, the rest with as many as are left per SM.
  [[nodiscard]] double waves() const {
    return in_waves([this](double k) { return mean(k); });
  }
  /// No schedule is longer than that of CTAs which all take as long as the longest.
  [[nodiscard]] double waves_of_longest() const {
    return in_waves([this](double k) { return longest(k); });
  }
  template <class Time>
  [[nodiscard]] double in_waves(Time cta) const {
    const std::int64_t slots = in_.resident * in_.sms;
    const std::int64_t full = in_.totals.ctas / slots;
    const std::int64_t rest = in_.totals.ctas % slots;
    const double last = rest == 0 ? 0 : cta(static_cast<double>(ceil_div(rest, in_.sms)));
    return static_cast<double>(full) * cta(static_cast<double>(in_.resident)) + last;
  }

  /// Two residents and a grid of one to two CTAs per SM, handed out in order.
  [[nodiscard]] double pairs() const {
    const Axis& tiles = in_.launch.axes[0];
    const auto tile_of = [&](std::int64_t cta) {
      const std::int64_t i = cta % tiles.extent;
      return tiles.descending ? tiles.extent - 1 - i : i;
    };
    double last = longest(1);
    for (std::int64_t j = 0; j < in_.totals.ctas - in_.sms; ++j)
      last = std::max(last, pair(tile_of(j), tile_of(j + in_.sms)));
    return last;
  }

  /// Two CTAs on one SM share it until the shorter is done; the rest of the longer is alone.
  [[nodiscard]] double pair(std::int64_t a, std::int64_t b) const {
    CtaTrips shorter = trips_of_tile(a);
    CtaTrips longer = trips_of_tile(b);
    if (cta(longer, 1) < cta(shorter, 1)) std::swap(shorter, longer);
    return cta(shorter, 2) + (cta(longer, 1) - cta(shorter, 1));
  }

  [[nodiscard]] double tail(double k) const {
    const Axis& tiles = in_.launch.axes[0];
    if (!tiles.descending) return 0.5 * longest(k);
    const bool column_fills = tiles.extent >= in_.resident * in_.sms;
    return (column_fills ? 0.3 : 0.7) * mean(k);
  }

  const MakespanInput& in_;
  double ctas_;
  double sms_;
  bool ramp_ = false;    ///< CTAs along axis 0 make different numbers of trips
  CtaTrips first_tile_;  ///< of axis 0; only with a ramp
  CtaTrips last_tile_;
};

}  // namespace

Makespan makespan(const MakespanInput& input) {
  const ListSchedule schedule{input};
  const std::int64_t together = std::clamp<std::int64_t>(ceil_div(input.totals.ctas, input.sms), 1, input.resident);
  return {schedule.cycles(), schedule.longest(1), schedule.bound(static_cast<double>(together))};
}

}  // namespace rooftile
