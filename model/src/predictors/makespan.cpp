#include "makespan.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "rooftile/model/rounding.hpp"

namespace rooftile {
namespace {

/// A loop that takes time of its own: it makes trips, and leads those that run in step with it.
struct TimedLoop {
  const Loop* loop;
  const TripTime* trip;
  double trips;     ///< of all CTAs
  double each;      ///< of a CTA; where they differ, of the loops around it at the mean
  unsigned moving;  ///< the axes that its limits move with, a bit each
};
/// Trips that one CTA makes through each of them.
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
      : in_{input},
        ctas_{static_cast<double>(input.totals.ctas)},
        sms_{static_cast<double>(input.sms)},
        per_sm_{div_up(input.totals.ctas, input.sms)},
        full_{input.totals.ctas / (input.resident * input.sms)},
        rest_{input.totals.ctas % (input.resident * input.sms)} {
    for (std::size_t l = 0; l < in_.launch.loops.size(); ++l) add_loop(l);
    ramp_ = (moving_ & 1U) != 0;
    if (moving_ != 0) find_corners();
    longest_alone_ = longest(1);
    if (rest_ > 0) last_ = rest_ <= in_.sms ? longest_alone_ : longest(static_cast<double>(div_up(rest_, in_.sms)));
  }

  [[nodiscard]] double cycles() const {
    const std::int64_t n = in_.totals.ctas;
    if (n <= in_.sms) return longest_alone_;
    if (!ramp_) return waves();  // equal CTAs; of parts of the keys, all but the last are
    const bool in_turn = in_.launch.schedule == Schedule::persistent_static;
    if (in_turn && n <= followed_rounds * in_.resident * in_.sms) return std::min(in_turns(), waves());
    if (in_.resident == 2 && n <= 2 * in_.sms) return pairs();
    const auto k = static_cast<double>(together());
    return std::max(std::min(spread(k) / (k * sms_) + tail(k), waves()), longest_alone_);
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
    if (moving_ == 0) return apart(mean_trips(), k);
    double most = 0;
    for (const CtaTrips& made : corners_) most = std::max(most, apart(made, k));
    return most;
  }
  [[nodiscard]] double longest_alone() const { return longest_alone_; }

  /// What is left of equal CTAs when whole waves are done.
  [[nodiscard]] LastWave last_wave() const {
    if (ramp_ || full_ == 0 || rest_ == 0) return {};
    return {last_, static_cast<double>(rest_) / ctas_};
  }

  /// CTAs on an SM at the beginning.
  [[nodiscard]] std::int64_t together() const { return std::min(per_sm_, in_.resident); }

  /// Time of a CTA of mean length with k residents, and what decides it.
  [[nodiscard]] double mean(double k) const { return all(k) / ctas_; }
  [[nodiscard]] Limit bound(double k) const {
    Limit decides = in_.once.bound(k);
    double most = in_.once.shared(k) * ctas_;
    for (const TimedLoop& timed : loops_) {
      const double time = timed.trip->shared(k) * timed.trips;
      if (time > most) {
        most = time;
        decides = timed.trip->bound(k);
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
  void add_loop(std::size_t l) {
    const Loop& loop = in_.launch.loops[l];
    const unsigned moving = moving_axes(loop);
    moving_ |= moving;
    if (loop.group != static_cast<std::int8_t>(l) || in_.totals.trips[l] == 0) return;
    loops_.push_back({&loop, &in_.loop[l], trips(l), moving == 0 ? trips(l) / ctas_ : outer_trips(loop), moving});
  }
  /// Trips that a CTA makes through the enclosing loops, at the mean.
  [[nodiscard]] double outer_trips(const Loop& loop) const {
    double outer = 1;
    for (int p = loop.parent; p >= 0; p = in_.launch.loops[static_cast<std::size_t>(p)].parent) {
      outer *= trips(static_cast<std::size_t>(p)) / ctas_;
    }
    return outer;
  }
  [[nodiscard]] double trips(std::size_t l) const { return static_cast<double>(in_.totals.trips[l]); }
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

  /// All CTAs one after the other, each as long as with k residents.
  [[nodiscard]] double all(double k) const {
    double total = ctas_ * in_.once.shared(k);
    for (const TimedLoop& timed : loops_) total += timed.trips * timed.trip->shared(k);
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
    for (std::size_t l = 0; l < loops_.size(); ++l) {
      busy += made[l] * loops_[l].trip->busy;
      alone += made[l] * loops_[l].trip->alone();
    }
    return std::max(k * busy, alone);
  }
  [[nodiscard]] CtaTrips mean_trips() const {
    CtaTrips made;
    for (std::size_t l = 0; l < loops_.size(); ++l) made[l] = loops_[l].trips / ctas_;
    return made;
  }

  /// A CTA with k residents.
  [[nodiscard]] double cta(const CtaTrips& made, double k) const {
    double total = in_.once.shared(k);
    for (std::size_t l = 0; l < loops_.size(); ++l) total += loops_[l].trip->shared(k) * made[l];
    return total;
  }
  [[nodiscard]] CtaTrips trips_at(const Position& at) const {
    CtaTrips made;
    for (std::size_t l = 0; l < loops_.size(); ++l) made[l] = trips_at(loops_[l], at);
    return made;
  }
  [[nodiscard]] static double trips_at(const TimedLoop& timed, const Position& at) {
    if (timed.moving == 0) return timed.each;
    const auto value = [&at](const Bound& bound) {
      const bool moves = bound.moves() && bound.index < first_loop_index;
      return value_at(bound, moves ? at[static_cast<std::size_t>(bound.index)] : 0);
    };
    const Loop& loop = *timed.loop;
    std::int64_t last = value(loop.last);
    if (loop.has_cap) last = std::min(last, value(loop.cap));
    return static_cast<double>(std::max<std::int64_t>(0, last - value(loop.first))) * timed.each;
  }
  /// The CTA at a place of the order in which they are handed out.
  [[nodiscard]] CtaTrips trips_of_cta(std::int64_t place) const {
    const std::int64_t cta = in_.launch.cta_at(place);
    const std::int64_t tiles = in_.launch.axes[0].extent;
    return trips_of_tile(cta % tiles, cta / tiles);
  }
  /// The CTA at place `tile` of the order of a column, in column `column` of the grid.
  [[nodiscard]] CtaTrips trips_of_tile(std::int64_t tile, std::int64_t column) const {
    const auto place = [this](std::size_t a, std::int64_t at) {
      const Axis& axis = in_.launch.axes[a];
      return axis.descending ? axis.extent - 1 - at : at;
    };
    Position at{place(0, tile)};
    for (std::size_t a = 1; moving_ >> a != 0; ++a) {
      at[a] = place(a, column % in_.launch.axes[a].extent);
      column /= in_.launch.axes[a].extent;
    }
    return trips_at(at);
  }

  /// CTAs that all take as long as the longest, and no schedule is longer: full waves with all residents, the rest with
  /// as many as are left per SM. From the second wave on, residents do different things.
  [[nodiscard]] double waves() const {
    if (full_ == 0) return last_;
    const auto k = static_cast<double>(in_.resident);
    const double first = longest(k);
    return full_ == 1 ? first + last_ : first + static_cast<double>(full_ - 1) * longest_apart(k) + last_;
  }

  /// CTAs that stay: number c of G has the tiles c, c + G, c + 2G ..., and the one with the last tile is the last; or,
  /// longest first, c, 2G - 1 - c, 2G + c ..., where rounds that go there and back give all about as much, the first
  /// most as lengths fall to zero and stay there, unless a last way back reaches only some of them.
  [[nodiscard]] double in_turns() const {
    const std::int64_t stay = std::min(in_.totals.ctas, in_.resident * in_.sms);
    if (!in_.launch.axes[0].descending) return tiles_of((in_.totals.ctas - 1) % stay, stay);
    const double first = tiles_of(0, stay);
    return full_ % 2 == 1 && rest_ > 0 ? std::max(first, tiles_of(stay - rest_, stay)) : first;
  }
  /// All tiles of number c of those that stay.
  [[nodiscard]] double tiles_of(std::int64_t c, std::int64_t stay) const {
    const auto k = static_cast<double>(in_.resident);
    const bool there_and_back = in_.launch.axes[0].descending;
    const std::int64_t columns = in_.totals.ctas / in_.launch.axes[0].extent;
    double total = 0;
    for (std::int64_t first = 0, round = 0; first < in_.totals.ctas; first += stay, ++round) {
      const std::int64_t place = first + (there_and_back && round % 2 == 1 ? stay - 1 - c : c);
      if (place >= in_.totals.ctas) continue;
      // there and back: the longest tiles of all columns come first
      total += cta(there_and_back ? trips_of_tile(place / columns, place % columns) : trips_of_cta(place), k);
    }
    return total;
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
    if (moving_ != 1 || tiles > most_lengths || in_.launch.sections.columns > 1) {
      for (std::int64_t j = 0; j < in_.totals.ctas - in_.sms; ++j) {
        last = std::max(last, pair(length(trips_of_cta(j)), length(trips_of_cta(j + in_.sms))));
      }
      return last;
    }
    std::array<Length, most_lengths> of_tile;  // columns of tiles repeat them
    for (std::int64_t i = 0; i < tiles; ++i) of_tile[static_cast<std::size_t>(i)] = length(trips_of_tile(i, 0));
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
    const auto made = [this](std::int64_t tile) {
      const CtaTrips trips = trips_of_tile(tile, 0);
      return std::accumulate(trips.begin(), trips.begin() + loops_.size(), 0.0);
    };
    const double first = made(0), last = made(in_.launch.axes[0].extent - 1);
    return first > last || (first == last && in_.launch.axes[0].descending);
  }

  [[nodiscard]] double tail(double k) const {
    const Axis& tiles = in_.launch.axes[0];
    if (!longest_first()) return 0.5 * longest(k);
    const bool section_fills = tiles.extent * in_.launch.sections.columns >= in_.resident * in_.sms;
    return (section_fills ? 0.3 : 0.7) * mean(k);
  }

  const MakespanInput& in_;
  double ctas_;
  double sms_;
  std::int64_t per_sm_;  ///< CTAs that an SM gets, at most
  std::int64_t full_;    ///< waves that fill the machine
  std::int64_t rest_;    ///< CTAs behind them
  InlineVector<TimedLoop, max_loops> loops_;
  unsigned moving_ = 0;  ///< axes along which CTAs make different numbers of trips, a bit each
  bool ramp_ = false;    ///< axis 0 is one of them
  InlineVector<CtaTrips, 1U << max_axes> corners_;  ///< of the CTAs at the ends of those axes
  double longest_alone_ = 0;
  double last_ = 0;  ///< the longest CTA in the wave behind the full ones
};

}  // namespace

Makespan makespan(const MakespanInput& input) {
  const ListSchedule schedule{input};
  // CTAs that stay wait for a tile of their own once; the others do for every tile (in `once`). What passes between two
  // CTAs passes once less than there are waves.
  const bool stays = input.launch.schedule != Schedule::one_per_cta;
  const double beside = (stays ? input.once.wait : 0) - input.once.again;
  return {schedule.cycles() + beside, schedule.longest_alone() + beside, schedule.last_wave(),
          schedule.bound(static_cast<double>(schedule.together()))};
}

}  // namespace rooftile
