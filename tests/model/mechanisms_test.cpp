// Each mechanism of the hierarchical predictor alone: one number of the hardware or the kernel is changed, and what
// comes out is known by hand. model/README.md, section 5, has a paragraph for each.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "rooftile/model/predictor.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

Prediction ask(const Device& device, const Workload& workload, const KernelSpec& spec, L2State l2 = L2State::cold,
               SpecOverrides tile = {}) {
  Program program;
  EXPECT_TRUE(build(program, device, workload, spec, tile));
  program.l2 = l2;
  return find_predictor("hierarchical")->predict(device, program).value();
}
double seconds(const Device& device, const Workload& workload, const KernelSpec& spec, SpecOverrides tile = {}) {
  return ask(device, workload, spec, L2State::cold, tile).time.value();
}
AttentionShape heads_of(Int heads, Int seq, Int head_dim) {
  return {.batch = 1, .heads = heads, .kv_heads = heads, .seq_q = seq, .seq_kv = seq, .head_dim = head_dim};
}
/// One query per sequence and K/V head.
AttentionShape decode(Int heads, Int seq_kv) {
  return {.batch = 1, .heads = heads, .kv_heads = heads, .seq_q = 1, .seq_kv = seq_kv, .head_dim = 128};
}
/// A copy of a device with one change.
template <class Change>
Device with(Device device, Change change) {
  change(device);
  return device;
}
constexpr double nothing = 1e-9;

// 1. DRAM bytes are not L2 bytes
TEST(Mechanism, TheSizeOfL2MovesDramBytesAndNoOthers) {
  const AttentionShape shape = heads_of(8, 16384, 128);
  const auto with_l2 = [&](double mib) {
    return ask(with(test::device(), [&](Device& d) { d.memory.l2.capacity = Bytes{mib * 1048576}; }), shape,
               test::flash2_spec());
  };
  const Prediction small = with_l2(1), large = with_l2(400);
  EXPECT_DOUBLE_EQ(small.l2.total().value(), large.l2.total().value());
  const double matrix = 8.0 * 16384 * 128 * 2;
  EXPECT_DOUBLE_EQ(large.dram.read.value(), 3 * matrix);  // Q, K, V once
  // 1024 CTAs, 216 at a time, 128 to a head: at 8 heads begun and 4 cuts inside a head, K and V come in anew
  EXPECT_DOUBLE_EQ(small.dram.read.value(), matrix + 2 * matrix / 8 * (8 + 4));
}

// 2. bandwidth is a matter of bytes in flight
TEST(Mechanism, ALoneCtaIsLimitedByLatencyNotByBandwidth) {
  const AttentionShape one = decode(1, 65536);
  const KernelSpec unsplit = test::split_kv_spec(1);
  // no refreshes: into how many channels a tile is cut follows from bandwidth and latency
  const Device device = with(test::device(), [](Device& d) { d.memory.dram.sustained_fraction = Count{1}; });
  const double time = seconds(device, one, unsplit);
  const auto twice_as_fast = [](Device& d) { d.memory.dram.bandwidth = d.memory.dram.bandwidth * 2; };
  EXPECT_NEAR(seconds(with(device, twice_as_fast), one, unsplit), time, 1e-3 * time);
  // beyond what the products of the trip before hide, each trip waits for DRAM
  const auto after = [&](double cycles) {
    return seconds(with(device, [&](Device& d) { d.memory.dram.latency = Cycles{cycles}; }), one, unsplit);
  };
  const double trips = 65536.0 / 128;
  EXPECT_NEAR(after(3000) - after(2000), trips * 1000 / 1.41e9, 0.01 * time);
}

TEST(Mechanism, ABusyMachineIsLimitedByBandwidth) {
  const AttentionShape many = decode(4096, 4096);
  const double time = seconds(test::device(), many, test::split_kv_spec(1));
  const auto twice_as_fast = [](Device& d) { d.memory.dram.bandwidth = d.memory.dram.bandwidth * 2; };
  EXPECT_LT(seconds(with(test::device(), twice_as_fast), many, test::split_kv_spec(1)), 0.75 * time);
  EXPECT_EQ(ask(test::device(), many, test::split_kv_spec(1)).bound, Limit::dram);
}

TEST(Mechanism, MoreBuffersAreMoreBytesInFlight) {
  const AttentionShape one = decode(1, 65536);
  KernelSpec spec = test::split_kv_spec(1);
  const Device far_away = with(test::device(), [](Device& d) { d.memory.dram.latency = Cycles{10000}; });
  const double single = seconds(far_away, one, spec);
  for (TileRow& row : spec.tiles) row.stages = 2;
  EXPECT_NEAR(seconds(far_away, one, spec), single / 2, 0.01 * single);
}

TEST(Mechanism, NearSaturationRequestsQueue) {
  const Prediction p = ask(test::device(), decode(216, 4096), test::split_kv_spec(1));
  const LaunchPrediction& split = p.launches[0];
  const double queued = std::pow(std::pow(split.sm.value(), 4) + std::pow(split.dram.value(), 4), 0.25);  // asked ahead
  EXPECT_GT(queued, 1.01 * std::max(split.sm.value(), split.dram.value()));
  EXPECT_GT(split.time.value(), queued);  // its ends do not queue
  EXPECT_LT(split.time.value(), 1.01 * queued);
}

// 3. softmax beside the products
TEST(Mechanism, ExponentialsTakeTheirTimeBesideTheProducts) {
  const AttentionShape shape = heads_of(64, 8192, 128);
  const double time = seconds(test::device(), shape, test::flash2_spec());
  const auto twice_the_rate = [](Device& d) { d.sm.rates.ex2 = PerCycle{32}; };
  // 64·8192² scores and 4 factors per row and trip of 64 keys, at 16 per cycle and SM: half of that is saved
  const double exps = 64.0 * 8192 * 8192 * (1 + 4.0 / 64);
  EXPECT_NEAR(time - seconds(with(test::device(), twice_the_rate), shape, test::flash2_spec()),
              exps / 32 / (108 * 1.41e9), 0.02 * time);
}

TEST(Mechanism, TheBusiestUnitDecides) {
  const AttentionShape shape = heads_of(64, 8192, 64);
  const auto bound_with = [&](auto change) {
    return ask(with(test::device(), change), shape, test::flash2_spec()).bound;
  };
  EXPECT_EQ(bound_with([](Device&) {}), Limit::tensor);
  EXPECT_EQ(bound_with([](Device& d) { d.sm.rates.ex2 = PerCycle{4}; }), Limit::exp2);
  EXPECT_EQ(bound_with([](Device& d) { d.sm.rates.convert_fp32_fp16 = PerCycle{2}; }), Limit::convert);
  EXPECT_EQ(bound_with([](Device& d) { d.sm.rates.fma_fp32 = PerCycle{4}; }), Limit::fma);
  EXPECT_EQ(bound_with([](Device& d) { d.sm.rates.alu = PerCycle{1}; }), Limit::issue);
  EXPECT_EQ(bound_with([](Device& d) { d.memory.smem.bandwidth = BytesPerCycle{16}; }), Limit::smem);
  EXPECT_EQ(bound_with([](Device& d) { d.memory.l2.bandwidth = BytesPerCycle{200}; }), Limit::l2);
  EXPECT_EQ(bound_with([](Device& d) { d.memory.dram.bandwidth = BytesPerSecond{1e10}; }), Limit::dram);
}

// 4. the instruction path
TEST(Mechanism, MmaSyncReachesAPartOfHoppersRate) {
  const AttentionShape shape = heads_of(64, 8192, 128);
  KernelSpec wgmma = test::flash2_spec();
  wgmma.math = MathPath::wgmma;
  const Prediction slow = ask(test::hopper(), shape, test::flash2_spec()), fast = ask(test::hopper(), shape, wgmma);
  EXPECT_DOUBLE_EQ(fast.alone_on(Limit::tensor) / slow.alone_on(Limit::tensor), 0.63);
  EXPECT_LT(fast.time, slow.time);
  EXPECT_EQ(fast.alone_on(Limit::exp2), slow.alone_on(Limit::exp2));
}

/// wgmma reads its operands from shared memory: m64nNk16 takes N/8 · 4 cycles on the tensor cores of an SM, and (64 +
/// N) rows of 32 B over 128 B per cycle. Below N = 64 reading is slower. Measured of the peak, H100 PCIe: 0.65 at N =
/// 32, 0.39 at 16, 0.22 at 8 (Luo et al., arXiv 2501.12084); (N/2) / ((64 + N)/4) gives 0.67, 0.40, 0.22.
TEST(Mechanism, NarrowWgmmaWaitsForSharedMemory) {
  const AttentionShape shape = heads_of(64, 8192, 128);
  const auto smem_over_tensor = [&](Int bc) {
    const Prediction p = ask(test::hopper(), shape, test::flash3_spec(), L2State::cold, {.br = 128, .bc = bc});
    return p.alone_on(Limit::smem) / p.alone_on(Limit::tensor);
  };
  EXPECT_LT(smem_over_tensor(128), 1);
  EXPECT_GT(smem_over_tensor(16), 1);
  EXPECT_EQ(ask(test::hopper(), shape, test::flash3_spec(), L2State::cold, {.br = 128, .bc = 16}).bound, Limit::smem);
}

// 5. clocks
TEST(Mechanism, AttentionFollowsTensorBoostAndAGemmTensorSustained) {
  const auto change = [](Hertz Clocks::*clock) {
    return with(test::device(), [&](Device& d) { d.clock.*clock = d.clock.*clock * 0.5; });
  };
  const AttentionShape attention = heads_of(64, 8192, 128);
  const GemmShape gemm{.m = 8192, .n = 8192, .k = 8192};
  const auto ratio = [&](Hertz Clocks::*clock, const Workload& workload, const KernelSpec& spec) {
    return seconds(change(clock), workload, spec) / seconds(test::device(), workload, spec);
  };
  EXPECT_NEAR(ratio(&Clocks::tensor_boost, attention, test::flash2_spec()), 2, 0.01);
  EXPECT_NEAR(ratio(&Clocks::tensor_sustained, attention, test::flash2_spec()), 1, nothing);
  EXPECT_NEAR(ratio(&Clocks::tensor_sustained, gemm, test::standard_spec()), 2, 0.05);
  // one number or the other, never both: 0.95 of mma.sync is hidden behind 1226 / 1410 MHz
  const double sustained = 2.0 * 8192 * 8192 * 8192 / (2048 * 1.226e9 * 108);
  EXPECT_NEAR(seconds(test::device(), gemm, test::standard_spec()) / sustained, 1.03, 0.03);
}

// 6. occupancy, waves, tail, order
TEST(Mechanism, PartlyFilledTilesCostAWholeTrip) {
  const AttentionShape even = heads_of(108, 4096, 128);
  AttentionShape ragged = even;
  ragged.seq_kv = 4033;  // one key in the 64th block of 64
  EXPECT_NEAR(seconds(test::device(), ragged, test::flash2_spec()), seconds(test::device(), even, test::flash2_spec()),
              1e-3 * seconds(test::device(), even, test::flash2_spec()));
}

TEST(Mechanism, ASecondResidentHidesWaiting) {
  const AttentionShape shape = heads_of(216, 4096, 64);
  const auto one_resident = [](Device& d) { d.sm.max_ctas = Count{1}; };
  const double two = seconds(test::device(), shape, test::flash2_spec());
  const double one = seconds(with(test::device(), one_resident), shape, test::flash2_spec());
  EXPECT_GT(one, 1.02 * two);
  EXPECT_LT(one, 2 * two);
}

TEST(Mechanism, LongestFirstShortensTheTailOfACausalCall) {
  AttentionShape causal = heads_of(8, 8192, 128);
  causal.mask = Mask::causal;
  KernelSpec longest_first = test::flash2_spec();
  longest_first.longest_first = true;
  EXPECT_LT(seconds(test::device(), causal, longest_first),
            0.95 * seconds(test::device(), causal, test::flash2_spec()));
}

// 7. launches: predictor_test.cpp, SmallCallsAreBoundByLaunch, for streams and frameworks
TEST(Mechanism, NodesOfAGraphFollowEachOtherFaster) {
  KernelSpec graph = test::standard_spec();
  graph.launch = LaunchStyle::graph;
  EXPECT_NEAR(seconds(test::device(), heads_of(1, 16, 64), graph), 3 * 1.31e-6, 1e-12);
}

// 8. what an implementation runs beside the algorithm
TEST(Mechanism, ExtraPassesAndDropoutCostTheirBytesAndRandomNumbers) {
  const AttentionShape shape = heads_of(64, 4096, 64);
  const double matrix = 64.0 * 4096 * 4096 * 2;
  KernelSpec eager = test::standard_spec();
  const Prediction plain = ask(test::device(), shape, eager);
  eager.extra_passes.push_back({.name = "scale"});
  const Prediction scaled = ask(test::device(), shape, eager);
  EXPECT_NEAR(scaled.dram.total().value() - plain.dram.total().value(), 2 * matrix, 0.01 * matrix);
  EXPECT_NEAR(scaled.time.value() - plain.time.value(), 2 * matrix / (0.87 * 2.039e12), 0.1 * plain.time.value());

  AttentionShape dropped = shape;
  dropped.dropout = 0.1;
  const KernelSpec flash = test::with_extras(test::flash2_spec());
  const Prediction with_numbers = ask(test::device(), dropped, flash);
  // a 32-bit number per score, 20 integer operations each (Philox4x32-10), and two to apply it, on 64 lanes
  const double issue = 64.0 * 4096 * 4096 * 22 / 64 / (108 * 1.41e9);
  EXPECT_NEAR((with_numbers.alone_on(Limit::issue) - ask(test::device(), shape, flash).alone_on(Limit::issue)).value(),
              issue, 0.01 * issue);
}

// 9. the accumulator
TEST(Mechanism, HalfRateAccumulationIsTheRateOfTheDtypesKey) {
  const GemmShape gemm{.m = 4096, .n = 4096, .k = 4096};
  const auto half = [](Device& d) { d.sm.tensor.fp16_fp32 = FlopsPerCycle{1024}; };
  const double ratio = seconds(with(test::device(), half), gemm, test::standard_spec()) /
                       seconds(test::device(), gemm, test::standard_spec());
  EXPECT_NEAR(ratio, 2, 0.05);
  GemmShape bf16 = gemm;
  bf16.dtype = DType::bf16;  // another key
  EXPECT_DOUBLE_EQ(seconds(with(test::device(), half), bf16, test::standard_spec()),
                   seconds(test::device(), bf16, test::standard_spec()));
}

// beyond: where K and V are kept
TEST(Mechanism, WhatIsPinnedInL2IsReadOnce) {
  // 32 MiB of K and V against 40 MiB of L2, one CTA at a time: plain LRU loses them between calls, a pinned part stays
  const AttentionShape shape{.batch = 1, .heads = 16, .kv_heads = 16, .seq_q = 1, .seq_kv = 12288, .head_dim = 128};
  const Device device = with(test::device(), [](Device& d) { d.memory.l2.partitions = Count{1}; });
  KernelSpec spec = test::split_kv_spec(1);
  const double kv = 2.0 * 16 * 12288 * 128 * 2;  // 96 MiB
  EXPECT_NEAR(ask(device, shape, spec, L2State::warm).dram.read.value(), kv, 0.01 * kv);
  spec.kv_placement = Placement::l2;
  const double pinned = 0.75 * 40 * 1048576;
  EXPECT_NEAR(ask(device, shape, spec, L2State::warm).dram.read.value(), kv - pinned, 0.01 * kv);
  EXPECT_NEAR(ask(device, shape, spec, L2State::cold).dram.read.value(), kv, 0.01 * kv);
}

TEST(Mechanism, KeysOnTheHostComeOverTheLink) {
  const AttentionShape shape = decode(32, 65536);
  KernelSpec spec = test::split_kv_spec(8);
  const Prediction on_device = ask(test::device(), shape, spec);
  spec.kv_placement = Placement::host;
  const Prediction p = ask(test::device(), shape, spec);
  const double kv = 2.0 * 32 * 65536 * 128 * 2;
  EXPECT_DOUBLE_EQ(p.host.value(), kv);
  EXPECT_DOUBLE_EQ(p.dram.write.value() - on_device.dram.write.value(), kv);  // it lands in device memory
  EXPECT_EQ(p.bound, Limit::dram);
  const LaunchPrediction& split = p.launches[0];
  EXPECT_DOUBLE_EQ(split.host.value(), kv / 12.8e9);  // the host's memory, not its 31.5 GB/s link
  EXPECT_GT(split.time, split.host);                  // the last piece is worked on after it has come
  EXPECT_LT(split.time.value(), split.host.value() + on_device.time.value());
}

TEST(Mechanism, KeysOnTheHostNeedTwoPiecesOfDeviceMemory) {
  const AttentionShape shape = decode(64, 4 * 1048576);  // K and V: 128 GiB beside 80 GB
  KernelSpec spec = test::split_kv_spec(8);
  const auto run = [&](const Device& device) {
    Program program;
    EXPECT_TRUE(build(program, device, shape, spec));
    return find_predictor("hierarchical")->predict(device, program);
  };
  EXPECT_NE(run(test::device()).error().reason.find("of DRAM"), std::string::npos);
  spec.kv_placement = Placement::host;
  EXPECT_TRUE(run(test::device()));
  const Device small_host = with(test::device(), [](Device& d) { d.memory.host.capacity = Bytes{64e9}; });
  EXPECT_NE(run(small_host).error().reason.find("of host memory"), std::string::npos);
}

/// The kernel of a paged prefill or decode.
KernelSpec serving(KernelSpec spec) {
  spec.writes_cache = spec.copies_group = true;
  return spec;
}
std::vector<std::string> launches_of(const Workload& workload, const KernelSpec& spec) {
  Program program;
  EXPECT_TRUE(build(program, test::device(), workload, spec));
  std::vector<std::string> names;
  for (const Launch& launch : program.launches) names.emplace_back(launch.name);
  return names;
}

// what a serving engine does beside attention
TEST(Mechanism, NewTokensAreWrittenIntoTheCache) {
  AttentionShape shape = heads_of(8, 2048, 128);
  shape.kv_heads = 2;
  const Prediction bare = ask(test::device(), shape, test::flash2_spec());
  const Prediction written = ask(test::device(), shape, serving(test::flash2_spec()));
  const double tokens = 2.0 * 2 * 2048 * 128 * 2;  // K and V of two heads, 16 bit
  EXPECT_DOUBLE_EQ((written.l2.read - bare.l2.read).value(), tokens);
  EXPECT_DOUBLE_EQ((written.l2.write - bare.l2.write).value(), tokens);
  EXPECT_EQ(written.launches.back().ctas, 2048);
  EXPECT_GT(written.time, bare.time);
}

TEST(Mechanism, AGroupOfSeveralSequencesIsCopiedIntoRows) {
  AttentionShape shape = decode(8, 1024);
  const KernelSpec spec = serving(test::split_kv_spec(1));
  const auto copies = [&] {
    const std::vector<std::string> names = launches_of(shape, spec);
    return std::count(names.begin(), names.end(), "group_copy");
  };
  EXPECT_EQ(copies(), 0);  // no group
  shape.kv_heads = 2;
  EXPECT_EQ(copies(), 1);  // one sequence: a view; O goes to where it was asked for
  shape.batch = 4;
  EXPECT_EQ(copies(), 2);  // Q in, O out
  shape.kv_heads = 1;
  EXPECT_EQ(copies(), 1);  // one K/V head: a view
}

/// What some cycles between CTAs add to the first launch of a call of `heads` K/V heads: a CTA each on 108 SMs.
double added_by_cta_cycles(std::int64_t heads, double cycles) {
  Device device = test::device();
  device.sm.max_ctas = Count{1};
  Program program;
  EXPECT_TRUE(build(program, device, decode(heads, 65536), test::split_kv_spec(4)));
  const Predictor& predictor = *find_predictor("hierarchical");
  const double before = predictor.predict(device, program)->launches[0].time.value();
  program.forward.cta_cycles = cycles;
  return (predictor.predict(device, program)->launches[0].time.value() - before) * 1.41e9;
}

/// What passes between two CTAs: the first ones of a launch do not take it.
TEST(Mechanism, CtaCyclesPassBetweenTwoCtas) { EXPECT_NEAR(added_by_cta_cycles(27, 20'000), 0, 1e-3); }

// what no bytes of other CTAs overlap: of two waves 1.5 are in step, and one begins behind another
TEST(Mechanism, TheEndsOfALaunchComeOnTopOfItsBytes) {
  const double added = added_by_cta_cycles(54, 20'000);
  EXPECT_GT(added, 0.49 * 20'000);  // not hidden behind DRAM
  EXPECT_LT(added, 1.01 * 20'000);
}

// fitted constants
TEST(Mechanism, EveryConstantMovesTheCallsThatItIsMeantFor) {
  AttentionShape prefill = heads_of(8, 4096, 128);
  prefill.mask = Mask::causal;
  prefill.batch = 4;
  const KernelSpec one_kernel = serving(test::flash2_spec());
  KernelSpec sorting = test::flash2_spec();
  sorting.sorts_sequences = true;
  AttentionShape sequences = decode(1, 64);
  sequences.batch = 900;
  const KernelSpec parts = serving(test::split_kv_spec(4));
  KernelSpec framework = test::textbook_spec();
  framework.row_kernels = RowKernels::pytorch;
  framework.copies_v = true;
  const auto moved = [](const KernelSpec& spec, const Workload& workload, const CalibrationConstant& constant) {
    Program program;
    EXPECT_TRUE(build(program, test::device(), workload, spec));
    for (Launch& launch : program.launches) launch.search_steps = 1;
    const Predictor& predictor = *find_predictor("hierarchical");
    const double before = predictor.predict(test::device(), program)->time.value();
    double& value = program.forward.*constant.member;
    value = value == constant.most ? constant.least : constant.most;
    return predictor.predict(test::device(), program)->time.value() / before;
  };
  for (const CalibrationConstant& constant : calibration_constants()) {
    const double longer = constant.name == "exp2_weight" ? -1 : 1;  // its default is the most
    const double ratio = moved(parts, decode(16, 8192), constant) * moved(one_kernel, prefill, constant);
    const double others = moved(framework, heads_of(8, 4096, 128), constant) * moved(sorting, sequences, constant);
    EXPECT_GT(longer * (ratio * others - 1), 0) << constant.name;
  }
  EXPECT_DOUBLE_EQ(moved(one_kernel, prefill, *find_calibration_constant("merge_cycles")), 1);
}

}  // namespace
}  // namespace rooftile
