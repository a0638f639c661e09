#include "dependence_graph.hpp"

#include <algorithm>
#include <limits>

namespace rooftile {
namespace {

constexpr std::size_t most_across = DependenceGraph::most_across;
constexpr double unreachable = -std::numeric_limits<double>::infinity();

/// One node per edge into a later trip; latency[a][b]: longest way from the head of a through the tail of b.
struct Condensed {
  std::size_t size = 0;
  double latency[most_across][most_across];
  int lag[most_across];
};

struct Cycle {
  double latency = 0;
  int lag = 0;
};

/// A cycle whose latencies exceed ratio x lags, by longest paths (Bellman, Ford); lag 0 if there is none.
Cycle exceeding(const Condensed& graph, double ratio) {
  double path[most_across] = {};
  int before[most_across];
  std::fill_n(before, graph.size, -1);
  for (std::size_t round = 0; round <= graph.size; ++round) {
    int changed = -1;
    for (std::size_t a = 0; a < graph.size; ++a) {
      for (std::size_t b = 0; b < graph.size; ++b) {
        const double longer = path[a] + graph.latency[a][b] - ratio * graph.lag[b];
        if (longer <= path[b] + 1e-9 * ratio) continue;
        path[b] = longer;
        before[b] = static_cast<int>(a);
        changed = static_cast<int>(b);
      }
    }
    if (changed < 0) return {};
    int node = changed;  // as many steps back as there are nodes end on a cycle, if one exists yet
    for (std::size_t step = 0; step < graph.size && node >= 0; ++step) node = before[node];
    if (node < 0) continue;
    Cycle cycle;
    const int start = node;
    do {
      cycle.lag += graph.lag[node];
      cycle.latency += graph.latency[before[node]][node];
      node = before[node];
    } while (node != start);
    return cycle;
  }
  return {};
}

}  // namespace

void DependenceGraph::add(std::int16_t op, const TileOp& tile_op, double latency) {
  const auto place = static_cast<std::size_t>(op - first_op_);
  const auto node = static_cast<std::int16_t>(nodes_);
  added_[place / 64] |= std::uint64_t{1} << place % 64;
  node_of_[place] = node;
  latency_[nodes_] = latency;
  for (std::size_t a = 0; a < tile_op.after_count; ++a) {
    const auto earlier = static_cast<std::int16_t>(tile_op.after[a].op - first_op_);
    if (tile_op.after[a].lag > 0) {
      across_.push_back({earlier, node, tile_op.after[a].lag});
    } else if (has(static_cast<std::size_t>(earlier))) {
      within_.push_back({node_of_[static_cast<std::size_t>(earlier)], node});
    }
  }
  reached_[nodes_++] = static_cast<std::int16_t>(within_.size());
}

double DependenceGraph::slowest_cycle(double floor) const {
  Condensed graph;
  std::size_t head[most_across], tail[most_across];
  for (const Across& edge : across_) {
    const auto earlier = static_cast<std::size_t>(edge.earlier_op);
    if (!has(earlier)) continue;
    head[graph.size] = static_cast<std::size_t>(edge.later);
    tail[graph.size] = static_cast<std::size_t>(node_of_[earlier]);
    graph.lag[graph.size++] = edge.lag;
  }
  std::array<double, max_launch_ops> path;  // latest end of a way from the head up to the node
  for (std::size_t a = 0; a < graph.size; ++a) {
    std::fill_n(path.begin(), nodes_, unreachable);
    path[head[a]] = 0;
    for (const Within* edge = within_.begin() + reached_[head[a]]; edge != within_.end(); ++edge) {
      const auto from = static_cast<std::size_t>(edge->earlier);
      const auto to = static_cast<std::size_t>(edge->later);
      path[to] = std::max(path[to], path[from] + latency_[from]);
    }
    for (std::size_t b = 0; b < graph.size; ++b) graph.latency[a][b] = path[tail[b]] + latency_[tail[b]];
  }
  // The cycles of one edge each are known; no other is slower than the slowest way over the least lag.
  double ratio = floor;
  double most = 0;
  for (std::size_t a = 0; a < graph.size; ++a) {
    ratio = std::max(ratio, graph.latency[a][a] / graph.lag[a]);
    for (std::size_t b = 0; b < graph.size; ++b) most = std::max(most, graph.latency[a][b] / graph.lag[b]);
  }
  if (most <= ratio) return ratio;
  for (Cycle cycle = exceeding(graph, ratio); cycle.lag > 0; cycle = exceeding(graph, ratio)) {
    if (cycle.latency / cycle.lag <= ratio) break;
    ratio = cycle.latency / cycle.lag;
  }
  return ratio;
}

}  // namespace rooftile
