#include "dependence_cycles.hpp"

#include <array>
#include <bit>

namespace rooftile {
namespace {

using Bits = std::uint64_t;
constexpr Bits bit(int n) { return Bits{1} << static_cast<unsigned>(n); }

/// Walks dependences backwards from an edge into a later trip until they lead to its other end. Ops are numbered from
/// the first that is searched; sets of them are bits.
class CycleSearch {
 public:
  CycleSearch(const Program& program, const Launch& launch, const OpSet& nodes, DependenceCycles& cycles)
      : nodes_{nodes}, cycles_{cycles} {
    const int first_op = launch.first_op + static_cast<int>(nodes.first());
    const TileOp* const ops = program.ops.begin() + first_op;
    for (Bits left = nodes.bits(); left != 0; left &= left - 1) {
      const int n = std::countr_zero(left);
      before_[static_cast<std::size_t>(n)] = 0;
      for (int a = 0; a < ops[n].after_count; ++a) add_edge(n, ops[n].after[a].op - first_op, ops[n].after[a].lag);
    }
  }

  void run() {
    for (const Edge& edge : later_) close(edge);
  }

 private:
  /// An op waits for another, `lag` trips ago.
  struct Edge {
    std::int16_t op, other, lag;
  };

  void add_edge(int n, int other, int lag) {
    if (other < 0 || other >= static_cast<int>(OpSet::reach) || (nodes_.bits() & bit(other)) == 0) return;
    if (lag == 0) {
      before_[static_cast<std::size_t>(n)] |= bit(other);
    } else {
      later_.push_back(
          {static_cast<std::int16_t>(n), static_cast<std::int16_t>(other), static_cast<std::int16_t>(lag)});
      has_later_ |= bit(n);
    }
  }

  /// All cycles through an edge into a later trip, and through none that comes before it: each cycle is found once. No
  /// way leads back from before its op: edges into a later trip come earlier there.
  void close(const Edge& edge) {
    root_ = &edge;
    open_ = nodes_.bits() & ~(bit(edge.op) - 1);
    if ((open_ & bit(edge.other)) != 0) walk(edge.other, open_, edge.lag);
  }

  /// All ways on from op n; `open`: ops that this way has not passed. Most ops wait for one other.
  void walk(int n, Bits open, int lag) {
    for (;;) {
      open &= ~bit(n);
      if (n == root_->op) {
        cycles_.push_back({nodes_.only(open_ & ~open), lag});
        return;
      }
      if ((has_later_ & bit(n)) != 0) walk_into_later_trips(n, open, lag);
      Bits ways = before_[static_cast<std::size_t>(n)] & open;
      if (ways == 0) return;
      for (; (ways & (ways - 1)) != 0; ways &= ways - 1) walk(std::countr_zero(ways), open, lag);
      n = std::countr_zero(ways);
    }
  }
  void walk_into_later_trips(int n, Bits open, int lag) {
    for (const Edge* edge = root_ + 1; edge != later_.end(); ++edge) {
      if (edge->op == n && (open & bit(edge->other)) != 0) walk(edge->other, open, lag + edge->lag);
    }
  }

  const OpSet& nodes_;
  DependenceCycles& cycles_;
  std::array<Bits, OpSet::reach> before_;       ///< by op: those of the same trip that it waits for
  InlineVector<Edge, 3 * OpSet::reach> later_;  ///< in program order
  Bits has_later_ = 0;                          ///< ops that have any
  const Edge* root_ = nullptr;                  ///< the edge that the search began with
  Bits open_ = 0;                               ///< the ops that may stand on its cycles
};

}  // namespace

void find_cycles(const Program& program, const Launch& launch, const OpSet& nodes, DependenceCycles& cycles) {
  CycleSearch{program, launch, nodes, cycles}.run();
}

bool waits_alike(const Program& program, const Launch& launch, const OpSet& a, const OpSet& b) {
  if (a.bits() != b.bits() || a.bits() == 0) return false;
  const int apart = static_cast<int>(b.first()) - static_cast<int>(a.first());
  const TileOp* const ops = program.ops.begin() + launch.first_op + a.first();
  for (Bits left = a.bits(); left != 0; left &= left - 1) {
    const TileOp& x = ops[std::countr_zero(left)];
    const TileOp& y = *(&x + apart);
    if (x.after_count != y.after_count) return false;
    for (std::size_t i = 0; i < x.after_count; ++i) {
      if (x.after[i].lag != y.after[i].lag || x.after[i].op + apart != y.after[i].op) return false;
    }
  }
  return true;
}

}  // namespace rooftile
