#include "dependence_cycles.hpp"

#include <algorithm>

namespace rooftile {

using Bits = WaitGraph::Bits;

namespace {
constexpr Bits bit(int n) { return Bits{1} << static_cast<unsigned>(n); }
}  // namespace

/// Walks dependences backwards from an edge into a later trip until they lead to its other end.
class CycleSearch {
 public:
  CycleSearch(const WaitGraph& graph, DependenceCycles& cycles) : graph_{graph}, cycles_{cycles} {}

  void run() {
    for (const WaitGraph::Edge& edge : graph_.later_) close(edge);
  }

 private:
  /// All cycles through an edge into a later trip, and through none that comes before it: each cycle is found once. No
  /// way leads back from before its op: edges into a later trip come earlier there.
  void close(const WaitGraph::Edge& edge) {
    root_ = &edge;
    open_ = graph_.nodes_ & ~(bit(edge.op) - 1);
    if ((open_ & bit(edge.other)) != 0) walk(edge.other, open_, edge.lag);
  }

  /// All ways on from op n; `open`: ops that this way has not passed. Most ops wait for one other.
  void walk(int n, Bits open, int lag) {
    for (;;) {
      open &= ~bit(n);
      if (n == root_->op) {
        cycles_.push_back({graph_.ops(open_ & ~open), lag});
        return;
      }
      if ((graph_.has_later_ & bit(n)) != 0) walk_into_later_trips(n, open, lag);
      Bits ways = graph_.before_[static_cast<std::size_t>(n)] & open;
      if (ways == 0) return;
      for (; (ways & (ways - 1)) != 0; ways &= ways - 1) walk(std::countr_zero(ways), open, lag);
      n = std::countr_zero(ways);
    }
  }
  void walk_into_later_trips(int n, Bits open, int lag) {
    for (const WaitGraph::Edge* edge = root_ + 1; edge != graph_.later_.end(); ++edge) {
      if (edge->op == n && (open & bit(edge->other)) != 0) walk(edge->other, open, lag + edge->lag);
    }
  }

  const WaitGraph& graph_;
  DependenceCycles& cycles_;
  const WaitGraph::Edge* root_ = nullptr;  ///< the edge that the search began with
  Bits open_ = 0;                          ///< the ops that may stand on its cycles
};

void WaitGraph::find_cycles(DependenceCycles& cycles) const { CycleSearch{*this, cycles}.run(); }

bool WaitGraph::operator==(const WaitGraph& other) const {
  if (nodes_ != other.nodes_ || later_.size() != other.later_.size()) return false;
  for (Bits left = nodes_; left != 0; left &= left - 1) {
    const auto n = static_cast<std::size_t>(std::countr_zero(left));
    if (before_[n] != other.before_[n]) return false;
  }
  return std::equal(later_.begin(), later_.end(), other.later_.begin());
}

}  // namespace rooftile
