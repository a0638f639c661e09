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

void DependenceGraph::add(std::int16_t op, const TileOp& tile_op, double latency) {
  const int node = op - first_op_;
  nodes_ = node + 1;
  added_ |= std::uint64_t{1} << static_cast<unsigned>(node);
  latency_[static_cast<std::size_t>(node)] = latency;
  for (std::size_t a = 0; a < tile_op.after_count; ++a) {
    const After& after = tile_op.after[a];
    const int earlier = after.op - first_op_;
    const Edge edge{static_cast<std::int8_t>(earlier), static_cast<std::int8_t>(node), after.lag};
    if (after.lag > 0) {
      across_.push_back(edge);
    } else if (has(earlier)) {
      within_.push_back(edge);
    }
  }
}

double DependenceGraph::slowest_cycle(double floor) const {
  Condensed graph;
  const Edge* across[most_across];
  for (const Edge& edge : across_) {
    if (has(edge.earlier)) across[graph.size++] = &edge;
  }
  std::array<double, max_ops> path;
  for (std::size_t a = 0; a < graph.size; ++a) {
    graph.lag[a] = across[a]->lag;
    std::fill_n(path.begin(), nodes_, unreachable);
    path[static_cast<std::size_t>(across[a]->later)] = 0;
    for (const Edge& edge : within_) {
      const auto from = static_cast<std::size_t>(edge.earlier);
      const auto to = static_cast<std::size_t>(edge.later);
      path[to] = std::max(path[to], path[from] + latency_[from]);
    }
    for (std::size_t b = 0; b < graph.size; ++b) {
      const auto tail = static_cast<std::size_t>(across[b]->earlier);
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
