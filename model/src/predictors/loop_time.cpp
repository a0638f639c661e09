#include "loop_time.hpp"

#include <algorithm>

namespace rooftile {
namespace {

/// Roles of several identical warp groups do their ops once each.
double copies_of(const Launch& launch, std::int16_t op) {
  for (const Role& role : launch.roles) {
    if (op >= role.first_op && op < role.last_op) return role.copies;
  }
  return 1;
}

/// Amount of one execution, averaged over all.
double mean_amount(const TileOp& op, const OpCount& count) {
  if (!moves_a_tile(op.kind)) return static_cast<double>(op.amount);
  return count.executions > 0 ? static_cast<double>(count.bytes) / static_cast<double>(count.executions) : 0;
}

/// Adds up what units do; the longer of the busiest unit and the weighted sum wins.
class UnitLoad {
 public:
  void add(Unit unit, double cycles) { cycles_[static_cast<std::size_t>(unit)] += cycles; }

  void write(TripTime& time) const {
    double sum = 0;
    std::size_t busiest = 0;
    for (std::size_t u = 0; u < units; ++u) {
      sum += overlap_weights[u] * cycles_[u];
      if (cycles_[u] > cycles_[busiest]) busiest = u;
    }
    time.busy = std::max(cycles_[busiest], sum);
    time.busiest = static_cast<Unit>(busiest);
  }

 private:
  std::array<double, units> cycles_{};
};

/// The ops of one trip as a graph: op v must wait for op u of `lag` trips ago.
class DependenceGraph {
 public:
  void add_op(std::int16_t program_index, double latency) {
    node_of_[static_cast<std::size_t>(program_index)] = static_cast<std::int8_t>(size_);
    latency_[size_++] = latency;
  }
  void add_edges(std::int16_t program_index, const TileOp& op) {
    const std::int8_t later = node_of_[static_cast<std::size_t>(program_index)];
    for (std::size_t a = 0; a < op.after_count; ++a) {
      const std::int8_t earlier = node_of_[static_cast<std::size_t>(op.after[a].op)];
      if (earlier >= 0 && edges_ < max_edges) edge_[edges_++] = {earlier, later, op.after[a].lag};
    }
  }
  void begin(std::int16_t first_op, std::int16_t last_op) {
    for (std::int16_t i = first_op; i < last_op; ++i) node_of_[static_cast<std::size_t>(i)] = -1;
    size_ = edges_ = 0;
  }

  /// Largest (sum of latencies) / (sum of lags) over all cycles, `floor` at least: starts from the floor and jumps to
  /// the ratio of a violated cycle until none is left (Lawler 1976; the ratio grows with every jump).
  [[nodiscard]] double slowest_cycle(double floor) {
    double ratio = floor;
    for (int jump = 0; jump < 16; ++jump) {
      const int on_cycle = violated(ratio);
      if (on_cycle < 0) return ratio;
      double latency = 0;
      int lag = 0;
      int node = on_cycle;
      do {
        lag += lag_in_[node];
        node = before_[node];
        latency += latency_[node];
      } while (node != on_cycle);
      if (lag == 0 || latency / lag <= ratio) return ratio;
      ratio = latency / lag;
    }
    return ratio;
  }

 private:
  static constexpr std::size_t max_edges = 3 * max_ops;
  struct Edge {
    std::int8_t earlier, later, lag;
  };

  /// A node on a cycle whose latencies exceed ratio x lags (longest paths by Bellman and Ford), or -1.
  int violated(double ratio) {
    for (std::size_t n = 0; n < size_; ++n) {
      path_[n] = 0;
      before_[n] = -1;
    }
    for (std::size_t round = 0; round <= size_; ++round) {
      int changed = -1;
      for (std::size_t e = 0; e < edges_; ++e) {
        const Edge& edge = edge_[e];
        const double longer = path_[edge.earlier] + latency_[edge.earlier] - ratio * edge.lag;
        if (longer <= path_[edge.later] + 1e-6) continue;
        path_[edge.later] = longer;
        before_[edge.later] = edge.earlier;
        lag_in_[edge.later] = edge.lag;
        changed = edge.later;
      }
      if (changed < 0) return -1;
      if (round < 2) continue;
      int node = changed;  // walking back as many steps as there are nodes ends on a cycle if one exists
      for (std::size_t step = 0; step < size_ && node >= 0; ++step) node = before_[node];
      if (node >= 0) return node;
    }
    return -1;
  }

  std::array<std::int8_t, max_ops> node_of_;
  std::array<double, max_ops> latency_;
  std::array<double, max_ops> path_;
  std::array<std::int8_t, max_ops> before_;
  std::array<std::int8_t, max_ops> lag_in_;
  std::array<Edge, max_edges> edge_;
  std::size_t size_ = 0;
  std::size_t edges_ = 0;
};

bool in_group(const Launch& launch, const TileOp& op, int group) {
  return op.loop >= 0 && launch.loops[static_cast<std::size_t>(op.loop)].group == group;
}

}  // namespace

TripTime trip_time(const Program& program, const Launch& launch, const LaunchCount& totals, const ProgramCounts& counts,
                   const CostTable& costs, int group) {
  DependenceGraph graph;
  UnitLoad load;
  graph.begin(launch.first_op, launch.last_op);
  for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const TileOp& op = program.ops[index];
    if (!in_group(launch, op, group)) continue;
    const OpCost& cost = costs[op.kind];
    const OpCount& count = counts.op[index];
    const auto trips = static_cast<double>(std::max<std::int64_t>(1, totals.trips[static_cast<std::size_t>(op.loop)]));
    const double cycles = mean_amount(op, count) * cost.cycles_per_amount;
    load.add(cost.unit, cycles * copies_of(launch, i) * (static_cast<double>(count.executions) / trips));
    graph.add_op(i, cycles + cost.latency);
  }
  for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
    if (in_group(launch, program.ops[static_cast<std::size_t>(i)], group)) {
      graph.add_edges(i, program.ops[static_cast<std::size_t>(i)]);
    }
  }
  TripTime time;
  load.write(time);
  time.cycle = graph.slowest_cycle(time.busy);
  return time;
}

TripTime once_per_cta(const Program& program, const Launch& launch, const LaunchCount& totals,
                      const ProgramCounts& counts, const CostTable& costs) {
  UnitLoad load;
  TripTime time;
  double longest_wait = 0;
  for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const TileOp& op = program.ops[index];
    if (op.loop >= 0) continue;
    const OpCost& cost = costs[op.kind];
    const double cycles = mean_amount(op, counts.op[index]) * cost.cycles_per_amount;
    load.add(cost.unit, cycles * static_cast<double>(counts.op[index].executions) / static_cast<double>(totals.ctas));
    time.cycle += cycles;
    longest_wait = std::max(longest_wait, cost.latency);
  }
  load.write(time);
  time.cycle += longest_wait;
  return time;
}

}  // namespace rooftile
