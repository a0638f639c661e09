#include "makespan.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace rooftile {
namespace {

/// Trips that one CTA makes through each loop.
using CtaTrips = std::array<double, max_loops>;
/// Where a CTA stands on each axis.
using Position = std::array<std::int64_t, max_axes>;

/// How far static persistent CTAs are followed tile by tile; beyond, chance evens them out.
constexpr std::int64_t followed_rounds = 8;

/// Tiles of a column whose lengths are kept: no GPU has half as many SMs.
constexpr std::int64_t most_lengths = 512;

class ListSchedule {
 public:
  explicit ListSchedule(const MakespanInput& input)
      : in_{input}, ctas_{static_cast<double>(input.totals.ctas)}, sms_{static_cast<double>(input.sms)} {
    for (const Loop& loop : in_.launch.loops) moving_ |= moving_axes(loop);
    ramp_ = (moving_ & 1U) != 0;
    if (moving_ != 0) find_corners();
    longest_alone_ = longest(1);
  }

  [[nodiscard]] double cycles() const {
    const std::int64_t n = in_.totals.ctas;
    const double residents = static_cast<double>(in_.resident);
    if (n <= in_.sms) return longest_alone_;
    if (moving_ == 0) return waves();
    if (!ramp_) return waves_of_longest();  // parts of the keys: all but the last are equal
    const bool in_turn = in_.launch.schedule == Schedule::persistent_static;
    if (in_turn && n <= followed_rounds * in_.resident * in_.sms) return std::min(in_turns(), waves_of_longest());
    if (in_.resident == 2 && n <= 2 * in_.sms) return pairs();
    const double k = std::min(residents, static_cast<double>(ceil_div(n, in_.sms)));
    return std::max(std::min(spread(k) / (k * sms_) + tail(k), waves_of_longest()), longest_alone_);
  }

  /// The longest CTA with k residents: it stands at an end of each axis that moves a loop.
  [[nodiscard]] double longest(double k) const {
    if (moving_ == 0) return mean(k);
    double most = 0;
    for (const CtaTrips& made : corners_) most = std::max(most, cta(made, k));
    return most;
  }
  /// As `longest`, where each of the k residents does something else.
  [[nodiscard]] double longest_apart(double k) const {
    double most = 0;
    for (const CtaTrips& made : corners_) most = std::max(most, apart(made, k));
    return most;
  }
  [[nodiscard]] double longest_alone() const { return longest_alone_; }

  /// What is left of equal CTAs when whole waves are done.
  [[nodiscard]] LastWave last_wave() const {
    const std::int64_t slots = in_.resident * in_.sms;
    const std::int64_t rest = in_.totals.ctas % slots;
    if (ramp_ || in_.totals.ctas < slots || rest == 0) return {};
    return {longest(static_cast<double>(ceil_div(rest, in_.sms))), static_cast<double>(rest) / ctas_};
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
  /// The axes that the limits of a loop move with, a bit each.
  static unsigned moving_axes(const Loop& loop) {
    const auto bit = [](const Bound& bound) {
      return bound.moves() && bound.index < first_loop_index ? bit_of(bound.index) : 0U;
    };
    return bit(loop.first) | bit(loop.last) | (loop.has_cap ? bit(loop.cap) : 0U);
  }
  void find_corners() {
    for (unsigned ends = moving_;; ends = (ends - 1) & moving_) {
      Position at{};
      for (std::size_t a = 0; moving_ >> a != 0; ++a) {
        if ((ends >> a & 1U) != 0) at[a] = in_.launch.axes[a].extent - 1;
      }
      corners_.push_back(trips_at(at));
      if (ends == 0) return;
    }
  }
  /// Loops that run in step with another have no time of their own.
  [[nodiscard]] bool takes_time(std::size_t l) const {
    return in_.launch.loops[l].group == static_cast<std::int8_t>(l);
  }
  [[nodiscard]] double trips(std::size_t l) const { return static_cast<double>(in_.totals.trips[l]); }

  /// All CTAs one after the other, each as long as with k residents.
  [[nodiscard]] double all(double k) const {
    double total = ctas_ * in_.once.shared(k);
    for (std::size_t l = 0; l < in_.launch.loops.size(); ++l) total += trips(l) * in_.loop[l].shared(k);
    return total;
  }

  /// All CTAs one after the other, those behind the first wave apart.
  [[nodiscard]] double spread(double k) const {
    const double first = std::min(1.0, k * sms_ / ctas_);
    return first * all(k) + (1 - first) * ctas_ * apart(mean_trips(), k);
  }

  /// A CTA with k residents of which each does something else: one's beginning under another's trips.
  [[nodiscard]] double apart(const CtaTrips& made, double k) const {
    double busy = in_.once.busy, alone = in_.once.alone();
    for (std::size_t l = 0; l < in_.launch.loops.size(); ++l) {
      busy += made[l] * in_.loop[l].busy;
      alone += made[l] * in_.loop[l].alone();
    }
    return std::max(k * busy, alone);
  }
  [[nodiscard]] CtaTrips mean_trips() const {
    CtaTrips made;
    for (std::size_t l = 0; l < in_.launch.loops.size(); ++l) made[l] = trips(l) / ctas_;
    return made;
  }

  /// A CTA with k residents.
  [[nodiscard]] double cta(const CtaTrips& made, double k) const {
    double total = in_.once.shared(k);
    for (std::size_t l = 0; l < in_.launch.loops.size(); ++l) total += in_.loop[l].shared(k) * made[l];
    return total;
  }
  [[nodiscard]] CtaTrips trips_at(const Position& at) const {
    CtaTrips made{};
    for (std::size_t l = 0; l < in_.launch.loops.size(); ++l) made[l] = trips_at(l, at);
    return made;
  }
  [[nodiscard]] double trips_at(std::size_t l, const Position& at) const {
    const Loop& loop = in_.launch.loops[l];
    if (!takes_time(l)) return 0;
    if (moving_axes(loop) == 0) return trips(l) / ctas_;
    const auto value = [&at](const Bound& bound) {
      const bool moves = bound.moves() && bound.index < first_loop_index;
      return value_at(bound, moves ? at[static_cast<std::size_t>(bound.index)] : 0);
    };
    std::int64_t last = value(loop.last);
    if (loop.has_cap) last = std::min(last, value(loop.cap));
    const std::int64_t here = std::max<std::int64_t>(0, last - value(loop.first));
    double outer = 1;  // trips of the enclosing loops
    for (int p = loop.parent; p >= 0; p = in_.launch.loops[static_cast<std::size_t>(p)].parent) {
      outer *= trips(static_cast<std::size_t>(p)) / ctas_;
    }
    return static_cast<double>(here) * outer;
  }
  /// The CTA at place `cta` of the order in which they are handed out.
  [[nodiscard]] CtaTrips trips_of_cta(std::int64_t cta) const {
    Position at{};
    for (std::size_t a = 0; moving_ >> a != 0; ++a) {
      const Axis& axis = in_.launch.axes[a];
      at[a] = axis.descending ? axis.extent - 1 - cta % axis.extent : cta % axis.extent;
      cta /= axis.extent;
    }
    return trips_at(at);
  }

  /// Equal CTAs: full waves with all residents, the rest with as many as are left per SM. From the second wave on,
  /// residents do different things.
  [[nodiscard]] double waves() const {
    return in_waves([this](double k) { return mean(k); }, [this](double k) { return apart(mean_trips(), k); });
  }
  /// No schedule is longer than that of CTAs which all take as long as the longest.
  [[nodiscard]] double waves_of_longest() const {
    return in_waves([this](double k) { return longest(k); }, [this](double k) { return longest_apart(k); });
  }
  /// `later`: a CTA of a full wave that is not the first.
  template <class Time, class Later>
  [[nodiscard]] double in_waves(Time cta, Later later) const {
    const std::int64_t slots = in_.resident * in_.sms;
    const std::int64_t full = in_.totals.ctas / slots;
    const std::int64_t rest = in_.totals.ctas % slots;
    const double last = rest == 0 ? 0 : cta(static_cast<double>(ceil_div(rest, in_.sms)));
    const auto k = static_cast<double>(in_.resident);
    if (full == 0) return last;
    const double first = cta(k);
    return full == 1 ? first + last : first + static_cast<double>(full - 1) * later(k) + last;
  }

  /// CTAs that stay: number c of G has the tiles c, c + G, c + 2G ..., and the one with the last tile is the last; or,
  /// longest first, c, 2G - 1 - c, 2G + c ..., where rounds that go there and back give all about as much, the first
  /// most as lengths fall to zero and stay there, unless a last way back reaches only some of them.
  [[nodiscard]] double in_turns() const {
    const std::int64_t stay = std::min(in_.totals.ctas, in_.resident * in_.sms);
    const std::int64_t full = in_.totals.ctas / stay, rest = in_.totals.ctas % stay;
    if (!in_.launch.axes[0].descending) return tiles_of((in_.totals.ctas - 1) % stay, stay);
    const double first = tiles_of(0, stay);
    return full % 2 == 1 && rest > 0 ? std::max(first, tiles_of(stay - rest, stay)) : first;
  }
  /// All tiles of number c of those that stay.
  [[nodiscard]] double tiles_of(std::int64_t c, std::int64_t stay) const {
    const auto k = static_cast<double>(in_.resident);
    const bool there_and_back = in_.launch.axes[0].descending;
    double total = 0;
    for (std::int64_t first = 0, round = 0; first < in_.totals.ctas; first += stay, ++round) {
      const std::int64_t place = first + (there_and_back && round % 2 == 1 ? stay - 1 - c : c);
      if (place < in_.totals.ctas) total += cta(there_and_back ? trips_by_length(place) : trips_of_cta(place), k);
    }
    return total;
  }
  /// The tile at a place of the order in which the longest of all columns come first.
  [[nodiscard]] CtaTrips trips_by_length(std::int64_t place) const {
    const std::int64_t tiles = in_.launch.axes[0].extent, columns = in_.totals.ctas / tiles;
    return trips_of_cta(place % columns * tiles + place / columns);
  }

  /// Two residents and a grid of one to two CTAs per SM, handed out in order: two CTAs on one SM share it until the
  /// shorter is done; the rest of the longer is alone.
  [[nodiscard]] double pairs() const {
    struct Length {
      double alone, shared;
    };
    const auto length = [this](const CtaTrips& made) { return Length{cta(made, 1), cta(made, 2)}; };
    const auto pair = [](const Length& a, const Length& b) {
      const bool first_is_longer = b.alone < a.alone;
      const Length& shorter = first_is_longer ? b : a;
      return shorter.shared + ((first_is_longer ? a : b).alone - shorter.alone);
    };
    double last = longest_alone_;
    const std::int64_t tiles = in_.launch.axes[0].extent;
    if (moving_ != 1 || tiles > most_lengths) {
      for (std::int64_t j = 0; j < in_.totals.ctas - in_.sms; ++j) {
        last = std::max(last, pair(length(trips_of_cta(j)), length(trips_of_cta(j + in_.sms))));
      }
      return last;
    }
    std::array<Length, most_lengths> of_tile;  // columns of tiles repeat them
    for (std::int64_t i = 0; i < tiles; ++i) of_tile[static_cast<std::size_t>(i)] = length(trips_of_cta(i));
    auto first = std::size_t{0};
    auto second = static_cast<std::size_t>(in_.sms % tiles);
    const auto next = [tiles](std::size_t& tile) { tile = tile + 1 == static_cast<std::size_t>(tiles) ? 0 : tile + 1; };
    for (std::int64_t j = 0; j < in_.totals.ctas - in_.sms; ++j, next(first), next(second)) {
      last = std::max(last, pair(of_tile[first], of_tile[second]));
    }
    return last;
  }

  /// True if the CTAs of a column are handed out from the longest to the shortest: query tiles from the far end, blocks
  /// of keys in a backward pass from the near one. Told by trips: how fast a device masks cannot change an order.
  [[nodiscard]] bool longest_first() const {
    const auto made = [this](std::int64_t at) {
      const CtaTrips trips = trips_of_cta(at);
      return std::accumulate(trips.begin(), trips.end(), 0.0);
    };
    const double first = made(0), last = made(in_.launch.axes[0].extent - 1);
    return first > last || (first == last && in_.launch.axes[0].descending);
  }

  [[nodiscard]] double tail(double k) const {
    const Axis& tiles = in_.launch.axes[0];
    if (!longest_first()) return 0.5 * longest(k);
    const bool column_fills = tiles.extent >= in_.resident * in_.sms;
    return (column_fills ? 0.3 : 0.7) * mean(k);
  }

  const MakespanInput& in_;
  double ctas_;
  double sms_;
  unsigned moving_ = 0;  ///< axes along which CTAs make different numbers of trips, a bit each
  bool ramp_ = false;    ///< axis 0 is one of them
  InlineVector<CtaTrips, 1U << max_axes> corners_;  ///< of the CTAs at the ends of those axes
  double longest_alone_ = 0;
};

}  // namespace

Makespan makespan(const MakespanInput& input) {
  const ListSchedule schedule{input};
  const std::int64_t together = std::clamp<std::int64_t>(ceil_div(input.totals.ctas, input.sms), 1, input.resident);
  // CTAs that stay wait for a tile of their own once; the others do for every tile (in `once`)
  const bool stays = input.launch.schedule != Schedule::one_per_cta;
  const double first_wait = stays ? input.once.wait : 0;
  return {schedule.cycles() + first_wait, schedule.longest_alone() + first_wait, schedule.last_wave(),
          schedule.bound(static_cast<double>(together))};
}

}  // namespace rooftile
