// Specs with backward passes that the model's tests build by hand: shapes of FlashAttention-1, -2 and -3 on their GPUs,
// standard attention with every recipe of the softmax backward.
#pragma once

#include "rooftile/model/predictor.hpp"
#include "support.hpp"

namespace rooftile::test {

inline constexpr std::int64_t element = 2, fp32 = 4;  ///< bytes

/// A backward call, batch 2.
inline AttentionShape backward_of(std::int64_t seq_q, std::int64_t seq_kv, std::int64_t d, std::int64_t heads = 3,
                                  std::int64_t kv_heads = 3) {
  return {.batch = 2,
          .heads = heads,
          .kv_heads = kv_heads,
          .seq_q = seq_q,
          .seq_kv = seq_kv,
          .head_dim = d,
          .pass = Pass::bwd};
}

inline TileRow tile_row(std::int64_t head_dim, std::int64_t br, std::int64_t bc, int warps, Pass pass) {
  TileRow row;
  row.head_dim = head_dim;
  row.br = br;
  row.bc = bc;
  row.warps = warps;
  row.pass = pass;
  return row;
}

inline KernelSpec training_spec(Algorithm algorithm, const char* name) {
  KernelSpec s;
  s.name = name;
  s.algorithm = algorithm;
  s.dtypes = {DType::fp16, DType::bf16};
  s.masks = {Mask::none, Mask::causal, Mask::key_padding};
  s.passes = {Pass::fwd, Pass::bwd, Pass::fwd_bwd};
  s.dropout = true;
  s.dropout_bits = 8;
  return s;
}

/// FlashAttention-2's tiles for d = 64 and 128 on A100.
inline KernelSpec flash2_training_spec() {
  KernelSpec s = training_spec(Algorithm::flash2, "flash2_training");
  for (const std::int64_t d : {64, 128}) {
    s.tiles.push_back(tile_row(d, 128, d == 64 ? 128 : 64, 4, Pass::fwd));
    TileRow backward = tile_row(d, d == 64 ? 128 : 64, 128, 8, Pass::bwd);
    backward.stages = 2;
    s.tiles.push_back(backward);
  }
  return s;
}
/// FlashAttention-1's.
inline KernelSpec flash1_training_spec() {
  KernelSpec s = training_spec(Algorithm::flash1, "flash1_training");
  s.row_statistics = 1;
  for (const std::int64_t d : {64, 128}) {
    s.tiles.push_back(tile_row(d, 16, d == 64 ? 256 : 128, 4, Pass::fwd));
    s.tiles.push_back(tile_row(d, 16, d == 64 ? 256 : 128, 8, Pass::bwd));
  }
  return s;
}
/// FlashAttention-3's; on any device, as a what-if.
inline KernelSpec flash3_training_spec() {
  KernelSpec s = training_spec(Algorithm::flash3, "flash3_training");
  s.math = MathPath::wgmma;
  for (const std::int64_t d : {64, 128}) {
    TileRow forward = tile_row(d, 128, 128, 12, Pass::fwd);
    forward.registers = 168;
    s.tiles.push_back(forward);
    TileRow backward = tile_row(d, d == 64 ? 128 : 80, 128, 12, Pass::bwd);
    backward.stages = backward.grad_stages = 2;
    backward.registers = 168;
    s.tiles.push_back(backward);
  }
  return s;
}
/// Three GEMM-shaped launches and their backward, as a paper counts them: no pad, no recipe.
inline KernelSpec standard_training_spec(SoftmaxBackward backward = SoftmaxBackward::fused) {
  KernelSpec s = textbook_spec(SoftmaxPasses::fused);
  s.name = "standard_training";
  s.masks = {Mask::none, Mask::causal, Mask::key_padding};
  s.passes = {Pass::fwd, Pass::bwd, Pass::fwd_bwd};
  s.dropout = true;
  s.softmax_backward = backward;
  return s;
}

inline ProgramCounts counted(Program& program, const Workload& workload, const KernelSpec& spec,
                             SpecOverrides overrides = {}) {
  build_or_throw(program, workload, spec, overrides);
  ProgramCounts counts;
  count(program, counts);
  return counts;
}

/// The use of a tensor in the launch of a name; zero where the launch does not touch it.
inline TensorUse use_of(const Program& program, const ProgramCounts& counts, std::string_view launch,
                        std::string_view tensor) {
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    if (program.launches[l].name != launch) continue;
    for (const TensorUse& use : counts.uses_of(l)) {
      if (program.tensors[static_cast<std::size_t>(use.tensor)].name == tensor) return use;
    }
    return {};
  }
  throw std::runtime_error{"no launch " + std::string{launch}};
}

/// Names of the launches in order.
inline std::vector<std::string> launch_names(const Program& program) {
  std::vector<std::string> names;
  for (const Launch& launch : program.launches) names.emplace_back(launch.name);
  return names;
}

/// FLOP on the tensor cores, all launches.
inline double matmul_flop(const Program& program, const ProgramCounts& counts) {
  double total = 0;
  for (std::size_t l = 0; l < program.launches.size(); ++l) total += counts.launch[l].work_of(OpKind::mma);
  return total;
}

/// The test's A100 with the shared memory of an H100, which FlashAttention-3's tiles need.
inline Device roomy_device() {
  Device roomy = device();
  roomy.sm.smem_capacity = Bytes{228 * 1024.0};
  roomy.sm.smem_per_cta = Bytes{227 * 1024.0};
  return roomy;
}

/// Predicts or throws.
inline Prediction predict(const AttentionShape& shape, const KernelSpec& spec, const Device& on = roomy_device(),
                          std::string_view predictor = "hierarchical") {
  Program program;
  build_or_throw(program, shape, spec);
  return find_predictor(predictor)->predict(on, program).value();
}

/// "ok", or the status and the reason on the test's A100.
inline std::string refusal(const AttentionShape& shape, const KernelSpec& spec, SpecOverrides tile = {}) {
  Program program;
  const auto built = build(program, device(), shape, spec, tile);
  if (!built) return std::string{name_of(built.error().status)} + ": " + built.error().reason;
  const auto prediction = find_predictor("hierarchical")->predict(device(), program);
  return prediction ? "ok" : std::string{name_of(prediction.error().status)} + ": " + prediction.error().reason;
}

}  // namespace rooftile::test
