// A launch walked trip by trip: every CTA, every loop, every op, in program order. The slow twin of count.hpp, for
// tests and for readers who want to see what a Program means.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "rooftile/model/program.hpp"

namespace rooftile {

/// Values of all indices at one moment: axes first, then loops (bound.hpp).
using Indices = std::array<std::int64_t, max_axes + max_loops>;

/// Offset and clipped extent of a tile along one dimension.
struct TileSpan {
  std::int64_t offset = 0;
  std::int64_t extent = 0;
};

[[nodiscard]] constexpr TileSpan span_of(const TileDim& dim, std::int64_t tensor_extent, const Indices& at) {
  TileSpan span;
  if (dim.index != no_index) span.offset += at[static_cast<std::size_t>(dim.index)] * dim.step;
  if (dim.index2 != no_index) span.offset += at[static_cast<std::size_t>(dim.index2)] * dim.step2;
  span.extent = std::max<std::int64_t>(0, std::min<std::int64_t>(dim.extent, tensor_extent - span.offset));
  return span;
}

/// Calls `visitor.cta(indices)` for every CTA, `visitor.enter(loop, indices)` for every loop about to make a trip,
/// `visitor.trip(loop, indices)` for every trip and `visitor.op(op_index, indices)` for every execution of an op that
/// its guard lets through.
template <class Visitor>
class Expansion {
 public:
  Expansion(const Program& program, const Launch& launch, Visitor& visitor)
      : program_{program}, launch_{launch}, visitor_{visitor} {}

  void run() { walk_axis(static_cast<int>(launch_.axes.size()) - 1); }

 private:
  void walk_axis(int axis) {
    if (axis < 0) {
      visitor_.cta(at_);
      walk_body(-1);
      return;
    }
    const auto a = static_cast<std::size_t>(axis);
    for (std::int64_t k = 0; k < launch_.axes[a].extent; ++k) {
      at_[a] = launch_.axes[a].descending ? launch_.axes[a].extent - 1 - k : k;
      walk_axis(axis - 1);
    }
  }

  void walk_body(int parent) {
    for (std::int16_t i = launch_.first_op; i < launch_.last_op; ++i) {
      const TileOp& op = program_.ops[static_cast<std::size_t>(i)];
      if (op.loop == parent && passes(op)) visitor_.op(i, at_);
    }
    for (std::size_t l = 0; l < launch_.loops.size(); ++l) {
      if (launch_.loops[l].parent == parent) walk_loop(l);
    }
  }

  void walk_loop(std::size_t l) {
    const Loop& loop = launch_.loops[l];
    const std::int64_t first = limit(loop.first);
    const std::int64_t last = loop.has_cap ? std::min(limit(loop.last), limit(loop.cap)) : limit(loop.last);
    first_[l] = first;
    last_[l] = last;
    if (first < last) visitor_.enter(static_cast<int>(l), at_);
    for (std::int64_t k = first; k < last; ++k) {
      at_[first_loop_index + l] = loop.descending ? last - 1 - (k - first) : k;
      visitor_.trip(static_cast<int>(l), at_);
      walk_body(static_cast<int>(l));
    }
  }

  /// A guard speaks of block numbers: the first trip is the lowest block, whichever way the loop runs.
  [[nodiscard]] bool passes(const TileOp& op) const {
    if (op.guard == Guard::always) return true;
    const auto l = static_cast<std::size_t>(op.guard_loop);
    const std::int64_t block = at_[first_loop_index + l];
    if (op.guard == Guard::last_trip) return block == last_[l] - 1;
    return (block == first_[l]) == (op.guard == Guard::first_trip);
  }

  [[nodiscard]] std::int64_t limit(const Bound& bound) const {
    return value_at(bound, bound.index == no_index ? 0 : at_[static_cast<std::size_t>(bound.index)]);
  }

  const Program& program_;
  const Launch& launch_;
  Visitor& visitor_;
  Indices at_{};
  std::array<std::int64_t, max_loops> first_{};
  std::array<std::int64_t, max_loops> last_{};
};

template <class Visitor>
void expand(const Program& program, const Launch& launch, Visitor& visitor) {
  Expansion<Visitor>{program, launch, visitor}.run();
}

}  // namespace rooftile
