// Specs with backward passes and specs of single parts: tiles as their sources pick them, recipes, the programs that
// they make, and what the reader refuses of their keys.
#include <gtest/gtest.h>

#include "../model/expansion.hpp"
#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/predictor.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"
#include "scratch_folder.hpp"

namespace rooftile::yaml {
namespace {

using Int = std::int64_t;

const SpecCatalogue& training_specs() {
  static const SpecCatalogue catalogue{{std::filesystem::path{ROOFTILE_SOURCE_DIR} / "kernels" / "specs"}};
  return catalogue;
}
Device gpu(const std::string& name) {
  return ProfileCatalogue{{std::filesystem::path{ROOFTILE_SOURCE_DIR} / "hw_profiles"}}.load(name).device;
}

struct BackwardTile {
  const char* spec;
  const char* device;
  Int head_dim;
  Mask mask;
  Int br, bc;
  int stages;
  bool v_in_registers;
};

TEST(BackwardSpecs, PickTilesAsTheirSourcesDo) {
  const BackwardTile cases[] = {
      {"fa2", "a100_sxm4_80gb", 32, Mask::none, 128, 128, 2, true},
      {"fa2", "a100_sxm4_80gb", 64, Mask::causal, 128, 128, 2, false},
      {"fa2", "l40s", 64, Mask::none, 64, 128, 2, true},
      {"fa2", "a100_sxm4_80gb", 80, Mask::none, 64, 128, 2, true},
      {"fa2", "h100_sxm5_80gb", 128, Mask::none, 64, 128, 2, false},
      {"fa2", "l40s", 128, Mask::causal, 64, 64, 2, true},
      {"fa2", "l40s", 192, Mask::none, 64, 64, 1, true},
      {"fa2", "a100_sxm4_80gb", 256, Mask::none, 64, 64, 1, false},
      {"fa2", "h100_sxm5_80gb", 256, Mask::none, 64, 64, 2, false},
      {"fa2", "l40s", 256, Mask::none, 64, 32, 1, true},
      {"fa1", "a100_sxm4_40gb", 64, Mask::causal, 16, 256, 1, false},
      {"fa1", "l40s", 64, Mask::none, 16, 256, 1, true},
      {"fa1", "a100_sxm4_40gb", 128, Mask::none, 16, 128, 1, false},
      {"fa3", "h100_sxm5_80gb", 64, Mask::causal, 128, 128, 2, false},
      {"fa3", "h100_sxm5_80gb", 96, Mask::none, 64, 128, 2, false},
      {"fa3", "h100_sxm5_80gb", 128, Mask::none, 80, 128, 2, false},
      {"fa3", "h100_sxm5_80gb", 128, Mask::causal, 64, 128, 2, false},
      {"fa3", "h100_sxm5_80gb", 192, Mask::none, 64, 96, 2, false},
      {"fa3", "h100_sxm5_80gb", 256, Mask::none, 64, 80, 2, false},
  };
  for (const BackwardTile& row : cases) {
    const KernelSpec spec = training_specs().load(row.spec);
    const auto tile = select_tile(spec, gpu(row.device), row.head_dim, row.mask, {}, false, Pass::bwd);
    ASSERT_TRUE(tile) << row.spec << " " << row.head_dim;
    EXPECT_EQ(tile->br, row.br) << row.spec << " " << row.head_dim;
    EXPECT_EQ(tile->bc, row.bc) << row.spec << " " << row.head_dim;
    EXPECT_EQ(tile->stages, row.stages) << row.spec << " " << row.head_dim;
    EXPECT_EQ(tile->v_in_registers, row.v_in_registers) << row.spec << " " << row.head_dim;
    EXPECT_EQ(tile->pass, Pass::bwd);
  }
}

/// Every spec that has a backward, on a GPU it is built for: it builds, fits, counts as its expansion, and is finite.
TEST(BackwardSpecs, AllTheirProgramsHold) {
  int with_backward = 0;
  for (const std::string& name : training_specs().names()) {
    const KernelSpec spec = training_specs().load(name);
    if (std::find(spec.passes.begin(), spec.passes.end(), Pass::bwd) == spec.passes.end()) continue;
    ++with_backward;
    const Device device = gpu(spec.from >= ComputeCapability{9, 0} ? "h100_sxm5_80gb" : "a100_sxm4_80gb");
    for (const Mask mask : spec.masks) {
      for (const Int d : {64, 128}) {
        for (const Pass pass : {Pass::bwd, Pass::fwd_bwd}) {
          AttentionShape s{.batch = 1, .heads = 4, .kv_heads = 2, .seq_q = 300, .seq_kv = 500, .head_dim = d};
          s.mask = mask;
          s.pass = pass;
          s.dropout = spec.dropout ? 0.1 : 0;
          Program program;
          const auto built = build(program, device, s, spec);
          ASSERT_TRUE(built) << name << ": " << (built ? "" : built.error().reason);
          test::expect_equal_to_expansion(program, name + " " + describe(s));
          const auto prediction = find_predictor("hierarchical")->predict(device, program);
          ASSERT_TRUE(prediction) << name << ": " << (prediction ? "" : prediction.error().reason);
          EXPECT_GT(prediction->time, Seconds{0}) << name;
          EXPECT_GT(prediction->extra_memory, Bytes{0}) << name;
        }
      }
    }
  }
  EXPECT_GE(with_backward, 7);
}

/// N² passes of a recipe's backward: launches' inputs and outputs once per sweep, in units of the score matrix.
double score_passes(const char* name, Int n, Mask mask, double dropout) {
  AttentionShape s{.batch = 1, .heads = 2, .kv_heads = 2, .seq_q = n, .seq_kv = n, .head_dim = 64};
  s.mask = mask;
  s.pass = Pass::bwd;
  s.dropout = dropout;
  const KernelSpec spec = training_specs().load(name);
  Program program;
  ProgramCounts counts;
  if (!build(program, gpu("a100_sxm4_80gb"), s, spec)) return 0;
  count(program, counts);
  double bytes = 0;
  for (const TensorUse& use : counts.uses) {
    const Tensor& tensor = program.tensors[static_cast<std::size_t>(use.tensor)];
    if (tensor.extents[3] == n) bytes += static_cast<double>(use.swept_loads + use.swept_stores);
  }
  return bytes / (2.0 * static_cast<double>(n * n) * 2);
}

TEST(BackwardSpecs, RecipesMakeTheirPasses) {
  // dP 1, dV 1, softmax 6 or 7 with its product, dQ 1, dK 1; dropout 2.5 with a byte for its mask; copy and fill 4
  EXPECT_DOUBLE_EQ(score_passes("pytorch_eager", 2048, Mask::causal, 0), 11);
  EXPECT_DOUBLE_EQ(score_passes("pytorch_eager", 1024, Mask::none, 0), 10);
  EXPECT_DOUBLE_EQ(score_passes("pytorch_eager", 2048, Mask::none, 0.1), 13.5);
  EXPECT_DOUBLE_EQ(score_passes("hf_eager", 2048, Mask::none, 0), 11);
  EXPECT_DOUBLE_EQ(score_passes("hf_eager", 2048, Mask::key_padding, 0.1), 17.5);
  EXPECT_DOUBLE_EQ(score_passes("megatron_fused_softmax", 2048, Mask::key_padding, 0), 7);
  EXPECT_DOUBLE_EQ(score_passes("megatron_fused_softmax", 2048, Mask::key_padding, 0.1), 9.5);
  EXPECT_DOUBLE_EQ(score_passes("megatron_fused_softmax", 2048, Mask::none, 0.1), 13.5);
  EXPECT_DOUBLE_EQ(score_passes("megatron_fused_softmax", 2050, Mask::none, 0), 0) << "outside";
}

TEST(BackwardSpecs, OfOurKernelsFlash2HasOne) {
  for (const std::string& name : training_specs().names()) {
    if (name.rfind("rt_", 0) != 0) continue;
    const bool trains = name == "rt_flash2" || name == "rt_flash2_deterministic";
    const std::vector<Pass> passes = trains ? std::vector{Pass::fwd, Pass::bwd, Pass::fwd_bwd} : std::vector{Pass::fwd};
    EXPECT_EQ(training_specs().load(name).passes, passes) << name;
  }
}

TEST(PartsOfSpecs, CoverTheirPartAlone) {
  const Device device = gpu("a100_pcie_40gb");
  Program program;
  const auto answers = [&](const char* name, const Workload& workload) {
    return build(program, device, workload, training_specs().load(name)).has_value();
  };
  for (const DType dtype : {DType::fp16, DType::fp32}) {
    const GemmShape product{.batch = 32, .m = 3000, .n = 72, .k = 64, .dtype = dtype};
    const SoftmaxShape rows{.rows = 4097, .cols = 1300, .dtype = dtype};
    EXPECT_TRUE(answers("cublas_gemm", product));
    EXPECT_FALSE(answers("cublas_gemm", rows));
    EXPECT_TRUE(answers("torch_softmax", rows));
    EXPECT_FALSE(answers("torch_softmax", product));
    EXPECT_FALSE(answers("torch_softmax", AttentionShape{}));
  }
  EXPECT_TRUE(answers("cublas_standard", AttentionShape{.seq_q = 100, .seq_kv = 100}));
  EXPECT_EQ(training_specs().load("cublas_standard").softmax, SoftmaxPasses::online);
}

/// What is refused: `keys` come behind the head of a spec of `algorithm`.
std::string refused(const char* algorithm, const std::string& keys) {
  const ScratchFolder folder;
  const std::string head =
      "schema: rooftile.spec/1\nname: x\ndescription: d\nsource: s\nalgorithm: " + std::string{algorithm} +
      "\ndtypes: [fp16]\n";
  const auto file = folder.write("x.yaml", head + keys);
  return folder.without_folder(message_of([&] { (void)load_spec(file); }));
}

TEST(BrokenBackwardSpecs, AreRefusedWithTheirPlace) {
  const std::string covers = "passes: [bwd]\nmasks: [none]\n", softmax = "softmax: fused\n";
  const std::string gemm = "tiles:\n  - {head_dim: 64, br: 128, bc: 128, bk: 32}\n";
  EXPECT_EQ(refused("flash2", covers + "tiles:\n  - {head_dim: 64, br: 128, bc: 128}\n"),
            "x.yaml:7:9: no row of tiles is for pass bwd");
  EXPECT_EQ(refused("flash2", covers + "tiles:\n  - {head_dim: 64, pass: bwd, br: 128, bc: 128}\n"), "");
  EXPECT_EQ(
      refused("flash2", "passes: [fwd+bwd]\nmasks: [none]\ntiles:\n  - {head_dim: 64, pass: bwd, br: 8, bc: 8}\n"),
      "x.yaml:7:9: no row of tiles is for pass fwd");
  EXPECT_EQ(refused("flash2", covers + "tiles:\n  - {head_dim: 64, pass: back, br: 128, bc: 128}\n"),
            "x.yaml:10:26: unknown pass 'back'; allowed: fwd, bwd, fwd+bwd");
  EXPECT_EQ(
      refused("flash2", "passes: [fwd]\nmasks: [none]\ntiles:\n  - {head_dim: 64, br: 8, bc: 8, grad_stages: 2}\n")
          .substr(0, 39),
      "x.yaml:10:34: unknown key 'grad_stages'");
  EXPECT_EQ(refused("flash3", covers + "deterministic: true\ntiles: []\n").substr(0, 38), "x.yaml:10:8: an empty list");
  EXPECT_EQ(refused("split_kv", covers + "splits: 2\ntiles:\n  - {head_dim: 64, pass: bwd, br: 8, bc: 8}\n"),
            "x.yaml:7:9: split_kv has no backward");
  EXPECT_EQ(
      refused("flash2", covers + "ops: [gemm]\ntiles:\n  - {head_dim: 64, pass: bwd, br: 8, bc: 8}\n").substr(0, 30),
      "x.yaml:9:1: unknown key 'ops';");
  EXPECT_EQ(refused("standard", covers + softmax + gemm), "");
  EXPECT_EQ(refused("standard", covers + softmax + "softmax_backward: once\n" + gemm),
            "x.yaml:10:19: unknown softmax_backward 'once'; allowed: fused, two_sweeps, product_fused, "
            "product_two_sweeps");
  EXPECT_EQ(refused("standard", covers + softmax + "max_seq_kv: 0\n" + gemm),
            "x.yaml:10:13: 0 is outside 1 .. 2147483647");
  EXPECT_EQ(refused("standard", "ops: [gemm]\nsoftmax: fused\n" + gemm).substr(0, 34),
            "x.yaml:8:1: unknown key 'softmax';");
  EXPECT_EQ(refused("standard", "ops: [softmax]\n" + softmax), "");
  const std::string pass = "{name: p, pass: fwd+bwd, place: before_softmax, when: always, score_reads: 1}";
  EXPECT_EQ(refused("standard", covers + softmax + "extra_passes:\n  - " + pass + "\n" + gemm),
            "x.yaml:11:21: 'fwd+bwd': write one row for fwd and one for bwd");
  std::string many = "extra_passes:\n";
  for (int n = 0; n < 13; ++n) {
    many += "  - {name: p" + std::to_string(n) + ", place: before_softmax, when: always, score_reads: 1}\n";
  }
  EXPECT_EQ(refused("standard", covers + softmax + many + gemm), "x.yaml:11:3: 13 extra passes: 12 at most");
}

}  // namespace
}  // namespace rooftile::yaml
