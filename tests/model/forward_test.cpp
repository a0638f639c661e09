// The forward programs of flash1, flash3 and split_kv: bytes by hand, and what their extras add.
#include <gtest/gtest.h>

#include <string_view>

#include "rooftile/model/predictor.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;
constexpr Int fp16_bytes = 2;

/// A built and counted program, asked by tensor name.
struct Counted {
  Program program;
  ProgramCounts counts;

  Counted(const AttentionShape& shape, const KernelSpec& spec, SpecOverrides tile = {},
          const Device& device = test::device()) {
    test::build_or_throw(program, shape, spec, tile, device);
    count(program, counts);
  }
  [[nodiscard]] TensorUse use(std::size_t launch, std::string_view name) const {
    for (const TensorUse& use : counts.uses_of(launch)) {
      if (program.tensors[static_cast<std::size_t>(use.tensor)].name == name) return use;
    }
    return {};
  }
  [[nodiscard]] double work(std::size_t launch, OpKind kind) const { return counts.launch[launch].work_of(kind); }
  [[nodiscard]] Int moved(std::size_t launch) const {
    Int total = 0;
    for (const TensorUse& use : counts.uses_of(launch)) total += use.loaded + use.stored;
    return total;
  }
};

/// GPT-2 medium of the FlashAttention paper's figure 2.
constexpr AttentionShape gpt2{.batch = 64, .heads = 16, .kv_heads = 16, .seq_q = 1024, .seq_kv = 1024, .head_dim = 64};

struct BlockSize {
  Int bc;
  double gigabytes;  // figure 2, middle, as the vector graphics have it
};
constexpr BlockSize figure_2[] = {{64, 6.577}, {128, 3.355}, {256, 1.745}, {512, 0.940}};

TEST(Flash1, BytesAreThoseOfThePaper) {
  for (const BlockSize& point : figure_2) {
    const Counted c{gpt2, test::flash1_spec(), {64, point.bc}};
    const Int matrix = 64 * 16 * 1024 * 64 * fp16_bytes, row = 64 * 16 * 1024 * 4;
    const Int blocks = 1024 / point.bc;
    Int matrices = 0;
    for (const char* name : {"Q", "K", "V", "O"}) matrices += c.use(0, name).swept_loads + c.use(0, name).swept_stores;
    EXPECT_EQ(matrices, (3 * blocks + 1) * matrix);
    EXPECT_NEAR(static_cast<double>(matrices) / 1e9, point.gigabytes, 0.0005);
    for (const char* name : {"l", "m"}) {  // the last block leaves the logsumexp in their place
      EXPECT_EQ(c.use(0, name).swept_loads, (blocks - 1) * row);
      EXPECT_EQ(c.use(0, name).swept_stores, (blocks - 1) * row);
    }
    EXPECT_EQ(c.use(0, "LSE").swept_stores, row);
    EXPECT_EQ(c.counts.workspace.value(), static_cast<double>(2 * row));
  }
}

TEST(Flash1, AsPrintedInitialisesAndReadsTheFirstBlock) {
  KernelSpec spec = test::flash1_spec();
  spec.as_printed = true;
  for (const Int seq_q : {1, 100, 1024}) {
    for (const Int seq_kv : {1, 100, 1000}) {
      const AttentionShape s{.batch = 2, .heads = 3, .kv_heads = 3, .seq_q = seq_q, .seq_kv = seq_kv, .head_dim = 64};
      const Counted c{s, spec, {64, 128}};
      const Int blocks = ceil_div(seq_kv, 128), q = 6 * seq_q * 64 * fp16_bytes, row = 6 * seq_q * 4;
      EXPECT_EQ(c.use(0, "Q").loaded, blocks * q);
      EXPECT_EQ(c.use(0, "O").loaded, blocks * q);
      EXPECT_EQ(c.use(0, "O").stored, (blocks + 1) * q);
      EXPECT_EQ(c.use(0, "l").loaded + c.use(0, "l").stored, (2 * blocks + 1) * row);
      EXPECT_EQ(c.use(0, "K").loaded, 6 * seq_kv * 64 * fp16_bytes);
    }
  }
}

/// Rows and blocks counted one by one: a block of keys meets the query blocks that see one of its keys.
TEST(Flash1, CausalSkipsWhatNobodySees) {
  for (const auto& [seq_q, seq_kv] : {std::pair<Int, Int>{1024, 1024}, {300, 1000}, {1000, 300}, {1, 700}, {77, 77}}) {
    const AttentionShape s{
        .batch = 1, .heads = 1, .kv_heads = 1, .seq_q = seq_q, .seq_kv = seq_kv, .head_dim = 64, .mask = Mask::causal};
    const Int br = 64, bc = 128, offset = seq_kv - seq_q;
    Int visits = 0, first_visits = 0, stored_rows = 0;
    for (Int j = 0; j * bc < seq_kv; ++j) {
      for (Int i = 0; i * br < seq_q; ++i) {
        const Int last_row = std::min((i + 1) * br, seq_q) - 1;
        if (last_row + offset < j * bc) continue;
        const Int rows = last_row + 1 - i * br;
        visits += rows;
        if (j == 0) first_visits += rows;
      }
    }
    for (Int i = 0; i * br < seq_q; ++i) {  // rows that see no key at all are written once, as zeros
      if ((i + 1) * br - 1 + offset < 0) stored_rows += br;
    }
    const Counted c{s, test::flash1_spec(), {br, bc}};
    EXPECT_EQ(c.use(0, "Q").loaded, visits * 64 * fp16_bytes) << describe(s);
    EXPECT_EQ(c.use(0, "O").loaded, (visits - first_visits) * 64 * fp16_bytes) << describe(s);
    EXPECT_EQ(c.use(0, "O").stored, (visits + stored_rows) * 64 * fp16_bytes) << describe(s);
    EXPECT_EQ(c.use(0, "m").loaded, (visits - first_visits) * 4) << describe(s);
    EXPECT_EQ(c.use(0, "m").stored, (visits - (seq_q - stored_rows)) * 4) << "all visits but the last, " << describe(s);
    EXPECT_EQ(c.use(0, "LSE").stored, seq_q * 4) << describe(s);
    EXPECT_EQ(c.use(0, "K").loaded, seq_kv * 64 * fp16_bytes) << describe(s);
  }
}

TEST(Flash1, OneStatisticIsTheLogsumexp) {
  KernelSpec spec = test::flash1_spec();
  spec.row_statistics = 1;
  const Counted c{gpt2, spec, {64, 256}};
  EXPECT_EQ(c.use(0, "LSE").stored, 4 * 64 * 16 * 1024 * 4);
  EXPECT_EQ(c.use(0, "LSE").loaded, 3 * 64 * 16 * 1024 * 4);
  EXPECT_EQ(c.use(0, "l").loaded + c.use(0, "m").loaded, 0);
}

/// Bc = ceil(M / 4d), Br = min(Bc, d): 163 KiB are 83456 elements.
TEST(Flash1, PaperTileFollowsFromSharedMemory) {
  KernelSpec spec = test::flash1_spec();
  spec.paper_tile = true;
  const auto tile = [&](const Device& device, Int head_dim) { return select_tile(spec, device, head_dim, Mask::none); };
  EXPECT_EQ(tile(test::device(), 64)->bc, 326);
  EXPECT_EQ(tile(test::device(), 64)->br, 64);
  EXPECT_EQ(tile(test::device(), 128)->bc, 163);
  EXPECT_EQ(tile(test::device(), 256)->bc, 82);
  EXPECT_EQ(tile(test::device(), 256)->br, 82);
  Device paper = test::device();  // 20 MB of SRAM on 108 SMs, no limit per CTA stated
  paper.sm.smem_per_cta = Bytes::unknown();
  paper.sm.smem_capacity = Bytes{185185};
  EXPECT_EQ(tile(paper, 64)->bc, 362);
  paper.sm.smem_capacity = Bytes::unknown();
  EXPECT_EQ(tile(paper, 64).error().reason,
            "the tile of rt_flash1 follows from shared memory, which test_a100 does not state (sm.smem_per_cta or "
            "sm.smem_capacity)");
}

/// Four warps on 16 rows: each reads Q, they share the keys, and add up O in fp32 through shared memory.
TEST(Flash1, WarpsThatShareRowsSplitTheKeys) {
  KernelSpec spec = test::flash1_spec();
  spec.kv_in_registers = true;
  const AttentionShape s{.batch = 1, .heads = 1, .kv_heads = 1, .seq_q = 16, .seq_kv = 256, .head_dim = 64};
  const Counted c{s, spec, {16, 256}};
  const double q = 4 * 16 * 64 * fp16_bytes, k_and_v = 2 * 256 * 64 * fp16_bytes, partial_o = 4 * 16 * 64 * 4;
  EXPECT_EQ(c.work(0, OpKind::lds), q + k_and_v + partial_o);
  spec.kv_in_registers = false;
  EXPECT_EQ(Counted(s, spec, {16, 256}).work(0, OpKind::lds), q + k_and_v + partial_o);  // one query block: the same
  AttentionShape two = s;
  two.seq_q = 32;
  EXPECT_EQ(Counted(two, spec, {16, 256}).work(0, OpKind::lds), 2 * (q + k_and_v + partial_o));
  spec.kv_in_registers = true;
  EXPECT_EQ(Counted(two, spec, {16, 256}).work(0, OpKind::lds), 2 * (q + partial_o) + k_and_v);
}

// ---- split_kv

TEST(SplitKv, DecodeReadsTheCacheOnceAndItsPartsTwice) {
  for (const Int keys : {1, 127, 8192, 10000}) {
    for (const int splits : {1, 2, 7, 128}) {
      const AttentionShape s{.batch = 3, .heads = 32, .kv_heads = 8, .seq_q = 1, .seq_kv = keys, .head_dim = 128};
      const Counted c{s, test::split_kv_spec(splits)};
      const Int parts = std::min<Int>(splits, ceil_div(keys, 128));
      const Int q = 3 * 32 * 128 * fp16_bytes, kv = 2 * 3 * 8 * keys * 128 * fp16_bytes, rows = 3 * 32;
      EXPECT_EQ(c.use(0, "Q").loaded, parts * q);
      EXPECT_EQ(c.use(0, "K").loaded + c.use(0, "V").loaded, kv);
      if (parts == 1) {
        ASSERT_EQ(c.program.launches.size(), 1U);
        EXPECT_EQ(c.moved(0), q + kv + q + rows * 4);
        continue;
      }
      ASSERT_EQ(c.program.launches.size(), 2U);
      EXPECT_EQ(c.moved(0), parts * q + kv + parts * rows * (128 + 1) * 4);
      EXPECT_EQ(c.moved(1), parts * rows * (128 + 1) * 4 + q + rows * 4);
      EXPECT_EQ(c.counts.workspace.value(), static_cast<double>(parts * rows * (128 + 1) * 4));
    }
  }
}

/// Without packing every query head has a CTA of its own, which reads the cache of its group again.
TEST(SplitKv, UnpackedHeadsReadTheCacheOnceEach) {
  const AttentionShape s{.batch = 1, .heads = 32, .kv_heads = 8, .seq_q = 1, .seq_kv = 4096, .head_dim = 128};
  const Counted packed{s, test::split_kv_spec(4)}, unpacked{s, test::split_kv_spec(4, GroupPacking::never)};
  EXPECT_EQ(unpacked.use(0, "K").loaded, 4 * packed.use(0, "K").loaded);
  EXPECT_EQ(unpacked.use(0, "K").swept_loads, packed.use(0, "K").swept_loads);
  EXPECT_EQ(unpacked.use(0, "O_part").stored, packed.use(0, "O_part").stored);
}

/// 200 queries at the end of 1000 keys, 4 heads each in a tile: tile i sees up to key 800 + 16 (i + 1) - 1; parts of
/// two blocks of 128 keys.
TEST(SplitKv, CausalPartsEndWhereTheMaskDoes) {
  const AttentionShape s{
      .batch = 1, .heads = 4, .kv_heads = 1, .seq_q = 200, .seq_kv = 1000, .head_dim = 128, .mask = Mask::causal};
  const Counted c{s, test::split_kv_spec(4)};
  Int keys_read = 0;
  for (Int i = 0; i * 64 < 800; ++i) {
    const Int last_position = std::min((i + 1) * 64 - 1, Int{799}) / 4;
    keys_read += std::min(Int{1000}, ceil_div(last_position + 800 + 1, 128) * 128);
  }
  EXPECT_EQ(c.use(0, "K").loaded, keys_read * 128 * fp16_bytes);
  EXPECT_EQ(c.use(0, "Q").loaded, 4 * 800 * 128 * fp16_bytes);
  EXPECT_EQ(c.use(0, "O_part").stored, 4 * 800 * 128 * 4);
}

TEST(SplitKv, EmptyPartsStillLeaveTheirResults) {
  // 9 blocks in 8 parts of two: the last three have none
  const AttentionShape s{.batch = 1, .heads = 1, .kv_heads = 1, .seq_q = 1, .seq_kv = 9 * 128, .head_dim = 128};
  const Counted c{s, test::split_kv_spec(8)};
  EXPECT_EQ(c.counts.launch[0].trips[0], 9);
  EXPECT_EQ(entries(c.program.launches[0], 0), 5);
  EXPECT_EQ(c.use(0, "O_part").stored, 8 * 128 * 4);
  EXPECT_EQ(c.use(0, "LSE_part").stored, 8 * 4);
}

Int splits_of(const AttentionShape& s, SplitRule rule, GroupPacking packing = GroupPacking::always,
              const Device& device = test::device()) {
  KernelSpec spec = test::split_kv_spec(0, packing);
  spec.split_rule = rule;
  return Counted{s, spec, {}, device}.program.launches[0].axes[1].extent;
}

/// FlashAttention-2 on 108 SMs: 216 slots, 128 keys per block at d = 128.
TEST(SplitRule, FollowsFlashAttention2) {
  const auto decode = [](Int batch, Int kv_heads, Int keys) {
    return AttentionShape{
        .batch = batch, .heads = 4 * kv_heads, .kv_heads = kv_heads, .seq_q = 1, .seq_kv = keys, .head_dim = 128};
  };
  EXPECT_EQ(splits_of(decode(32, 8, 4096), SplitRule::fa2), 1);    // 256 CTAs >= 0.8 x 216
  EXPECT_EQ(splits_of(decode(22, 8, 4096), SplitRule::fa2), 1);    // 176 as well
  EXPECT_EQ(splits_of(decode(1, 8, 128), SplitRule::fa2), 1);      // one block
  EXPECT_EQ(splits_of(decode(1, 8, 131072), SplitRule::fa2), 23);  // 8 x 27 fill 216; 23 is the first with 85 % of that
  // 32 blocks, 8 CTAs: 16 parts of two blocks and 32 of one fill 59 % of their waves; 11 of three, the next fewer that
  // shorten the longest part, 41 %
  EXPECT_EQ(splits_of(decode(1, 8, 4096), SplitRule::fa2), 16);
}

TEST(SplitRule, VariableLengthsSplitFoldedGroupsOnly) {
  const AttentionShape gqa{.batch = 1, .heads = 32, .kv_heads = 8, .seq_q = 1, .seq_kv = 131072, .head_dim = 128};
  AttentionShape mha = gqa;
  mha.kv_heads = 32;
  EXPECT_GT(splits_of(gqa, SplitRule::fa2_varlen, GroupPacking::one_query), 1);
  EXPECT_EQ(splits_of(mha, SplitRule::fa2_varlen, GroupPacking::one_query), 1);
  EXPECT_GT(splits_of(mha, SplitRule::fa2, GroupPacking::one_query), 1);
}

/// FlashAttention-3 on 132 SMs: one slot each.
TEST(SplitRule, FollowsFlashAttention3) {
  const Device h100 = test::hopper();
  const AttentionShape s{.batch = 1, .heads = 32, .kv_heads = 8, .seq_q = 1, .seq_kv = 65536, .head_dim = 128};
  const auto with = [&](Int batch, Int keys) {
    AttentionShape t = s;
    t.batch = batch;
    t.seq_kv = keys;
    return t;
  };
  const GroupPacking packed = GroupPacking::always;
  EXPECT_EQ(splits_of(with(1, 512), SplitRule::fa3, packed, h100), 1);     // four blocks
  EXPECT_EQ(splits_of(with(16, 65536), SplitRule::fa3, packed, h100), 1);  // 128 tiles >= 0.8 x 132
  EXPECT_EQ(splits_of(with(1, 65536), SplitRule::fa3, packed, h100), 15);  // 33 parts fill two waves, 15 91 % of one
  // the batch does not count before the call; on the device it does: ceil(512 / ceil(1.1 x 32 x 512 x 8 / 132)) = 1
  EXPECT_EQ(splits_of(with(32, 65536), SplitRule::fa3_varlen, packed, h100), 1);
  EXPECT_EQ(splits_of(with(2, 65536), SplitRule::fa3_varlen, packed, h100), 8);  // ceil(512 / ceil(68.3)) = 8
}

// ---- flash3
// -----------------------------------------------------------------------------------------------------------

TEST(Flash3, ReadsWhatFlash2DoesWithItsTile) {
  for (const Mask mask : {Mask::none, Mask::causal}) {
    for (const Int nq : {1, 777, 4096}) {
      const AttentionShape s{
          .batch = 2, .heads = 8, .kv_heads = 2, .seq_q = nq, .seq_kv = 1000, .head_dim = 128, .mask = mask};
      const Counted three{s, test::flash3_spec(), {}, test::hopper()}, two{s, test::flash2_spec(), {128, 128}};
      EXPECT_EQ(three.moved(0), two.moved(0)) << describe(s);
      EXPECT_EQ(three.work(0, OpKind::mma), two.work(0, OpKind::mma)) << describe(s);
      EXPECT_EQ(three.work(0, OpKind::exp2), two.work(0, OpKind::exp2)) << describe(s);
    }
  }
}

TEST(Flash3, RolesAreAProducerAndItsConsumers) {
  KernelSpec spec = test::flash3_spec();
  const AttentionShape s{.batch = 1, .heads = 1, .kv_heads = 1, .seq_q = 1024, .seq_kv = 1024, .head_dim = 64};
  const auto roles = [&] { return Counted{s, spec, {}, test::hopper()}.program.launches[0].roles; };
  ASSERT_EQ(roles().size(), 2U);
  EXPECT_EQ(roles()[0].warps, 4);
  EXPECT_EQ(roles()[0].registers, 32);
  EXPECT_EQ(roles()[1].warps, 4);
  EXPECT_EQ(roles()[1].copies, 3);
  EXPECT_EQ(roles()[1].registers, 160);
  spec.ping_pong = false;
  EXPECT_EQ(roles()[1].warps, 12);
  EXPECT_EQ(roles()[1].copies, 1);
}

/// Registers of all roles fit what the launch allocates at entry.
TEST(Flash3, RolesShareTheRegistersOfTheLaunch) {
  for (const Int d : {64, 128, 256}) {
    const AttentionShape s{.batch = 1, .heads = 1, .kv_heads = 1, .seq_q = 1024, .seq_kv = 1024, .head_dim = d};
    const Counted c{s, test::flash3_spec(), {}, test::hopper()};
    const Launch& launch = c.program.launches[0];
    Int registers = 0;
    for (const Role& role : launch.roles) registers += Int{32} * role.warps * role.copies * role.registers;
    EXPECT_LE(registers, Int{launch.threads} * launch.registers) << d;
    EXPECT_GT(registers, Int{launch.threads} * launch.registers * 9 / 10) << d;
  }
}

TEST(Flash3, AClusterAsksOnceForBothOfItsTiles) {
  KernelSpec spec = test::flash3_spec();
  for (TileRow& row : spec.tiles) row.cluster = 2;
  AttentionShape s{.batch = 1, .heads = 2, .kv_heads = 2, .seq_q = 1000, .seq_kv = 1000, .head_dim = 128};
  const Counted c{s, spec, {}, test::hopper()};  // eight tiles of 128 rows
  EXPECT_EQ(c.program.launches[0].cluster, 2);
  EXPECT_EQ(c.use(0, "K").loaded, 2 * 4 * 1000 * 128 * fp16_bytes);
  EXPECT_EQ(c.use(0, "K").swept_loads, 2 * 1000 * 128 * fp16_bytes);
  EXPECT_EQ(c.use(0, "Q").loaded, 2 * 1000 * 128 * fp16_bytes);
  s.seq_q = 1100;  // nine: no clusters
  const Counted odd{s, spec, {}, test::hopper()};
  EXPECT_EQ(odd.program.launches[0].cluster, 1);
  EXPECT_EQ(odd.use(0, "K").loaded, 2 * 9 * 1000 * 128 * fp16_bytes);
  s.seq_q = 1000;
  s.mask = Mask::causal;
  EXPECT_EQ(Counted(s, spec, {}, test::hopper()).program.launches[0].cluster, 1);
}

TEST(Packing, FoldsTheGroupIntoRows) {
  AttentionShape s{.batch = 2, .heads = 8, .kv_heads = 2, .seq_q = 100, .seq_kv = 1000, .head_dim = 128};
  for (KernelSpec spec : {test::flash2_spec(), test::flash3_spec()}) {
    spec.packs_group = GroupPacking::always;
    const Counted c{s, spec, {128, 64}, test::hopper()};
    EXPECT_EQ(c.use(0, "K").loaded, 2 * 2 * 4 * 1000 * 128 * fp16_bytes);  // 400 rows in four tiles
    spec.packs_group = GroupPacking::never;
    EXPECT_EQ(Counted(s, spec, {128, 64}, test::hopper()).use(0, "K").loaded, 2 * 8 * 1 * 1000 * 128 * fp16_bytes);
    // 100 of 128 rows filled, or 400 of 512: no gain; 70 of 128 or 280 of 384: 0.55 against 0.73
    spec.packs_group = GroupPacking::efficient;
    EXPECT_STREQ(Counted(s, spec, {128, 64}, test::hopper()).program.launches[0].axes[0].name, "q_tile");
    EXPECT_EQ(Counted(s, spec, {128, 64}, test::hopper()).program.launches[0].axes[0].extent, 1);
    AttentionShape fewer = s;
    fewer.seq_q = 70;
    EXPECT_EQ(Counted(fewer, spec, {128, 64}, test::hopper()).program.launches[0].axes[0].extent, 3);
  }
}

// ---- key padding and dropout
// ------------------------------------------------------------------------------------------

TEST(Extras, AKeyMaskIsReadAByteAKey) {
  AttentionShape s{.batch = 2, .heads = 4, .kv_heads = 2, .seq_q = 300, .seq_kv = 1000, .head_dim = 128};
  for (const KernelSpec& spec :
       {test::flash1_spec(), test::flash2_spec(), test::flash3_spec(), test::split_kv_spec(4)}) {
    const Device& device = spec.algorithm == Algorithm::flash3 ? test::hopper() : test::device();
    s.mask = Mask::none;
    const Counted plain{s, test::with_extras(spec), {}, device};
    s.mask = Mask::key_padding;
    const Counted masked{s, test::with_extras(spec), {}, device};
    EXPECT_EQ(masked.use(0, "key_mask").touched, 2 * 1000) << spec.name;
    EXPECT_EQ(masked.use(0, "key_mask").loaded, masked.use(0, "K").loaded / (128 * fp16_bytes)) << spec.name;
    EXPECT_EQ(masked.moved(0) - masked.use(0, "key_mask").loaded, plain.moved(0)) << spec.name;
    const double scores = plain.work(0, OpKind::mma) / (4 * 128);
    EXPECT_EQ(masked.work(0, OpKind::alu) - plain.work(0, OpKind::alu), 2 * scores) << spec.name;
  }
}

TEST(Extras, DropoutDrawsRandomNumbers) {
  AttentionShape s{.batch = 2, .heads = 4, .kv_heads = 2, .seq_q = 300, .seq_kv = 1000, .head_dim = 128};
  for (KernelSpec spec : {test::flash1_spec(), test::flash2_spec(), test::flash3_spec()}) {
    const Device& device = spec.algorithm == Algorithm::flash3 ? test::hopper() : test::device();
    spec = test::with_extras(spec);
    s.dropout = 0;
    const Counted plain{s, spec, {}, device};
    s.dropout = 0.1;
    const double scores = plain.work(0, OpKind::mma) / (4 * 128);
    for (const int bits : {32, 16, 8}) {
      spec.dropout_bits = bits;
      const Counted dropped{s, spec, {}, device};
      EXPECT_EQ(dropped.work(0, OpKind::rng), scores * bits / 32) << spec.name;
      EXPECT_EQ(dropped.moved(0), plain.moved(0)) << spec.name;
    }
    EXPECT_EQ(plain.work(0, OpKind::rng), 0);
  }
}

TEST(Extras, TilesForDropoutServeDropoutAlone) {
  KernelSpec spec = test::with_extras(test::flash2_spec());
  TileRow row = spec.tiles[0];
  row.br = 48;
  row.dropout_only = true;
  spec.tiles.insert(spec.tiles.begin(), row);
  EXPECT_EQ(select_tile(spec, test::device(), 64, Mask::none, {}, true)->br, 48);
  EXPECT_EQ(select_tile(spec, test::device(), 64, Mask::none, {}, false)->br, 128);
}

}  // namespace
}  // namespace rooftile
