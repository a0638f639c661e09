// A program counted trip by trip, and the comparison with its closed-form counts.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "rooftile/model/count.hpp"
#include "rooftile/model/expand.hpp"

namespace rooftile::test {

/// Walks a launch and counts what happens, one op at a time.
struct BruteForce {
  const Program& program;
  const Launch& of;
  std::vector<OpCount> op = std::vector<OpCount>(max_ops);
  LaunchCount launch{};
  std::array<std::int64_t, max_loops> entered{};

  void cta(const Indices&) { ++launch.ctas; }
  void enter(int loop, const Indices&) { ++entered[static_cast<std::size_t>(loop)]; }
  void trip(int loop, const Indices&) { ++launch.trips[static_cast<std::size_t>(loop)]; }
  void op_bytes(std::size_t index, const Indices& at) {
    const TileOp& o = program.ops[index];
    const Tensor& tensor = program.tensors[static_cast<std::size_t>(o.tensor)];
    std::int64_t bytes = tensor.element_bytes;
    std::int64_t sectors = 1;
    for (std::size_t d = 0; d < o.dims; ++d) {
      const TileSpan span = span_of(o.dim[d], tensor.extents[d], at);
      ASSERT_GE(span.offset, 0);
      ASSERT_LT(span.offset, tensor.extents[d]) << "tile starts outside " << tensor.name;
      bytes *= span.extent;
      sectors *= d + 1 == o.dims ? ceil_div(span.extent * tensor.element_bytes, 32) : span.extent;
    }
    op[index].bytes += bytes;
    op[index].sectors += sectors;
    launch.sectors += sectors;
  }
  void op_at(std::size_t index, const Indices& at) {
    ++op[index].executions;
    const TileOp& o = program.ops[index];
    // a multicast tile is asked for by the first CTA of each cluster along axis 0
    const bool asks = o.hint != Hint::multicast || at[0] % of.cluster == 0;
    if (moves_a_tile(o.kind) && asks) op_bytes(index, at);
    if (moves_a_tile(o.kind)) return;
    std::int64_t groups = 1;  // warp groups that do it
    for (const Role& role : of.roles) {
      const bool inside = static_cast<int>(index) >= role.first_op && static_cast<int>(index) < role.last_op;
      if (inside) groups = role.copies;
    }
    launch.work[static_cast<std::size_t>(o.kind)] += static_cast<double>(o.amount * groups);
  }
};
struct Visitor {
  BruteForce& brute;
  void cta(const Indices& at) { brute.cta(at); }
  void enter(int loop, const Indices& at) { brute.enter(loop, at); }
  void trip(int loop, const Indices& at) { brute.trip(loop, at); }
  void op(std::int16_t index, const Indices& at) { brute.op_at(static_cast<std::size_t>(index), at); }
};

/// Every launch of the program, closed form beside expansion.
inline void expect_equal_to_expansion(const Program& program, const std::string& what) {
  ProgramCounts counts;
  count(program, counts);
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    const Launch& launch = program.launches[l];
    BruteForce brute{program, launch};
    Visitor visitor{brute};
    expand(program, launch, visitor);
    EXPECT_EQ(counts.launch[l].ctas, brute.launch.ctas) << what << " launch " << launch.name;
    EXPECT_EQ(counts.launch[l].trips, brute.launch.trips) << what << " launch " << launch.name;
    EXPECT_EQ(counts.launch[l].sectors, brute.launch.sectors) << what << " launch " << launch.name;
    EXPECT_EQ(counts.launch[l].work, brute.launch.work) << what << " launch " << launch.name;
    for (std::size_t n = 0; n < launch.loops.size(); ++n) {
      EXPECT_EQ(entries(launch, static_cast<int>(n)), brute.entered[n]) << what << " launch " << launch.name;
    }
    for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
      const auto index = static_cast<std::size_t>(i);
      EXPECT_EQ(counts.op[index], brute.op[index])
          << what << " launch " << launch.name << " op " << i << " " << name_of(program.ops[index].kind) << ": "
          << counts.op[index].bytes << " and " << brute.op[index].bytes;
    }
  }
}

}  // namespace rooftile::test
