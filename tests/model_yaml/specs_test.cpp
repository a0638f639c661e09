// Specs: every file that is shipped, bare algorithm names, tiles by architecture.
#include <gtest/gtest.h>

#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model/tile_table.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"

namespace rooftile::yaml {
namespace {

namespace fs = std::filesystem;

SpecCatalogue specs() { return SpecCatalogue{{fs::path{ROOFTILE_SOURCE_DIR} / "kernels" / "specs"}}; }
Device device(const char* name) {
  return ProfileCatalogue{{fs::path{ROOFTILE_SOURCE_DIR} / "hw_profiles"}}.load(name).device;
}

TEST(ShippedSpecs, AllLoad) {
  const std::vector<std::string> names = specs().names();
  for (const char* name : {"standard", "flash2", "rt_standard", "rt_standard_naive", "rt_standard_online",
                           "rt_standard_fused", "rt_flash2", "pytorch_eager", "hf_eager", "fa2"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
  for (const std::string& name : names) {
    const KernelSpec spec = specs().load(name);
    EXPECT_EQ(spec.name, name);
    EXPECT_FALSE(spec.description.empty()) << name;
    EXPECT_FALSE(spec.source.empty()) << name;
    const bool has_tiles = !spec.tiles.empty() || spec.paper_tile || spec.ops == std::vector{Op::softmax};
    EXPECT_TRUE(has_tiles) << name;
    const bool is_ours = name.rfind("rt_", 0) == 0 || spec.what_if_anywhere;
    EXPECT_EQ(spec.l2, is_ours ? L2State::cold : L2State::warm) << name;
  }
}

TEST(ShippedSpecs, BareNamesAreWhatIfs) {
  const KernelSpec bare = specs().load("flash2");
  const KernelSpec ours = specs().load("rt_flash2");
  EXPECT_EQ(bare.name, "flash2");
  EXPECT_TRUE(bare.what_if_anywhere);
  EXPECT_FALSE(ours.what_if_anywhere);
  EXPECT_EQ(bare.tiles.size(), ours.tiles.size());
  EXPECT_EQ(specs().load("standard").softmax, SoftmaxPasses::safe);
}

TEST(ShippedSpecs, OursComeFromTheTileTable) {
  for (const char* name : {"rt_flash1", "rt_flash2", "rt_flash3", "rt_split_kv", "rt_standard", "rt_standard_naive",
                           "rt_standard_online", "rt_standard_fused"}) {
    const KernelSpec spec = specs().load(name);
    const std::vector<TileRow> rows = own_tile_rows(name);
    ASSERT_EQ(spec.tiles.size(), rows.size()) << name;
    ASSERT_FALSE(rows.empty()) << name;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(spec.tiles[i].head_dim, rows[i].head_dim) << name;
      EXPECT_EQ(spec.tiles[i].br, rows[i].br) << name;
      EXPECT_EQ(spec.tiles[i].smem, rows[i].smem) << name;
    }
  }
  EXPECT_TRUE(own_tile_rows("rt_standards").empty());
  EXPECT_TRUE(own_tile_rows("rt_flash").empty());
}

TEST(ShippedSpecs, OursDifferInTheirSoftmaxAlone) {
  const std::pair<const char*, SoftmaxPasses> ours[] = {{"rt_standard", SoftmaxPasses::safe},
                                                        {"rt_standard_naive", SoftmaxPasses::naive},
                                                        {"rt_standard_online", SoftmaxPasses::online},
                                                        {"rt_standard_fused", SoftmaxPasses::fused}};
  for (const auto& [name, softmax] : ours) {
    const KernelSpec spec = specs().load(name);
    EXPECT_EQ(spec.softmax, softmax) << name;
    EXPECT_TRUE(spec.logsumexp) << name;
    EXPECT_EQ(spec.score_padding, score_padding) << name;
  }
  EXPECT_FALSE(specs().load("pytorch_eager").logsumexp);
  EXPECT_EQ(specs().load("pytorch_eager").score_padding, 1);
}

/// Registers differ by architecture: every kernel has a row for each, a what-if elsewhere takes the nearest thing.
TEST(ShippedSpecs, OursHaveARowPerArchitecture) {
  constexpr OwnTile tile = own_tile("flash2", 128);
  KernelSpec spec = specs().load("flash2");
  int number = 0;
  for (TileRow& row : spec.tiles) row.stages = ++number;  // tells the rows apart whatever their registers
  const auto chosen = [&](const char* name) { return *select_tile(spec, device(name), 128, Mask::none); };
  const TileRow ampere = chosen("a100_sxm4_80gb");
  EXPECT_EQ(ampere.registers, tile.registers_sm80);
  EXPECT_EQ(ampere.from, (ComputeCapability{8, 0}));
  const TileRow hopper = chosen("h100_sxm5_80gb");
  EXPECT_EQ(hopper.registers, tile.registers_sm90);
  EXPECT_EQ(hopper.from, (ComputeCapability{9, 0}));
  EXPECT_NE(ampere.stages, hopper.stages);
  EXPECT_EQ(chosen("l40s").stages, ampere.stages);
  EXPECT_EQ(chosen("v100_sxm2_16gb").stages, ampere.stages);  // off target: the first that serves the head dim
  spec.what_if_anywhere = false;
  EXPECT_FALSE(select_tile(spec, device("v100_sxm2_16gb"), 128, Mask::none));
  const TileRow gemm = *select_tile(specs().load("rt_standard"), device("h100_sxm5_80gb"), 128, Mask::none);
  EXPECT_EQ(gemm.registers, own_tile("gemm", 128).registers_sm90);
  EXPECT_EQ(gemm.registers_narrow, own_tile("gemm", 64).registers_sm90);
}

struct TileCase {
  const char* device;
  std::int64_t head_dim;
  Mask mask;
  std::int64_t br, bc;
  int warps;
};

TEST(ShippedSpecs, Fa2PicksTilesAsItsSourceDoes) {
  const TileCase cases[] = {
      {"a100_sxm4_80gb", 64, Mask::none, 128, 128, 4},
      {"a100_sxm4_80gb", 80, Mask::causal, 128, 64, 4},
      {"a100_sxm4_80gb", 128, Mask::causal, 128, 64, 4},
      {"a100_sxm4_80gb", 192, Mask::none, 128, 64, 8},
      {"a100_sxm4_80gb", 256, Mask::none, 128, 64, 8},
      {"h100_sxm5_80gb", 128, Mask::none, 128, 64, 4},
      {"h100_sxm5_80gb", 256, Mask::causal, 64, 64, 4},
      {"l40s", 64, Mask::causal, 128, 128, 4},
      {"l40s", 96, Mask::causal, 64, 64, 4},
      {"l40s", 96, Mask::none, 128, 64, 4},
      {"l40s", 128, Mask::none, 128, 32, 4},
      {"l40s", 128, Mask::causal, 64, 64, 4},
      {"l40s", 192, Mask::none, 128, 64, 8},
      {"l40s", 256, Mask::none, 64, 64, 4},
  };
  const KernelSpec spec = specs().load("fa2");
  for (const TileCase& row : cases) {
    for (const TileRow& tile : spec.tiles) EXPECT_EQ(tile.smem, 0) << "the algorithm's formula gives it";
    const auto tile = select_tile(spec, device(row.device), row.head_dim, row.mask);
    ASSERT_TRUE(tile) << row.device << " " << row.head_dim;
    EXPECT_EQ(tile->br, row.br) << row.device << " " << row.head_dim;
    EXPECT_EQ(tile->bc, row.bc) << row.device << " " << row.head_dim;
    EXPECT_EQ(tile->warps, row.warps) << row.device << " " << row.head_dim;
  }
  EXPECT_FALSE(select_tile(spec, device("l40s"), 512, Mask::none));
}

TEST(ShippedSpecs, EagerFrameworksMakeExtraPasses) {
  const KernelSpec pytorch = specs().load("pytorch_eager");
  EXPECT_EQ(pytorch.launch, LaunchStyle::framework);
  EXPECT_EQ(pytorch.softmax, SoftmaxPasses::safe);
  EXPECT_EQ(pytorch.row_kernels, RowKernels::pytorch);
  EXPECT_TRUE(pytorch.copies_q_and_k && pytorch.copies_v);
  ASSERT_EQ(pytorch.extra_passes.size(), 6U);
  EXPECT_EQ(pytorch.extra_passes[0].name, "mask_full");
  EXPECT_TRUE(pytorch.extra_passes[0].shared);
  EXPECT_EQ(pytorch.extra_passes[0].score_reads, 0);
  EXPECT_TRUE(pytorch.extra_passes[3].reads_shared);
  const KernelSpec hf = specs().load("hf_eager");
  ASSERT_EQ(hf.extra_passes.size(), 5U);
  EXPECT_TRUE(hf.scales_k);  // not the scores
  EXPECT_EQ(hf.extra_passes[0].when, PassCondition::masked);
  EXPECT_TRUE(hf.extra_passes[0].by_offsets);
  EXPECT_EQ(hf.extra_passes[1].place, ExtraPass::Place::after_softmax);
  EXPECT_EQ(hf.extra_passes[1].byte_mask_writes, 1);
  for (const std::size_t undone : {2U, 3U, 4U}) EXPECT_EQ(hf.extra_passes[undone].pass, Pass::bwd);
  EXPECT_EQ(hf.softmax_backward, SoftmaxBackward::product_two_sweeps);
}

/// Megatron's fused softmax wants a mask; without one PyTorch's runs.
TEST(ShippedSpecs, MegatronFallsBackToPyTorchWithoutAMask) {
  const KernelSpec megatron = specs().load("megatron_fused_softmax");
  AttentionShape shape{.batch = 4, .heads = 8, .kv_heads = 8, .seq_q = 2048, .seq_kv = 2048, .head_dim = 64};
  const auto launches = [&](Mask mask, Pass pass) {
    Program program;
    shape.mask = mask;
    shape.pass = pass;
    EXPECT_TRUE(build(program, device("a100_sxm4_40gb"), shape, megatron));
    return program.launches.size();
  };
  EXPECT_EQ(launches(Mask::none, Pass::fwd), launches(Mask::causal, Pass::fwd));
  EXPECT_EQ(launches(Mask::none, Pass::bwd), launches(Mask::causal, Pass::bwd) + 1);  // P times dP
}

TEST(ShippedSpecs, ProductsOfFp32RunInWholeTilesOfTheirOwn) {
  const KernelSpec cublas = specs().load("cublas_gemm");
  const auto tile = [&](DType dtype) {
    return *select_tile(cublas, device("a100_pcie_40gb"), 1, Mask::none, {}, false, Pass::fwd, dtype);
  };
  EXPECT_TRUE(tile(DType::fp32).whole_tiles);
  EXPECT_EQ(tile(DType::fp32).bk, 8);
  EXPECT_FALSE(tile(DType::fp16).whole_tiles);
}

}  // namespace
}  // namespace rooftile::yaml
