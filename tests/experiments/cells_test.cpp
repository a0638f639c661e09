// predict --cells: the batch interface that other programs build on.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness.hpp"
#include "rooftile/analysis/csv.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

using analysis::CsvRow;
using analysis::CsvTable;

const std::string header = "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout";
const std::string outputs =
    "time_s,flop,dram_read_bytes,dram_write_bytes,l2_read_bytes,l2_write_bytes,smem_bytes,bound,status,reason,"
    "expected_error,notes";
const std::string good = "a100_sxm4_80gb,fa2,fwd,fp16,8,16,16,4096,4096,128,causal,";

Outcome predict(const Scratch& scratch, const std::string& csv, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"predict", "--cells", scratch.write("cells.csv", csv)};
  words.insert(words.end(), more.begin(), more.end());
  return run_line(words);
}

CsvTable answers(const Scratch& scratch, const std::string& csv) {
  const Outcome outcome = predict(scratch, csv, {"--format", "csv"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return CsvTable::parse(outcome.out, "answers");
}

TEST(Cells, TheHeaderIsTheInputThenTheAnswer) {
  const Scratch scratch;
  const Outcome outcome = predict(scratch, header + "\n" + good + "\n", {"--format", "csv"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.substr(0, outcome.out.find('\n')), header + "," + outputs);
}

TEST(Cells, OtherColumnsPassThroughUntouched) {
  const Scratch scratch;
  const std::string csv =
      "id,mask,dropout,profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,\"free, text\",padded\n"
      "007,causal,0.10,a100_sxm4_80gb,pytorch_eager,fwd,fp16,8,16,16,512,512,64,\"a \"\"quoted\"\" one, here\",1e3\n"
      "-0,none,,a100_sxm4_80gb,fa2,fwd,fp16,8,16,16,512,512,64,,  x \n";
  const CsvTable table = answers(scratch, csv);
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table.header()[0].text, "id");
  EXPECT_EQ(table.header()[13].text, "free, text");
  EXPECT_EQ(table[0].text("id"), "007");
  EXPECT_EQ(table[0].text("dropout"), "0.10");
  EXPECT_EQ(table[0].text("free, text"), "a \"quoted\" one, here");
  EXPECT_EQ(table[0].text("padded"), "1e3");
  EXPECT_EQ(table[1].text("id"), "-0");
  EXPECT_EQ(table[1].text("dropout"), "");
  EXPECT_EQ(table[1].text("padded"), "  x ");
}

TEST(Cells, ATileIsThatOfTheOptions) {
  const Scratch scratch;
  const CsvTable table = answers(
      scratch, header + ",br,bc,warps,stages\n" + good + ",,,,\n" + good + ",64,64,4,2\n" + good + ",128,64,8,\n");
  ASSERT_EQ(table.size(), 3U);
  const Outcome line = run_line({"predict",  "-p",      "a100_sxm4_80gb",
                                 "-k",       "fa2",     "--batch",
                                 "8",        "--heads", "16",
                                 "--seq",    "4096",    "--head-dim",
                                 "128",      "--mask",  "causal",
                                 "--br",     "64",      "--bc",
                                 "64",       "--warps", "4",
                                 "--stages", "2",       "--format",
                                 "csv"});
  const CsvTable same = CsvTable::parse(line.out, "line");
  EXPECT_EQ(same[0].text("time_s"), table[1].text("time_s"));
  EXPECT_EQ(same[0].text("warps"), "4");
  EXPECT_EQ(same[0].text("stages"), "2");
  EXPECT_NE(table[0].text("time_s"), table[1].text("time_s"));
  EXPECT_NE(table[0].text("time_s"), table[2].text("time_s"));
}

TEST(Cells, EveryNumberOfAnAnswerIsThere) {
  const Scratch scratch;
  const CsvTable table = answers(scratch, header + "\n" + good + "\n");
  ASSERT_EQ(table.size(), 1U);
  const CsvRow row = table[0];
  for (const char* column :
       {"time_s", "dram_read_bytes", "dram_write_bytes", "l2_read_bytes", "l2_write_bytes", "smem_bytes"}) {
    EXPECT_GT(row.number(column), 0) << column;
  }
  EXPECT_EQ(row.number("flop"), 4.0 * 8 * 16 * 4096 * 4096 * 128 / 2);
  EXPECT_EQ(row.text("status"), "ok");
  EXPECT_EQ(row.text("reason"), "");
  EXPECT_FALSE(row.text("bound").empty());
}

TEST(Cells, WhatCannotRunSaysWhyAndTheRestGoesOn) {
  const Scratch scratch;
  const CsvTable table = answers(scratch, header +
                                              "\n"
                                              "a100_sxm4_40gb,pytorch_eager,fwd,fp16,64,64,64,65536,65536,128,none,\n"
                                              "a100_sxm4_40gb,rt_standard,bwd,fp16,1,16,16,4096,4096,128,none,\n"
                                              "a100_sxm4_40gb,fa2,fwd,fp16,1,16,16,4096,4096,128,none,\n");
  ASSERT_EQ(table.size(), 3U);
  EXPECT_EQ(table[0].text("status"), "infeasible");
  EXPECT_NE(table[0].text("reason"), "");
  EXPECT_EQ(table[0].text("time_s"), "");
  EXPECT_EQ(table[1].text("status"), "unsupported");
  EXPECT_NE(table[1].text("reason"), "");
  EXPECT_EQ(table[2].text("status"), "ok");
}

TEST(Cells, RowsKeepTheirOrderOverManyBlocks) {
  const Scratch scratch;
  std::string csv = header + ",id\n";
  constexpr int rows = 3000;
  for (int i = 0; i < rows; ++i) {
    csv +=
        "a100_sxm4_80gb,fa2,fwd,fp16,1,16,16," + std::to_string(i + 1) + ",4096,64,none,," + std::to_string(i) + "\n";
  }
  const CsvTable table = answers(scratch, csv);
  ASSERT_EQ(table.size(), std::size_t{rows});
  for (std::size_t i = 0; i < rows; ++i) {
    ASSERT_EQ(table[i].text("id"), std::to_string(i));
    ASSERT_EQ(table[i].number("flop"), 4.0 * 16 * static_cast<double>(i + 1) * 4096 * 64);
  }
}

TEST(Cells, OverridesAndOtherOpsAreRead) {
  const Scratch scratch;
  const std::string more = header + ",op,m,n,k,rows,cols,br,bc,l2\n";
  const CsvTable table = answers(scratch, more + good + ",,,,,,,,,cold\n" + good +
                                              ",attention,,,,,,64,64,cold\n"
                                              "a100_sxm4_40gb,rt_standard,,fp16,,,,,,,,,gemm,1024,1024,128,,,,,\n"
                                              "a100_sxm4_40gb,rt_standard,,fp16,,,,,,,,,softmax,,,,1024,1024,,,\n");
  ASSERT_EQ(table.size(), 4U);
  EXPECT_NE(table[0].number("l2_read_bytes"),
            table[1].number("l2_read_bytes"));  // smaller tiles read K and V more often
  EXPECT_EQ(table[2].number("flop"), 2.0 * 1024 * 1024 * 128);
  EXPECT_EQ(table[3].number("flop"), 5.0 * 1024 * 1024);
  for (const CsvRow row : table) EXPECT_EQ(row.text("status"), "ok") << row.text("reason");
}

TEST(Cells, AHeaderAloneHasAnEmptyAnswer) {
  const Scratch scratch;
  const Outcome outcome = predict(scratch, header + "\n", {"--format", "csv"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, header + "," + outputs + "\n");
}

TEST(Cells, EveryFormatWrites) {
  const Scratch scratch;
  for (const char* format : {"table", "json", "csv", "md"}) {
    const Outcome outcome = predict(scratch, header + "\n" + good + "\n", {"--format", format});
    EXPECT_EQ(outcome.code, 0) << format;
    EXPECT_NE(outcome.out.find("a100_sxm4_80gb"), std::string::npos) << format;
  }
}

TEST(Cells, AFileAnswersLikeTheCommandLine) {
  const Scratch scratch;
  const CsvTable file = answers(scratch, header + "\n" + good + "\n");
  const Outcome line = run_line(words_of(
      "predict -p a100_sxm4_80gb -k fa2 --batch 8 --heads 16 --seq 4096 --head-dim 128 --mask causal --format csv"));
  const CsvTable single = CsvTable::parse(line.out, "line");
  for (const char* column : {"time_s", "flop", "dram_read_bytes", "l2_read_bytes", "smem_bytes", "bound", "notes"}) {
    EXPECT_EQ(file[0].text(column), single[0].text(column)) << column;
  }
}

TEST(Cells, SettingsAndPredictorHoldForAllRows) {
  const Scratch scratch;
  const std::string csv = header + "\na100_sxm4_80gb,pytorch_eager,fwd,fp16,8,16,16,4096,4096,128,none,\n";
  const auto time = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"--format", "csv"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = predict(scratch, csv, words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return CsvTable::parse(outcome.out, "answers")[0].number("time_s");
  };
  EXPECT_LT(time({"--set", "memory.dram.bandwidth=4 TB/s"}), time({}));
  EXPECT_NE(time({"--predictor", "roofline"}), time({}));
}

struct BrokenCells {
  const char* name;
  std::string csv;
  const char* message;  ///< behind "rooftile: "
};

const BrokenCells broken_cells[] = {
    {"empty", "", "cells.csv: is empty; expected a header line with column names"},
    {"missing_column", header.substr(0, header.find(",mask")) + "\n" + good.substr(0, good.find(",causal")) + "\n",
     "cells.csv:1: missing column 'mask'; the header has: profile, kernel, pass, dtype, batch, heads, kv_heads, seq_q, "
     "seq_kv, head_dim"},
    {"field_without_column", "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,head_dim,mask\n" + good + "\n",
     "cells.csv:2: row has 12 fields, the header has 10 columns"},
    {"duplicate_column", header + ",mask\n" + good + ",none\n",
     "cells.csv:1:83: column 'mask' appears twice in the header"},
    {"output_column", header + ",time_s\n" + good + ",0.1\n",
     "cells.csv:1:83: duplicate column 'time_s': the answer writes a column of this name; rename this one"},
    {"short_row", header + "\na100_sxm4_80gb,fa2,fwd\n", "cells.csv:2: row has 3 fields, the header has 12 columns"},
    {"long_row", header + "\n" + good + ",,\n", "cells.csv:2: row has 14 fields, the header has 12 columns"},
    {"unknown_profile", header + "\na100_sxm4_80bg,fa2,fwd,fp16,8,16,16,4096,4096,128,causal,\n",
     "cells.csv:2:1: column profile: unknown profile 'a100_sxm4_80bg'; allowed: PROFILES; did you mean "
     "'a100_sxm4_80gb'?"},
    {"unknown_kernel", header + "\na100_sxm4_80gb,fa22,fwd,fp16,8,16,16,4096,4096,128,causal,\n",
     "cells.csv:2:16: column kernel: unknown kernel 'fa22'; allowed: KERNELS; did you mean 'fa2'?"},
    {"unknown_mask", header + "\na100_sxm4_80gb,fa2,fwd,fp16,8,16,16,4096,4096,128,casual,\n",
     "cells.csv:2:51: column mask: unknown mask 'casual'; allowed: none, causal, key_padding; did you mean 'causal'?"},
    {"unknown_pass", header + "\na100_sxm4_80gb,fa2,forward,fp16,8,16,16,4096,4096,128,none,\n",
     "cells.csv:2:20: column pass: unknown pass 'forward'; allowed: fwd, bwd, fwd+bwd"},
    {"unknown_dtype", header + "\na100_sxm4_80gb,fa2,fwd,float16,8,16,16,4096,4096,128,none,\n",
     "cells.csv:2:24: column dtype: unknown dtype 'float16'; allowed: fp16, bf16, fp32, fp8_e4m3"},
    {"unknown_op", header + ",op\n" + good + ",conv\n",
     "cells.csv:2:59: column op: unknown op 'conv'; allowed: attention, gemm, softmax"},
    {"no_number", header + "\na100_sxm4_80gb,fa2,fwd,fp16,8,16,16,4k,4096,128,none,\n",
     "cells.csv:2:37: column seq_q: '4k' is not a positive integer"},
    {"zero", header + "\na100_sxm4_80gb,fa2,fwd,fp16,0,16,16,4096,4096,128,none,\n",
     "cells.csv:2:29: column batch: '0' is not a positive integer"},
    {"fraction", header + "\na100_sxm4_80gb,fa2,fwd,fp16,8.5,16,16,4096,4096,128,none,\n",
     "cells.csv:2:29: column batch: '8.5' is not a positive integer"},
    {"empty_number", header + "\na100_sxm4_80gb,fa2,fwd,fp16,,16,16,4096,4096,128,none,\n",
     "cells.csv:2:29: column batch: is empty"},
    {"kv_heads", header + "\na100_sxm4_80gb,fa2,fwd,fp16,8,16,5,4096,4096,128,none,\n",
     "cells.csv:2: kv_heads 5 does not divide heads 16"},
    {"dropout", header + "\na100_sxm4_80gb,fa2,fwd,fp16,8,16,16,4096,4096,128,none,1.5\n",
     "cells.csv:2:56: column dropout: '1.5' is not a probability in [0, 1)"},
    {"open_quote", header + "\n\"a100_sxm4_80gb,fa2\n", "cells.csv:2:1: quoted field is never closed"},
    {"second_row", header + "\n" + good + "\n" + "a100_sxm4_80gb,fa2,fwd,fp16,8,16,16,4096,4096,128,none,x\n",
     "cells.csv:3:56: column dropout: 'x' is not a finite number"},
};

TEST(Cells, BrokenFilesAreRefusedBeforeAnyOutput) {
  for (const BrokenCells& broken : broken_cells) {
    const Scratch scratch;
    const Outcome outcome = predict(scratch, broken.csv, {"--format", "csv"});
    EXPECT_EQ(outcome.code, 2) << broken.name;
    EXPECT_EQ(outcome.out, "") << broken.name;
    const std::string message =
        replaced(replaced(broken.message, "PROFILES", profile_names()), "KERNELS", kernel_names());
    EXPECT_EQ(scratch.strip(outcome.err), "rooftile: " + message + "\n") << broken.name;
  }
}

TEST(Cells, WrongOptionsAreRefused) {
  const Scratch scratch;
  const std::string csv = header + "\n" + good + "\n";
  EXPECT_EQ(predict(scratch, csv, {"--predictor", "rooflin"}).err,
            "rooftile: --predictor: unknown predictor 'rooflin'; allowed: hierarchical, roofline; did you mean "
            "'roofline'?\n");
  EXPECT_EQ(predict(scratch, csv, {"--set", "memory.dram.bandwith=4 TB/s"}).code, 2);
  EXPECT_EQ(run_line({"predict", "--cells", scratch / "none.csv"}).code, 2);
}

}  // namespace
}  // namespace rooftile::test
