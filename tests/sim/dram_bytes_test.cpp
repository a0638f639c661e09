// DRAM bytes of a simulation against those of the real kernels, run on the CPU in front of the same L2 and with as many
// CTAs in flight, whose warps take turns when they wait for loads, as on a GPU.
//
// Which CTA is ahead of which is the same, too: an execution's are in step, so the simulated device has one CTA on each
// of as many SMs, and memory that keeps nobody waiting for long.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "rooftile/kernels/host_execution.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"
#include "sim_support.hpp"

namespace rooftile::sim {
namespace {

struct Call {
  const char* kernel;
  AttentionShape shape;
  std::int64_t l2 = 0;  ///< bytes
  int sms = 1;
  int resident = 1;  ///< CTAs per SM at most
};

struct Bytes2 {
  double read = 0, write = 0;
  [[nodiscard]] double total() const { return read + write; }
};

KernelSpec spec_of(const Call& call) {
  return yaml::load_spec(std::filesystem::path{ROOFTILE_SOURCE_DIR} / "kernels/specs" /
                         (std::string{call.kernel} + ".yaml"));
}
Device device_of(const Call& call) {
  Device d = std::string_view{call.kernel} == "rt_flash3" ? test::hopper() : test::device();
  d.sm.count = Count{static_cast<double>(call.sms)};
  d.sm.max_ctas = Count{static_cast<double>(call.resident)};
  d.memory.l2.capacity = Bytes{static_cast<double>(call.l2)};
  d.memory.l2.partitions = Count{1};
  d.memory.l2.bandwidth = BytesPerCycle{1e5};
  d.memory.dram.bandwidth = BytesPerSecond{1e15};
  d.memory.dram.latency = Cycles{1};
  d.memory.dram.sustained_fraction = Count{1};  // never closed
  return d;
}
/// CTAs of the launch with most tensor work that are in flight at once.
std::int64_t places_of(const Program& program, const ProgramCounts& counts, const Device& on) {
  std::size_t largest = 0;
  for (std::size_t l = 1; l < program.launches.size(); ++l) {
    if (counts.launch[l].work_of(OpKind::mma) >= counts.launch[largest].work_of(OpKind::mma)) largest = l;
  }
  const auto sms = static_cast<std::int64_t>(on.sm.count.value());
  return std::max<std::int64_t>(1, occupancy(on, program.launches[largest]).resident) * sms;
}

struct Compared {
  Bytes2 simulated, executed;
  std::vector<double> resident_sets;
  double wave = 0;  ///< of these, what the places for CTAs touch at once, of the launch that touches most
  [[nodiscard]] double error() const { return simulated.total() / executed.total() - 1; }
};

/// What must stay in L2 for bytes that are asked for again to be there, one number for each way in which they are: all
/// that a wave touches; of that, what it or the next wave asks for again; what two launches touch, of which one leaves
/// to the other; all of a launch that takes a tile of every head before it comes back to the first.
void find_resident_sets(const Program& program, const ProgramCounts& counts, const Device& on, Compared& result) {
  std::vector<double>& sets = result.resident_sets;
  double before = 0;  // touched by the launch before
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    const Launch& launch = program.launches[l];
    const std::int64_t places =
        std::max<std::int64_t>(1, occupancy(on, launch).resident) * static_cast<std::int64_t>(on.sm.count.value());
    const double waves = std::max(1.0, static_cast<double>(launch.ctas()) / static_cast<double>(places));
    double all = 0, again = 0, touched = 0;
    for (const TensorUse& use : counts.uses_of(l)) {
      const double groups = static_cast<double>(launch.ctas()) / static_cast<double>(use.sharers);
      const double bytes = static_cast<double>(use.touched) * std::min(1.0, std::max(1 / waves, 1 / groups));
      all += bytes;
      touched += static_cast<double>(use.touched);
      if (use.loaded + use.stored > use.touched) again += bytes;
    }
    sets.push_back(all);
    result.wave = std::max(result.wave, all);
    if (again > 0) sets.push_back(again);
    if (l > 0) sets.push_back(before + touched);
    const bool comes_back = launch.schedule != Schedule::one_per_cta || launch.sections.columns > 1;
    if (comes_back) sets.push_back(touched);
    before = touched;
  }
}

Compared compare(const Call& call) {
  static Program program;
  static ProgramCounts counts;
  Device on = device_of(call);
  const auto build = [&] {
    test::build_or_throw(program, call.shape, spec_of(call), {}, on);
    program.l2 = L2State::cold;
    count(program, counts);
  };
  build();
  const std::int64_t places = places_of(program, counts, on);
  on.sm.count = Count{static_cast<double>(places)};
  on.sm.max_ctas = Count{1};
  build();
  const auto simulation = simulate(on, program, counts).value();
  kernels::HostCall host{call.kernel,
                         {.batch = static_cast<int>(call.shape.batch),
                          .heads = static_cast<int>(call.shape.heads),
                          .kv_heads = static_cast<int>(call.shape.kv_heads),
                          .seq_q = static_cast<int>(call.shape.seq_q),
                          .seq_kv = static_cast<int>(call.shape.seq_kv),
                          .head_dim = static_cast<int>(call.shape.head_dim),
                          .causal = call.shape.mask == Mask::causal,
                          .pass = call.shape.pass == Pass::bwd ? kernels::Pass::bwd : kernels::Pass::fwd,
                          .sms = static_cast<int>(places)}};
  host.fill(1);
  const auto record = host.execute({.resident = static_cast<int>(places), .loads_wait = true, .l2_capacity = call.l2});
  Compared result;
  result.simulated = {simulation.answer.dram.read.value(), simulation.answer.dram.write.value()};
  for (const kernels::LaunchExecution& launch : record.launches) {
    result.executed.read += static_cast<double>(launch.dram_read_bytes);
    result.executed.write += static_cast<double>(launch.dram_write_bytes);
  }
  find_resident_sets(program, counts, on, result);
  return result;
}

constexpr double kib = 1024, mib = 1024 * kib;

/// 8 heads of 1024 keys, 256 KiB of K and V each: how many CTAs are in flight decides how often they are read.
TEST(DramBytes, ResidencyDecides) {
  const AttentionShape shape{.heads = 8, .kv_heads = 8, .seq_q = 1024, .seq_kv = 1024, .head_dim = 64};
  struct Case {
    double l2;
    int sms, resident;
    double read;  ///< bytes; compulsory are 3 MiB
  };
  for (const Case& c :
       {Case{10 * mib, 1, 1, 3 * mib}, Case{10 * mib, 4, 1, 3 * mib}, Case{10 * mib, 27, 2, 3 * mib},
        Case{64 * kib, 1, 1, 17 * mib}, Case{64 * kib, 4, 1, 5 * mib}, Case{128 * kib, 8, 1, 3 * mib}}) {
    const Compared found = compare({"rt_flash2", shape, static_cast<std::int64_t>(c.l2), c.sms, c.resident});
    EXPECT_EQ(found.simulated.read, c.read) << c.l2 / kib << " KiB, " << c.sms << " x " << c.resident;
    EXPECT_EQ(found.executed.read, c.read) << c.l2 / kib << " KiB, " << c.sms << " x " << c.resident;
    EXPECT_EQ(found.simulated.write, found.executed.write);
  }
}

/// The same of 8 heads of 4096 keys, 1 MiB of K and V each, of which compulsory are 12 MiB. Where they are exactly as
/// large as L2, Q and O push them out of the sets alone that they fall into themselves.
TEST(DramBytes, ResidencyDecidesOfAMebibyteToo) {
  const AttentionShape shape{.heads = 8, .kv_heads = 8, .seq_q = 4096, .seq_kv = 4096, .head_dim = 64};
  struct Case {
    double l2;
    int resident;
    double read, of;  ///< bytes; part by which the simulation may be off
  };
  for (const Case& c : {Case{40 * mib, 16, 12 * mib, 0}, Case{mib, 16, 20 * mib, 0}, Case{mib, 216, 13 * mib, 0},
                        Case{256 * kib, 1, 260 * mib, 0}, Case{mib, 1, 125.23 * mib, 0.03}}) {
    const Compared found = compare({"rt_flash2", shape, static_cast<std::int64_t>(c.l2), c.resident, 1});
    EXPECT_NEAR(found.executed.read / c.read, 1, 0.001) << c.l2 / kib << " KiB, " << c.resident;
    EXPECT_NEAR(found.simulated.read / found.executed.read, 1, c.of + 1e-4) << c.l2 / kib << " KiB, " << c.resident;
  }
}

template <class T>
T one_of(std::mt19937& draw, std::initializer_list<T> list) {
  return list.begin()[draw() % list.size()];
}

/// A call of any family whose L2 holds at least a tile of every CTA in flight.
Call any_call(std::mt19937& draw) {
  using Int = std::int64_t;
  Call call;
  const bool backward = draw() % 6 == 0;
  call.kernel = backward
                    ? "rt_flash2"
                    : one_of<const char*>(draw, {"rt_standard", "rt_flash1", "rt_flash2", "rt_flash3", "rt_split_kv"});
  const bool decodes = std::string_view{call.kernel} == "rt_split_kv";
  AttentionShape& s = call.shape;
  s.pass = backward ? Pass::bwd : Pass::fwd;
  s.batch = one_of<Int>(draw, {1, 1, 2});
  s.kv_heads = one_of<Int>(draw, {1, 2, 3});
  s.heads = s.kv_heads * one_of<Int>(draw, {1, 1, 2, 4});
  s.head_dim = one_of<Int>(draw, {64, 64, 128});
  const auto length = [&draw] { return 100 + static_cast<Int>(draw() % 600); };
  const Int n = length();
  s.seq_q = decodes ? one_of<Int>(draw, {1, 1, 3}) : n;
  s.seq_kv = decodes ? 4 * n : draw() % 3 == 0 ? length() : n;
  s.mask = one_of(draw, {Mask::none, Mask::causal});
  call.l2 = one_of<Int>(draw, {256, 256, 512, 512, 1024, 4096}) * 1024;
  call.sms = one_of(draw, {1, 4, 16, 108});
  call.resident = one_of(draw, {1, 2});
  return call;
}

/// Errors of cells whose L2 holds each resident set twice, none by half, or neither.
struct Errors {
  std::vector<double> roomy, small, between;
  void add(const std::vector<double>& sets, double l2, double error) {
    const auto holds_all = [l2](double set) { return 2 * set <= l2; };
    const auto holds_none = [l2](double set) { return set >= 2 * l2; };
    const bool is_roomy = std::all_of(sets.begin(), sets.end(), holds_all);
    const bool is_small = std::all_of(sets.begin(), sets.end(), holds_none);
    (is_roomy ? roomy : is_small ? small : between).push_back(std::abs(error));
  }
};

/// Share of some errors that are at most `most`.
double within(const std::vector<double>& errors, double most) {
  const auto good = std::count_if(errors.begin(), errors.end(), [most](double error) { return error <= most; });
  return static_cast<double>(good) / static_cast<double>(errors.size());
}

/// Calls of all families at random. What is left: a set of the simulator's L2 is as large as a cell; what is asked for
/// in half a trip, and by which CTA first, decides where what is used again just fits L2, or just does not.
TEST(DramBytes, AreThoseOfTheRealKernels) {
  std::mt19937 draw{20260};
  Errors of_each, of_wave;  // by every resident set, and by what a wave touches alone
  for (int n = 0; n < 110; ++n) {
    const Call call = any_call(draw);
    const Compared c = compare(call);
    const auto l2 = static_cast<double>(call.l2);
    of_each.add(c.resident_sets, l2, c.error());
    of_wave.add({c.wave}, l2, c.error());
  }
  EXPECT_EQ(within(of_each.roomy, 0.02), 1);
  EXPECT_EQ(within(of_each.small, 0.02), 1);
  EXPECT_GE(within(of_each.between, 0.1), 0.98);
  EXPECT_GE(within(of_wave.roomy, 0.02), 0.97);
  EXPECT_EQ(within(of_wave.roomy, 0.1), 1);
  EXPECT_GE(within(of_wave.small, 0.02), 0.89);
  EXPECT_GE(within(of_wave.small, 0.1), 0.97);
  EXPECT_EQ(within(of_wave.between, 0.1), 1);
  for (const auto& [name, errors] :
       {std::pair{"roomy", &of_each.roomy}, {"small", &of_each.small}, {"between", &of_each.between}}) {
    RecordProperty(name,
                   std::to_string(errors->size()) + " cells, within 2 %: " + std::to_string(within(*errors, 0.02)));
  }
}

}  // namespace
}  // namespace rooftile::sim
