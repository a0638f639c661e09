#include "dependence_graph.hpp"

#include <algorithm>
#include <limits>

namespace rooftile {
namespace {

constexpr std::size_t most_across = 8;
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

void DependenceGraph::add_op(std::int16_t op, double latency) {
  node_of_[static_cast<std::size_t>(op - first_op_)] = static_cast<std::int8_t>(latency_.size());
  latency_.push_back(latency);
}

void DependenceGraph::add_edges(std::int16_t op, const TileOp& tile_op) {
  const std::int8_t later = node_of_[static_cast<std::size_t>(op - first_op_)];
  for (std::size_t a = 0; a < tile_op.after_count; ++a) {
    const After& after = tile_op.after[a];
    const std::int8_t earlier = node_of_[static_cast<std::size_t>(after.op - first_op_)];
    if (earlier < 0) continue;
    if (after.lag == 0) {
      within_.push_back({earlier, later, 0});
    } else {
      across_.push_back({earlier, later, after.lag});
    }
  }
}

double DependenceGraph::slowest_cycle(double floor) const {
  Condensed graph;
  graph.size = across_.size();
  std::array<double, max_ops> path;
  for (std::size_t a = 0; a < graph.size; ++a) {
    graph.lag[a] = across_[a].lag;
    std::fill_n(path.begin(), latency_.size(), unreachable);
    path[static_cast<std::size_t>(across_[a].later)] = 0;
    for (const Edge& edge : within_) {
      const auto from = static_cast<std::size_t>(edge.earlier);
      const auto to = static_cast<std::size_t>(edge.later);
      path[to] = std::max(path[to], path[from] + latency_[from]);
    }
    for (std::size_t b = 0; b < graph.size; ++b) {
      const auto tail = static_cast<std::size_t>(across_[b].earlier);
      graph.latency[a][b] = path[tail] + latency_[tail];
    }
  }
  double ratio = floor;
  for (Cycle cycle = exceeding(graph, ratio); cycle.lag > 0; cycle = exceeding(graph, ratio)) {
    if (cycle.latency / cycle.lag <= ratio) break;
    ratio = cycle.latency / cycle.lag;
  }
  return ratio;
}

}  // namespace rooftile
