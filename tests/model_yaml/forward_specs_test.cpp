// The specs of the flash kernels: tiles as their sources pick them, which kernel of an engine takes a call, and the
// programs that every shipped spec makes.
#include <gtest/gtest.h>

#include <cmath>

#include "../model/expansion.hpp"
#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/predictor.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"
#include "scratch_folder.hpp"

namespace rooftile::yaml {
namespace {

namespace fs = std::filesystem;
using Int = std::int64_t;

const SpecCatalogue& all_specs() {
  static const SpecCatalogue catalogue{{fs::path{ROOFTILE_SOURCE_DIR} / "kernels" / "specs"}};
  return catalogue;
}
Device device_of(const std::string& name) {
  return ProfileCatalogue{{fs::path{ROOFTILE_SOURCE_DIR} / "hw_profiles"}}.load(name).device;
}

Program built(const std::string& spec, const std::string& device, const AttentionShape& shape,
              SpecOverrides tile = {}) {
  Program program;
  const auto result = build(program, device_of(device), shape, all_specs().load(spec), tile);
  EXPECT_TRUE(result) << spec << ": " << (result ? "" : result.error().reason);
  return program;
}

AttentionShape gqa(Int batch, Int seq_q, Int seq_kv, Mask mask = Mask::causal) {
  return {.batch = batch, .heads = 32, .kv_heads = 8, .seq_q = seq_q, .seq_kv = seq_kv, .head_dim = 128, .mask = mask};
}

TEST(ForwardSpecs, EveryNameIsThere) {
  const std::vector<std::string> names = all_specs().names();
  for (const char* name :
       {"flash1", "flash3", "split_kv", "rt_flash1", "rt_flash3", "rt_split_kv", "flash1_paper", "fa1", "fa3",
        "triton_fa2", "cudnn_sdpa", "torch_sdpa", "vllm_fa2", "vllm_fa3", "sglang_fa2"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
}

struct Fa3Tile {
  Int head_dim;
  Mask mask;
  Int br, bc;
  int cluster;
  Schedule schedule;
};

TEST(ForwardSpecs, Fa3PicksTilesAsItsSourceDoes) {
  const Fa3Tile cases[] = {
      {64, Mask::none, 192, 192, 1, Schedule::persistent_static},
      {64, Mask::causal, 192, 128, 1, Schedule::persistent_dynamic},
      {96, Mask::none, 192, 144, 1, Schedule::persistent_static},
      {128, Mask::none, 128, 176, 2, Schedule::persistent_static},
      {128, Mask::causal, 128, 128, 1, Schedule::persistent_dynamic},
      {192, Mask::none, 128, 112, 2, Schedule::persistent_static},
      {256, Mask::causal, 128, 80, 1, Schedule::persistent_dynamic},
  };
  for (const Fa3Tile& row : cases) {
    const auto tile = select_tile(all_specs().load("fa3"), device_of("h100_sxm5_80gb"), row.head_dim, row.mask);
    ASSERT_TRUE(tile) << row.head_dim;
    EXPECT_EQ(tile->br, row.br) << row.head_dim;
    EXPECT_EQ(tile->bc, row.bc) << row.head_dim;
    EXPECT_EQ(tile->cluster, row.cluster) << row.head_dim;
    EXPECT_EQ(tile->schedule, row.schedule) << row.head_dim;
  }
}

/// One line says it of all rows of the tile table.
TEST(ForwardSpecs, OurFlash3StaysOnItsSms) {
  for (const Int head_dim : {64, 128, 256}) {
    for (const Mask mask : {Mask::none, Mask::causal}) {
      const auto tile = select_tile(all_specs().load("rt_flash3"), device_of("h100_sxm5_80gb"), head_dim, mask);
      ASSERT_TRUE(tile) << head_dim;
      EXPECT_EQ(tile->schedule, Schedule::persistent_static) << head_dim;
    }
  }
}

/// FlashAttention's figure 2, middle: what `fa1` moves with the block sizes of the figure, on the paper's own A100.
TEST(ForwardSpecs, Fa1MovesTheBytesOfItsPaper) {
  const AttentionShape gpt2{.batch = 64, .heads = 16, .kv_heads = 16, .seq_q = 1024, .seq_kv = 1024, .head_dim = 64};
  for (const char* spec : {"fa1", "flash1_paper"}) {
    for (const auto& [bc, gigabytes] : {std::pair<Int, double>{64, 6.577}, {128, 3.355}, {256, 1.745}, {512, 0.940}}) {
      const Program program = built(spec, "a100_flashattention_paper", gpt2, {0, bc});
      ProgramCounts counts;
      count(program, counts);
      double matrices = 0;
      for (const TensorUse& use : counts.uses) {
        const std::string_view name = program.tensors[static_cast<std::size_t>(use.tensor)].name;
        if (name.size() == 1 && name != "l" && name != "m")
          matrices += static_cast<double>(use.swept_loads + use.swept_stores);
      }
      const double printed = std::string_view{spec} == "fa1" ? 0 : 2 * 64.0 * 16 * 1024 * 64 * 2;  // first block
      EXPECT_NEAR((matrices - printed) / 1e9, gigabytes, 0.0005) << spec << " " << bc;
      const auto time = find_predictor("roofline")->predict(device_of("a100_flashattention_paper"), program, counts);
      EXPECT_TRUE(time) << "no limit per CTA is stated: every block size is answered";
    }
  }
}

/// "split merge cache_write"
std::string names_of(const Program& program) {
  std::string names;
  for (const Launch& launch : program.launches) names += (names.empty() ? "" : " ") + std::string{launch.name};
  return names;
}

TEST(ForwardSpecs, VllmOnAmpereSplitsFoldedGroupsOnly) {
  const Program prefill = built("vllm_fa2", "a100_sxm4_80gb", gqa(1, 512, 512));
  EXPECT_EQ(names_of(prefill), "split cache_write");
  EXPECT_EQ(prefill.launches[0].axes[0].extent, 8);  // 64 rows
  EXPECT_EQ(prefill.launches[0].axes[2].extent, 4);  // heads of a group apart
  const Program decode = built("vllm_fa2", "a100_sxm4_80gb", gqa(1, 1, 65536));
  EXPECT_EQ(names_of(decode), "split merge group_copy cache_write");  // one sequence: the group is a view
  EXPECT_GT(decode.launches[0].axes[1].extent, 8);
  EXPECT_EQ(decode.launches[0].axes[2].extent, 1);  // folded
  AttentionShape heads = gqa(1, 1, 65536);
  heads.kv_heads = 32;
  EXPECT_EQ(names_of(built("vllm_fa2", "a100_sxm4_80gb", heads)), "split cache_write");
  EXPECT_EQ(names_of(built("vllm_fa2", "a100_sxm4_80gb", gqa(8, 1, 65536))),
            "split merge group_copy group_copy cache_write");
}

TEST(ForwardSpecs, VllmOnHopperSplitsByTheSameKernel) {
  const Program prefill = built("vllm_fa3", "h100_sxm5_80gb", gqa(4, 4096, 4096));
  EXPECT_EQ(names_of(prefill), "flash3 cache_write");
  EXPECT_STREQ(prefill.launches[0].name, "flash3");
  EXPECT_EQ(prefill.launches[0].axes[0].extent, 4096 * 4 / 128);
  EXPECT_EQ(prefill.launches[0].schedule, Schedule::persistent_dynamic);
  const Program decode = built("vllm_fa3", "h100_sxm5_80gb", gqa(1, 1, 65536));
  EXPECT_EQ(names_of(decode), "flash3 merge cache_write");
  EXPECT_EQ(decode.launches[0].threads, 256);  // one consumer of 64 rows
  EXPECT_GT(decode.launches[0].axes[1].extent, 8);
}

/// 8 x ceil(128·4 / 128) = 32 tiles < 0.8·108 and eight blocks of 64 keys: the kernel for split keys, 128 x 112, even
/// where a large batch then leaves one part.
TEST(ForwardSpecs, SglangSwitchesKernelsWithoutLookingAtTheBatch) {
  const Program few = built("sglang_fa2", "a100_sxm4_80gb", gqa(1, 128, 512));
  EXPECT_STREQ(few.launches[0].name, "split");
  const Program batch = built("sglang_fa2", "a100_sxm4_80gb", gqa(64, 128, 512));
  EXPECT_STREQ(batch.launches[0].name, "split");
  EXPECT_EQ(names_of(batch), "split cache_write sequence_sort");
  EXPECT_EQ(batch.launches[0].threads, 256);
  const Program long_queries = built("sglang_fa2", "a100_sxm4_80gb", gqa(1, 512, 512));
  EXPECT_STREQ(long_queries.launches[0].name, "flash2");
  EXPECT_EQ(long_queries.launches[0].axes[0].extent, 16);  // packed: 2048 rows
  EXPECT_STREQ(built("sglang_fa2", "a100_sxm4_80gb", gqa(1, 128, 256)).launches[0].name, "flash2");  // four blocks
}

TEST(ForwardSpecs, CudnnHasAKernelPerArchitecture) {
  EXPECT_STREQ(built("cudnn_sdpa", "h100_sxm5_80gb", gqa(4, 4096, 4096)).launches[0].name, "flash3");
  const Program ampere = built("cudnn_sdpa", "a100_sxm4_80gb", gqa(4, 4096, 4096));
  EXPECT_STREQ(ampere.launches[0].name, "flash2");
  EXPECT_EQ(ampere.math, MathPath::mma_sync);
}

TEST(ForwardSpecs, BareNamesPredictAnywhere) {
  const Program on_ampere = built("flash3", "a100_sxm4_80gb", gqa(1, 1024, 1024));
  EXPECT_TRUE(on_ampere.off_target);
  Program program;
  const auto refused = build(program, device_of("a100_sxm4_80gb"), gqa(1, 1024, 1024), all_specs().load("rt_flash3"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, Status::unsupported);
}

/// Every spec, forward, on a device that it is built for: the closed form is the expansion, the prediction finite.
TEST(ForwardSpecs, EveryProgramCountsAsItExpands) {
  const AttentionShape base{.batch = 2, .heads = 6, .kv_heads = 2};
  const std::pair<Int, Int> lengths[] = {{1, 1}, {1, 700}, {7, 300}, {200, 200}, {333, 777}, {500, 130}};
  for (const std::string& name : all_specs().names()) {
    const KernelSpec spec = all_specs().load(name);
    const bool hopper = spec.from >= ComputeCapability{9, 0} || name == "flash3";
    const Device device = device_of(hopper ? "h100_sxm5_80gb" : "a100_sxm4_80gb");
    for (const auto& [seq_q, seq_kv] : lengths) {
      for (const Mask mask : spec.masks) {
        for (const double dropout : {0.0, 0.1}) {
          AttentionShape s = base;
          s.seq_q = seq_q;
          s.seq_kv = seq_kv;
          s.mask = mask;
          s.dropout = spec.dropout ? dropout : 0;
          s.head_dim = seq_q % 2 == 0 ? 64 : 128;
          Program program;
          const auto result = build(program, device, s, spec);
          if (!result) continue;
          test::expect_equal_to_expansion(program, name + " " + describe(s));
          const auto prediction = find_predictor("hierarchical")->predict(device, program);
          ASSERT_TRUE(prediction) << name << " " << describe(s) << ": " << prediction.error().reason;
          EXPECT_TRUE(std::isfinite(prediction->time.value()) && prediction->time.value() > 0) << name;
        }
      }
    }
  }
}

// ---- broken files
// -----------------------------------------------------------------------------------------------------

std::string spec_text(const std::string& algorithm, const std::string& rest) {
  return "schema: rooftile.spec/1\nname: x\ndescription: d\nsource: s\nalgorithm: " + algorithm +
         "\ndtypes: [fp16]\npasses: [fwd]\nmasks: [none]\n" + rest;
}

TEST(BrokenForwardSpec, IsRefusedWithItsPlace) {
  const std::string tile = "tiles: [{head_dim: 64, br: 64, bc: 64}]\n";
  const struct {
    std::string text;
    const char* message;
  } rows[] = {
      {spec_text("split_kv", tile), "x.yaml:1:1: missing key 'splits'"},
      {spec_text("split_kv", "splits: fa4\n" + tile),
       "x.yaml:9:9: unknown splits 'fa4'; allowed: fixed, fa2, fa2_varlen, fa3, fa3_varlen; did you mean 'fa2'?"},
      {spec_text("split_kv", "splits: fixed\n" + tile), "x.yaml:9:9: 'fixed' is written as the number of parts itself"},
      {spec_text("split_kv", "splits: 0\n" + tile), "x.yaml:9:9: 0 is outside 1 .. 128"},
      {spec_text("flash2", "packs_group: yes\n" + tile),
       "x.yaml:9:14: unknown packs_group 'yes'; allowed: false, true, one_query, efficient"},
      {spec_text("flash1", "row_statistics: 3\n" + tile), "x.yaml:9:17: 3 is outside 1 .. 2"},
      {spec_text("flash2", "tiles: paper\n"), "x.yaml:9:8: 'paper': expected a list of tiles or tile_table"},
      {spec_text("flash3", "tiles: [{head_dim: 64, br: 64, bc: 64}]\n"),
       "x.yaml:9:9: warps 4: a producer warpgroup and one to three consumers are 8, 12 or 16"},
      {spec_text("flash3", "tiles: [{head_dim: 64, br: 64, bc: 64, warps: 12, schedule: static}]\n"),
       "x.yaml:9:61: unknown schedule 'static'; allowed: one_per_cta, persistent_static, persistent_dynamic"},
      {spec_text("flash3", "tiles: [{head_dim: 64, br: 64, bc: 64, warps: 12}]\nschedule: static\n"),
       "x.yaml:10:11: unknown schedule 'static'; allowed: one_per_cta, persistent_static, persistent_dynamic"},
      {spec_text("flash2", tile + "instead:\n  - {algorithm: split_kv, when: split, splits: 4, " +
                               tile.substr(0, tile.size() - 1) + "}\n"),
       "x.yaml:11:5: when: split needs the name of a rule in 'splits'"},
      {spec_text("flash2", tile + "instead: []\n"), "x.yaml:10:10: an empty list"},
  };
  const ScratchFolder folder;
  for (const auto& row : rows) {
    const auto file = folder.write("x.yaml", row.text);
    EXPECT_EQ(folder.without_folder(message_of([&] { (void)load_spec(file); })), row.message) << row.text;
  }
}

}  // namespace
}  // namespace rooftile::yaml
