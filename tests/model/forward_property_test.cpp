// Laws of the forward programs, over shapes and options that nobody chose.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "expansion.hpp"
#include "rooftile/model/predictor.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

AttentionShape small_shape() {
  AttentionShape s;
  s.batch = *rc::gen::inRange<Int>(1, 4);
  s.kv_heads = *rc::gen::inRange<Int>(1, 4);
  s.heads = s.kv_heads * *rc::gen::element<Int>(1, 1, 2, 3, 5, 8);
  s.seq_q = *rc::gen::element(0, 1, 1) == 0 ? *rc::gen::inRange<Int>(1, 9) : *rc::gen::inRange<Int>(1, 700);
  s.seq_kv = *rc::gen::element(0, 1) == 0 ? s.seq_q : *rc::gen::inRange<Int>(1, 900);
  s.head_dim = *rc::gen::element<Int>(32, 40, 64, 80, 128);
  s.mask = *rc::gen::element(Mask::none, Mask::causal, Mask::causal, Mask::key_padding);
  s.dropout = *rc::gen::element(0.0, 0.0, 0.1);
  return s;
}

GroupPacking any_packing() {
  return *rc::gen::element(GroupPacking::never, GroupPacking::always, GroupPacking::one_query, GroupPacking::efficient);
}

KernelSpec any_flash1() {
  KernelSpec s = test::flash1_spec();
  s.as_printed = *rc::gen::arbitrary<bool>();
  s.kv_in_registers = *rc::gen::arbitrary<bool>();
  s.row_statistics = *rc::gen::element(1, 2);
  return s;
}
KernelSpec any_flash3() {
  KernelSpec s = test::flash3_spec();
  s.ping_pong = *rc::gen::arbitrary<bool>();
  s.overlap = *rc::gen::arbitrary<bool>();
  s.splits = *rc::gen::element(1, 1, 2, 5);
  for (TileRow& row : s.tiles) {
    row.stages = *rc::gen::inRange(1, 4);
    row.cluster = *rc::gen::element(1, 2, 4);
    row.p_in_smem = *rc::gen::arbitrary<bool>();
    row.schedule = *rc::gen::element(Schedule::one_per_cta, Schedule::persistent_static, Schedule::persistent_dynamic);
  }
  return s;
}
/// A forward kernel with options that nobody ships.
KernelSpec any_kernel() {
  KernelSpec s;
  switch (*rc::gen::inRange(0, 5)) {
    case 0: s = any_flash1(); break;
    case 1: s = any_flash3(); break;
    case 2: s = test::split_kv_spec(*rc::gen::element(0, 1, 2, 3, 8, 40)); break;
    case 3: s = test::own_split_kv_spec(*rc::gen::element(0, 1, 2, 3, 8, 40)); break;
    default: s = test::flash2_spec();
  }
  s.packs_group = any_packing();
  s.longest_first = *rc::gen::arbitrary<bool>();
  s.sections = *rc::gen::element(SectionRule::none, SectionRule::fa3, SectionRule::fa3_varlen);
  s.dropout_bits = *rc::gen::element(8, 16, 32);
  return test::with_extras(s);
}
SpecOverrides any_tile() {
  return *rc::gen::element(SpecOverrides{}, SpecOverrides{}, SpecOverrides{48, 80}, SpecOverrides{16, 256},
                           SpecOverrides{128, 176});
}

std::string name_of_case(const KernelSpec& spec, const AttentionShape& shape) {
  return spec.name + " " + describe(shape) + ", packing " + std::string{name_of(spec.packs_group)} + ", splits " +
         std::to_string(spec.splits);
}

RC_GTEST_PROP(Forward, CountsEqualExpansion, ()) {
  static Program program;
  const AttentionShape shape = small_shape();
  const KernelSpec spec = any_kernel();
  test::build_or_throw(program, shape, spec, any_tile(), test::hopper());
  test::expect_equal_to_expansion(program, name_of_case(spec, shape));
}

/// A dependence within a trip points back in program order; one across trips counts at least one; none leaves its
/// launch or crosses loops that do not run in step; and no group of loops has more than the predictor's graph holds.
RC_GTEST_PROP(Forward, DependencesAreSound, ()) {
  static Program program;
  const AttentionShape shape = small_shape();
  const KernelSpec spec = any_kernel();
  test::build_or_throw(program, shape, spec, any_tile(), test::hopper());
  for (const Launch& launch : program.launches) {
    std::array<int, max_loops> across{};
    for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
      const TileOp& op = program.ops[static_cast<std::size_t>(i)];
      for (std::size_t a = 0; a < op.after_count; ++a) {
        const After& after = op.after[a];
        RC_ASSERT(after.op >= launch.first_op && after.op < launch.last_op);
        RC_ASSERT(after.lag > 0 || after.op < i);
        const TileOp& earlier = program.ops[static_cast<std::size_t>(after.op)];
        if (op.loop < 0 || after.lag == 0) continue;
        RC_ASSERT(earlier.loop >= 0);
        const auto group = static_cast<std::size_t>(launch.loops[static_cast<std::size_t>(op.loop)].group);
        RC_ASSERT(launch.loops[static_cast<std::size_t>(earlier.loop)].group == static_cast<std::int8_t>(group));
        ++across[group];
      }
    }
    for (const int lags : across) RC_ASSERT(lags <= 8);
  }
}

/// Roles divide the ops of a launch among them, and their warps are the launch's.
RC_GTEST_PROP(Forward, RolesCoverTheLaunch, ()) {
  static Program program;
  test::build_or_throw(program, small_shape(), any_kernel(), {}, test::hopper());
  for (const Launch& launch : program.launches) {
    std::int16_t next = launch.first_op;
    int warps = 0;
    for (const Role& role : launch.roles) {
      RC_ASSERT(role.first_op == next);
      next = role.last_op;
      warps += role.warps * role.copies;
    }
    RC_ASSERT(next == launch.last_op);
    RC_ASSERT(32 * warps == launch.threads);
    RC_ASSERT(launch.axes[0].extent % launch.cluster == 0);
  }
}

double time_of(const AttentionShape& shape, const KernelSpec& spec) {
  static Program program;
  test::build_or_throw(program, shape, spec, {}, test::hopper());
  Device device = test::hopper();
  device.sm.smem_per_cta = Bytes{1e6};  // any number of stages fits
  device.sm.smem_capacity = Bytes{2e6};
  return find_predictor("hierarchical")->predict(device, program).value().time.value();
}

AttentionShape long_shape() {
  AttentionShape s = small_shape();
  s.seq_q *= 8;
  s.seq_kv *= 8;
  s.mask = *rc::gen::element(Mask::none, Mask::causal);
  s.dropout = 0;
  return s;
}

/// More buffers, a longer lag: what a loop waits for cannot get longer. Registers and shared memory are held still.
RC_GTEST_PROP(Forward, MoreStagesAreNotSlower, ()) {
  const AttentionShape shape = long_shape();
  KernelSpec spec = *rc::gen::element(0, 1) == 0 ? any_flash3() : test::flash2_spec();
  double before = 0;
  for (const int stages : {4, 3, 2, 1}) {
    for (TileRow& row : spec.tiles) {
      row.stages = stages;
      row.smem = 128 * 1024;
    }
    const double time = time_of(shape, spec);
    RC_ASSERT(time >= before * (1 - 1e-12));
    before = time;
  }
}

RC_GTEST_PROP(Forward, OverlapAndPingPongAreNotSlower, ()) {
  const AttentionShape shape = long_shape();
  KernelSpec spec = any_flash3();
  const auto with = [&](bool ping_pong, bool overlap) {
    spec.ping_pong = ping_pong;
    spec.overlap = overlap;
    return time_of(shape, spec) * (1 - 1e-12);
  };
  RC_ASSERT(with(false, true) <= with(false, false));
  RC_ASSERT(with(true, false) <= with(false, false));
  RC_ASSERT(with(true, true) <= with(true, false));
}

/// K and V cross from L2 once per query tile in flash2, Q and O once per block of keys in flash1.
RC_GTEST_PROP(Forward, Flash1WritesOOncePerBlockOfKeys, ()) {
  AttentionShape shape = small_shape();
  shape.mask = Mask::none;
  shape.dropout = 0;
  const Int bc = *rc::gen::element<Int>(16, 64, 176, 512);
  Program program;
  ProgramCounts counts;
  test::build_or_throw(program, shape, test::flash1_spec(), {64, bc});
  count(program, counts);
  Int o_written = 0;
  for (std::size_t i = 0; i < program.ops.size(); ++i) {
    const TileOp& op = program.ops[i];
    const bool is_o =
        op.tensor >= 0 && std::string_view{program.tensors[static_cast<std::size_t>(op.tensor)].name} == "O";
    if (is_o && op.kind == OpKind::store) o_written += counts.op[i].bytes;
  }
  RC_ASSERT(o_written == ceil_div(shape.seq_kv, bc) * shape.batch * shape.heads * shape.seq_q * shape.head_dim * 2);
}

}  // namespace
}  // namespace rooftile
