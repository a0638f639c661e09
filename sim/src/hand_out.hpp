// Which CTA a place gets next. One per CTA: in the order of the grid, to whoever is free; dynamically persistent CTAs
// take tiles in the same way. Statically persistent ones have theirs from the start: number c of G those at c, c + G,
// c + 2G ... or, longest first, there and back: c, 2G - 1 - c, 2G + c ... of the tiles of all columns by length.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "rooftile/model/program.hpp"

namespace rooftile::sim {

class HandOut {
 public:
  HandOut(const Launch& launch, std::int64_t places)
      : launch_{launch}, ctas_{launch.ctas()}, places_{std::min(places, launch.ctas())} {
    for (const Loop& loop : launch.loops) {
      for (const Bound* bound : {&loop.first, &loop.last}) by_length_ |= bound->moves() && bound->index == 0;
      by_length_ |= loop.has_cap && loop.cap.moves() && loop.cap.index == 0;
    }
    by_length_ = by_length_ && launch.axes[0].descending;
    if (places_ >= launch.cluster && launch.axes[0].extent % launch.cluster == 0 && !by_length_) {
      places_ -= places_ % launch.cluster;
      together_ = launch.cluster;
    }
    if (launch.schedule == Schedule::persistent_static) round_.assign(static_cast<std::size_t>(places_), 0);
  }

  /// Places that get a CTA at all.
  [[nodiscard]] std::int64_t places() const { return places_; }
  /// So many neighbouring places get theirs at once, those of a cluster.
  [[nodiscard]] std::int64_t together() const { return together_; }
  /// The next CTA of a place; -1: no more.
  std::int64_t next(std::int64_t place) {
    if (round_.empty()) return given_ < ctas_ ? launch_.cta_at(given_++) : -1;
    const std::int64_t round = round_[static_cast<std::size_t>(place)]++;
    const bool back = by_length_ && round % 2 == 1;
    const std::int64_t n = round * places_ + (back ? places_ - 1 - place : place);
    if (n >= ctas_) return -1;
    if (!by_length_) return n;
    const std::int64_t tiles = launch_.axes[0].extent, columns = ctas_ / tiles;
    return n % columns * tiles + n / columns;
  }

 private:
  const Launch& launch_;
  std::int64_t ctas_;
  std::int64_t places_;
  std::int64_t together_ = 1;
  std::int64_t given_ = 0;
  bool by_length_ = false;           ///< tiles of a column are of different lengths, and the longest come first
  std::vector<std::int64_t> round_;  ///< by place
};

}  // namespace rooftile::sim
