#include "dependence_cycles.hpp"

#include <array>

namespace rooftile {
namespace {

/// An op of the graph: what it waits for, by number; -1: no node.
struct Node {
  std::int8_t earlier[3];
  std::int8_t lag[3];
  std::uint8_t edges;
  std::uint8_t place;  ///< in the launch
};

/// Walks dependences backwards from an edge into a later trip until they lead to its other end.
class CycleSearch {
 public:
  CycleSearch(const Program& program, const Launch& launch, const OpSet& nodes, DependenceCycles& cycles)
      : cycles_{cycles} {
    std::array<std::int8_t, max_launch_ops> number;  // by place
    nodes.for_each([&](std::size_t place) {
      number[place] = static_cast<std::int8_t>(nodes_.size());
      nodes_.emplace_back().place = static_cast<std::uint8_t>(place);
    });
    for (Node& node : nodes_) {
      const TileOp& op = program.ops[static_cast<std::size_t>(launch.first_op) + node.place];
      node.edges = op.after_count;
      for (std::size_t a = 0; a < op.after_count; ++a) {
        const auto place = static_cast<std::size_t>(op.after[a].op - launch.first_op);
        node.earlier[a] = nodes.has(place) ? number[place] : std::int8_t{-1};
        node.lag[a] = op.after[a].lag;
      }
    }
  }

  void run() {
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      for (std::size_t a = 0; a < nodes_[n].edges; ++a) {
        if (nodes_[n].lag[a] > 0) close(n, a);
      }
    }
  }

 private:
  static int edge_number(std::size_t node, std::size_t a) { return static_cast<int>(4 * node + a); }

  /// All cycles through dependence `a` of node `n`, and through no edge into a later trip that comes before it: each
  /// cycle is found once.
  void close(std::size_t n, std::size_t a) {
    root_ = edge_number(n, a);
    goal_ = static_cast<int>(n);
    if (nodes_[n].earlier[a] >= goal_) walk(nodes_[n].earlier[a], 0, nodes_[n].lag[a]);
  }

  void walk(int number, std::uint64_t passed, int lag) {
    passed |= std::uint64_t{1} << static_cast<unsigned>(number);
    if (number == goal_) return add(passed, lag);
    const auto n = static_cast<std::size_t>(number);
    const Node& node = nodes_[n];
    for (std::size_t a = 0; a < node.edges; ++a) {
      const int next = node.earlier[a];
      // no way leads back from before the goal: edges into a later trip have smaller numbers there
      if (next < goal_ || (passed >> static_cast<unsigned>(next) & 1U) != 0) continue;
      if (node.lag[a] == 0 || edge_number(n, a) > root_) walk(next, passed, lag + node.lag[a]);
    }
  }

  void add(std::uint64_t passed, int lag) {
    DependenceCycle& cycle = cycles_.emplace_back();
    cycle = {OpSet{}, lag};
    for (; passed != 0; passed &= passed - 1) {
      cycle.ops.add(nodes_[static_cast<std::size_t>(std::countr_zero(passed))].place);
    }
  }

  DependenceCycles& cycles_;
  InlineVector<Node, 64> nodes_;
  int root_ = 0;  ///< number of the edge that the search began with
  int goal_ = 0;  ///< the node behind it
};

}  // namespace

void find_cycles(const Program& program, const Launch& launch, const OpSet& nodes, DependenceCycles& cycles) {
  CycleSearch{program, launch, nodes, cycles}.run();
}

}  // namespace rooftile
