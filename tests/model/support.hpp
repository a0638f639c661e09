// Devices, specs and programs that the model's tests build by hand: no YAML here.
#pragma once

#include <stdexcept>

#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/device.hpp"
#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model/tile_table.hpp"

namespace rooftile::test {

/// A device with every leaf known; round numbers of an A100-80GB.
inline Device device() {
  Device d;
  d.name = "test_a100";
  d.compute_capability = {8, 0};
  d.clock = {.base = Hertz{1.095e9},
             .boost = Hertz{1.41e9},
             .tensor_boost = Hertz{1.41e9},
             .tensor_sustained = Hertz{1.226e9}};
  d.sm.count = Count{108};
  d.sm.max_threads = Count{2048};
  d.sm.max_warps = Count{64};
  d.sm.max_ctas = Count{32};
  d.sm.registers = Count{65536};
  d.sm.register_unit = Count{256};
  d.sm.max_registers_per_thread = Count{255};
  d.sm.smem_capacity = Bytes{164 * 1024.0};
  d.sm.smem_per_cta = Bytes{163 * 1024.0};
  d.sm.smem_reserved_per_cta = Bytes{1024};
  d.sm.smem_unit = Bytes{128};
  d.sm.rates = {.fma_fp32 = PerCycle{64},
                .ex2 = PerCycle{16},
                .convert_fp32_fp16 = PerCycle{16},
                .alu = PerCycle{64},
                .shuffle = PerCycle{32}};
  d.sm.tensor = {.fp16_fp32 = FlopsPerCycle{2048},
                 .bf16_fp32 = FlopsPerCycle{2048},
                 .tf32_fp32 = FlopsPerCycle{1024},
                 .fp8_fp32 = FlopsPerCycle{2048},
                 .mma_sync_fraction = Count{0.95}};
  d.memory.smem = {.bandwidth = BytesPerCycle{128}, .latency = Cycles{29}};
  d.memory.l1 = {.capacity = Bytes{192 * 1024.0}, .line = Bytes{128}, .sector = Bytes{32}, .latency = Cycles{33}};
  d.memory.l2 = {.capacity = Bytes{40 * 1048576.0},
                 .persisting_fraction = Count{0.75},
                 .partitions = Count{2},
                 .bandwidth = BytesPerCycle{5120},
                 .latency_near = Cycles{208},
                 .latency_far = Cycles{357}};
  d.memory.dram = {.capacity = Bytes{80e9},
                   .bandwidth = BytesPerSecond{2.039e12},
                   .bus = Bytes{640},
                   .clock = Hertz{1.593e9},
                   .transfers_per_clock = Count{2},
                   .latency = Cycles{570},
                   .sustained_fraction = Count{0.87}};
  d.memory.host = {.link = BytesPerSecond{31.5e9}, .bandwidth = BytesPerSecond{12.8e9}, .capacity = Bytes{1e12}};
  d.launch = {.stream_period = Seconds{2.62e-6}, .graph_period = Seconds{1.31e-6}, .framework_period = Seconds{10e-6}};
  return d;
}

inline KernelSpec spec(Algorithm algorithm, std::string_view tiles) {
  KernelSpec s;
  s.name = std::string{tiles};
  s.algorithm = algorithm;
  s.dtypes = {DType::fp16, DType::bf16};
  s.masks = {Mask::none, Mask::causal};
  s.tiles = own_tile_rows(tiles);
  return s;
}
/// Round numbers of an H100 SXM5: the same leaves, the ones that flash3 looks at changed.
inline Device hopper() {
  Device d = device();
  d.name = "test_h100";
  d.compute_capability = {9, 0};
  d.clock.boost = Hertz{1.98e9};
  d.clock.tensor_boost = Hertz{1.83e9};
  d.sm.count = Count{132};
  d.sm.smem_capacity = Bytes{228 * 1024.0};
  d.sm.smem_per_cta = Bytes{227 * 1024.0};
  d.sm.rates.fma_fp32 = PerCycle{128};
  d.sm.rates.convert_fp32_fp16 = PerCycle{64};
  d.sm.tensor.fp16_fp32 = d.sm.tensor.bf16_fp32 = FlopsPerCycle{4096};
  d.sm.tensor.mma_sync_fraction = Count{0.63};
  d.memory.l2.capacity = Bytes{50 * 1048576.0};
  d.memory.dram.bandwidth = BytesPerSecond{3.352e12};
  return d;
}

inline KernelSpec flash2_spec() { return spec(Algorithm::flash2, "rt_flash2"); }
inline KernelSpec flash1_spec() { return spec(Algorithm::flash1, "rt_flash1"); }
/// What the key mask and dropout add is tested with all of ours, whatever they can be asked for.
inline KernelSpec with_extras(KernelSpec s) {
  s.masks.push_back(Mask::key_padding);
  s.dropout = true;
  return s;
}
inline KernelSpec flash3_spec() {
  KernelSpec s = spec(Algorithm::flash3, "rt_flash3");
  s.math = MathPath::wgmma;
  s.longest_first = s.ping_pong = s.overlap = true;
  for (TileRow& row : s.tiles) row.schedule = Schedule::persistent_static;
  return s;
}
/// As FlashAttention-2 does both launches, in our tile shapes; `splits` parts at most, 0: FlashAttention-2's rule.
inline KernelSpec split_kv_spec(int splits = 0, GroupPacking packing = GroupPacking::always) {
  KernelSpec s = spec(Algorithm::split_kv, "rt_split_kv");
  s.packs_group = packing;
  s.split_rule = splits == 0 ? SplitRule::fa2 : SplitRule::fixed;
  s.splits = splits;
  for (TileRow& row : s.tiles) row.registers_merge = 0;
  return s;
}
/// As we do them.
inline KernelSpec own_split_kv_spec(int splits = 0) {
  KernelSpec s = split_kv_spec(splits);
  s.tiles = own_tile_rows("rt_split_kv");
  return s;
}
/// Ours: rows of S and P padded to 16 bytes, logsumexp written.
inline KernelSpec standard_spec(SoftmaxPasses passes = SoftmaxPasses::safe) {
  KernelSpec s = spec(Algorithm::standard, "rt_standard");
  s.softmax = passes;
  s.logsumexp = true;
  s.score_padding = score_padding;
  return s;
}
/// As a paper counts it: no pad, no logsumexp.
inline KernelSpec textbook_spec(SoftmaxPasses passes = SoftmaxPasses::safe) {
  KernelSpec s = standard_spec(passes);
  s.logsumexp = false;
  s.score_padding = 1;
  return s;
}

/// Builds or throws with the refusal's reason.
inline void build_or_throw(Program& program, const Workload& workload, const KernelSpec& s,
                           SpecOverrides overrides = {}, const Device& on = device()) {
  if (auto built = build(program, on, workload, s, overrides); !built) throw std::runtime_error{built.error().reason};
}

}  // namespace rooftile::test
