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
  double lag[most_across];
};

struct Cycle {
  double latency = 0;
  double lag = 0;
};

/// A cycle whose latencies exceed ratio x lags, by longest paths (Bellman, Ford); lag 0 if there is none.
Cycle exceeding(const Condensed& graph, double ratio) {
  double path[most_across] = {};
  double spent[most_across];  // what a step over each edge may take
  int before[most_across];
  for (std::size_t b = 0; b < graph.size; ++b) {
    spent[b] = ratio * graph.lag[b];
    before[b] = -1;
  }
  const double more = 1e-9 * ratio;
  for (std::size_t round = 0; round <= graph.size; ++round) {
    int changed = -1;
    for (std::size_t a = 0; a < graph.size; ++a) {
      for (std::size_t b = 0; b < graph.size; ++b) {
        const double longer = path[a] + graph.latency[a][b] - spent[b];
        if (longer <= path[b] + more) continue;
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

void DependenceGraph::add(std::size_t place, const TileOp& op, double latency) {
  const auto later = static_cast<std::int16_t>(place);
  const auto within = static_cast<std::int16_t>(within_.size());
  latency_[place] = latency;
  for (std::size_t a = 0; a < op.after_count; ++a) {
    const auto earlier = static_cast<std::int16_t>(op.after[a].op - first_op_);
    if (op.after[a].lag > 0) {
      across_.push_back({earlier, later, op.after[a].lag, within});
    } else if (has(earlier)) {
      within_.push_back({earlier, later});
    }
  }
}

double DependenceGraph::slowest_cycle(double floor) const {
  Condensed graph;
  const Across* edges[most_across];
  for (const Across& edge : across_) {
    if (!has(edge.earlier)) continue;
    edges[graph.size] = &edge;
    graph.lag[graph.size++] = edge.lag;
  }
  for (std::size_t a = 0; a < graph.size; ++a) {
    std::array<double, max_launch_ops> path;  // latest end of a way from the head of a through the op
    std::fill_n(path.begin(), places_, unreachable);
    const auto head = static_cast<std::size_t>(edges[a]->later);
    path[head] = latency_[head];
    for (const Within* edge = within_.begin() + edges[a]->within; edge != within_.end(); ++edge) {
      const auto from = static_cast<std::size_t>(edge->earlier);
      const auto to = static_cast<std::size_t>(edge->later);
      path[to] = std::max(path[to], path[from] + latency_[to]);
    }
    for (std::size_t b = 0; b < graph.size; ++b)
      graph.latency[a][b] = path[static_cast<std::size_t>(edges[b]->earlier)];
  }
  // The cycles of one edge each are known; no other is slower than the slowest way over the least lag.
  double ratio = floor;
  double most = 0;
  for (std::size_t b = 0; b < graph.size; ++b) {
    double slowest = 0;
    for (std::size_t a = 0; a < graph.size; ++a) slowest = std::max(slowest, graph.latency[a][b]);
    most = std::max(most, slowest / graph.lag[b]);
    ratio = std::max(ratio, graph.latency[b][b] / graph.lag[b]);
  }
  if (most <= ratio) return ratio;
  for (Cycle cycle = exceeding(graph, ratio); cycle.lag > 0; cycle = exceeding(graph, ratio)) {
    if (cycle.latency / cycle.lag <= ratio) break;
    ratio = cycle.latency / cycle.lag;
  }
  return ratio;
}

}  // namespace rooftile
