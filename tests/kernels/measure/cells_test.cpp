// The cells that rooftile-measure reads: what is right is taken, what is wrong is named with its place.
#include <gtest/gtest.h>

#include "measure/bad_input.hpp"
#include "measure/cells.hpp"

namespace rooftile::kernels::measure {
namespace {

const std::vector<std::string> kernels{"rt_standard", "rt_standard_naive", "rt_flash2", "cublas_standard",
                                       "cudnn_sdpa"};
const std::string header = "kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask";
const std::string good = "rt_flash2,fwd,fp16,8,16,4,512,4096,128,causal";

std::vector<Cell> cells(const std::string& text) { return read_cells(text, "c.csv", kernels).cells; }

std::string complaint(const std::string& text) {
  try {
    static_cast<void>(read_cells(text, "c.csv", kernels));
  } catch (const BadInput& error) {
    return error.what();
  }
  return "(nothing)";
}

TEST(MeasureCells, ARowIsACell) {
  const std::vector<Cell> found = cells(header + "\n" + good + "\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(describe(found[0]), "rt_flash2 fwd fp16 batch 8 heads 16/4 seq 512x4096 d128 causal");
  EXPECT_EQ(found[0].l2, "");
  std::string why;
  const auto call = call_of(found[0], why);
  ASSERT_TRUE(call);
  EXPECT_EQ(*call, (AttentionCall{Element::fp16, 8, 16, 4, 512, 4096, 128, true}));
  EXPECT_EQ(describe(cell_of("rt_flash2", *call)), describe(found[0]));
}

TEST(MeasureCells, ABackwardRowIsABackwardCall) {
  const std::vector<Cell> found = cells(header + "\nrt_flash2,bwd,bf16,1,4,2,100,200,64,none\n");
  ASSERT_EQ(found.size(), 1U);
  std::string why;
  const auto call = call_of(found[0], why);
  ASSERT_TRUE(call) << why;
  EXPECT_EQ(*call, (AttentionCall{Element::bf16, 1, 4, 2, 100, 200, 64, false, Pass::bwd}));
  EXPECT_EQ(describe(cell_of("rt_flash2", *call)), "rt_flash2 bwd bf16 batch 1 heads 4/2 seq 100x200 d64 none");
}

TEST(MeasureCells, ColumnsComeInAnyOrderQuotedOrNot) {
  const std::vector<Cell> found = cells(
      "\xEF\xBB\xBFl2,mask,\"kernel\",pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,profile,note\r\n"
      "cold,none,\"flash2\",fwd,bf16,1,2,2,3,4,64,x,\"one, \"\"two\"\"\"\r\n"
      "\r\n"
      ",none,standard,fwd,bf16,1,2,2,3,4,64,\"\",");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].kernel, "rt_flash2");
  EXPECT_EQ(found[0].l2, "cold");
  EXPECT_EQ(found[1].kernel, "rt_standard");
  EXPECT_EQ(found[1].l2, "");
}

TEST(MeasureCells, OtherColumnsAreIgnoredWithAWarning) {
  const CellFile file = read_cells("profile,br,dropout," + header + "\nx,64,," + good + "\n", "c.csv", kernels);
  ASSERT_EQ(file.warnings.size(), 1U);
  EXPECT_EQ(file.warnings[0], "c.csv: column 'br' is ignored");
}

TEST(MeasureCells, WhatNoKernelTakesIsKnownAndRefused) {
  const std::pair<const char*, const char*> rows[] = {
      {"rt_flash2,fwd+bwd,fp16,1,1,1,1,1,64,none,", "pass fwd+bwd is not measured, only fwd and bwd, each by itself"},
      {"rt_flash2,fwd,fp32,1,1,1,1,1,64,none,", "dtype fp32: fp16 and bf16 are measured"},
      {"rt_flash2,bwd,fp8_e4m3,1,1,1,1,1,64,none,", "dtype fp8_e4m3: fp16 and bf16 are measured"},
      {"rt_flash2,fwd,fp16,1,1,1,1,1,64,key_padding,", "mask key_padding is not measured"},
      {"rt_flash2,bwd,fp16,1,1,1,1,1,64,none,0.1", "dropout is not measured"}};
  for (const auto& [row, reason] : rows) {
    const std::vector<Cell> found = cells(header + ",dropout\n" + row + "\n");
    ASSERT_EQ(found.size(), 1U);
    std::string why;
    EXPECT_FALSE(call_of(found[0], why)) << row;
    EXPECT_EQ(why, reason);
  }
}

struct Broken {
  const char* name;
  std::string text;
  std::string message;
};

class MeasureCellsBroken : public testing::TestWithParam<Broken> {};

TEST_P(MeasureCellsBroken, IsNamedWithItsPlace) { EXPECT_EQ(complaint(GetParam().text), GetParam().message); }

std::string row(const std::string& fields) { return header + "\n" + good + "\n" + fields + "\n"; }

INSTANTIATE_TEST_SUITE_P(
    All, MeasureCellsBroken,
    testing::Values(
        Broken{"empty", "", "c.csv:1:1: the file is empty; it begins with kernel,pass,dtype,batch ..."},
        Broken{"missing", "kernel,pass\n", "c.csv:1:1: column 'dtype' is missing"},
        Broken{"twice", header + ",mask\n", "c.csv:1:67: column 'mask' stands here twice"},
        Broken{"short_row", row("rt_flash2,fwd"), "c.csv:3:11: 2 fields, the header has 10"},
        Broken{"long_row", row(good + ",x"), "c.csv:3:40: 11 fields, the header has 10"},
        Broken{"kernel", row("rt_flsh2,fwd,fp16,8,16,4,512,4096,128,causal"),
               "c.csv:3:1: kernel 'rt_flsh2'; allowed: rt_standard, rt_standard_naive, rt_flash2, cublas_standard, "
               "cudnn_sdpa (did you mean rt_flash2?)"},
        Broken{"pass", row("rt_flash2,forward,fp16,8,16,4,512,4096,128,causal"),
               "c.csv:3:11: pass 'forward'; allowed: fwd, bwd, fwd+bwd"},
        Broken{"dtype", row("rt_flash2,fwd,fp61,8,16,4,512,4096,128,causal"),
               "c.csv:3:15: dtype 'fp61'; allowed: fp16, bf16, fp32, fp8_e4m3"},
        Broken{"zero", row("rt_flash2,fwd,fp16,0,16,4,512,4096,128,causal"),
               "c.csv:3:20: batch '0'; allowed: a whole number from 1 to 2147483647"},
        Broken{"huge", row("rt_flash2,fwd,fp16,8,16,4,512,4096000000000,128,causal"),
               "c.csv:3:31: seq_kv '4096000000000'; allowed: a whole number from 1 to 2147483647"},
        Broken{"fraction", row("rt_flash2,fwd,fp16,8,16,4,512,4096,128.0,causal"),
               "c.csv:3:36: head_dim '128.0'; allowed: a whole number from 1 to 2147483647"},
        Broken{"space", row("rt_flash2,fwd,fp16, 8,16,4,512,4096,128,causal"),
               "c.csv:3:20: batch ' 8'; allowed: a whole number from 1 to 2147483647"},
        Broken{"group", row("rt_flash2,fwd,fp16,8,16,3,512,4096,128,causal"),
               "c.csv:3:25: kv_heads 3 does not divide heads 16"},
        Broken{"quote", row("\"rt_flash2,fwd"), "c.csv:3:1: the quote is not closed on this line"},
        Broken{"after_quote", row("\"rt_flash2\"x,fwd"), "c.csv:3:12: text after a closing quote"},
        Broken{"l2", header + ",l2\n" + good + ",hot\n", "c.csv:2:47: l2 'hot'; allowed: cold, warm, "},
        Broken{"dropout", header + ",dropout\n" + good + ",1.5\n",
               "c.csv:2:47: dropout '1.5'; allowed: a probability below 1"}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace rooftile::kernels::measure
