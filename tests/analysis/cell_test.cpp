#include "rooftile/analysis/cell.hpp"
#include "support.hpp"

namespace rooftile::analysis {
namespace {

using testing::batch_header;
using testing::message_of;

BatchCell cell_of(const std::string& text) {
  const CsvTable table = CsvTable::parse(text, "cells.csv");
  check_batch_header(table);
  return read_cell(table[0]);
}

TEST(cell, attention) {
  const BatchCell cell =
      cell_of(batch_header +
              ",br,bc,warps,stages,l2\na100_sxm4_80gb,fa2,fwd+bwd,bf16,2,8,4,128,256,64,causal,0.1,128,64,8,2,cold\n");
  EXPECT_EQ(cell.profile, "a100_sxm4_80gb");
  EXPECT_EQ(cell.kernel, "fa2");
  EXPECT_EQ(cell.workload,
            (Workload{AttentionShape{2, 8, 4, 128, 256, 64, DType::bf16, Mask::causal, Pass::fwd_bwd, 0.1}}));
  EXPECT_EQ(cell.tile, (SpecOverrides{128, 64, 8, 2}));
  EXPECT_EQ(cell.l2, L2State::cold);
}

TEST(cell, dropout_and_optional_columns_may_be_empty_or_absent) {
  const BatchCell cell = cell_of(
      "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,note\np,k,fwd,fp16,1,1,1,1,1,64,none,"
      "hi\n");
  EXPECT_EQ(std::get<AttentionShape>(cell.workload).dropout, 0);
  EXPECT_EQ(cell.tile.br, 0);
  EXPECT_EQ(cell.l2, std::nullopt);
}

TEST(cell, gemm_and_softmax_need_only_their_columns) {
  EXPECT_EQ(cell_of("profile,kernel,op,dtype,m,n,k\np,k,gemm,fp16,2,3,4\n").workload,
            (Workload{GemmShape{1, 2, 3, 4, DType::fp16}}));
  EXPECT_EQ(cell_of("profile,kernel,op,dtype,batch,m,n,k\np,k,gemm,fp16,7,2,3,4\n").workload,
            (Workload{GemmShape{7, 2, 3, 4, DType::fp16}}));
  EXPECT_EQ(cell_of("profile,kernel,op,dtype,rows,cols\np,k,softmax,fp32,5,6\n").workload,
            (Workload{SoftmaxShape{5, 6, DType::fp32}}));
}

TEST(cell, column_lists_are_the_batch_interface) {
  EXPECT_EQ(join({batch_columns().begin(), batch_columns().end()}, ","), batch_header);
  EXPECT_EQ(join({output_columns().begin(), output_columns().end()}, ","),
            "time_s,flop,dram_read_bytes,dram_write_bytes,l2_read_bytes,l2_write_bytes,smem_bytes,bound,status,reason,"
            "expected_error,notes");
}

TEST(cell, workload_text_is_the_inverse_of_reading) {
  const Workload workload = AttentionShape{2, 8, 4, 128, 256, 64, DType::bf16, Mask::causal, Pass::bwd, 0.25};
  std::string text;
  for (const std::string_view column : batch_columns().subspan(2)) text += "," + workload_text(workload, column);
  EXPECT_EQ(cell_of(batch_header + "\np,k" + text + "\n").workload, workload);
  EXPECT_EQ(workload_text(workload, "m"), "");
  EXPECT_EQ(workload_text(GemmShape{1, 2, 3, 4}, "op"), "gemm");
  EXPECT_EQ(workload_text(SoftmaxShape{5, 6}, "cols"), "6");
}

struct BadCell {
  std::string text;
  const char* message;
};

TEST(cell, refuses_malformed_rows) {
  const BadCell cases[] = {
      {"profile,pass\np,fwd\n", "cells.csv:1: missing column 'kernel'; the header has: profile, pass"},
      {"profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,head_dim\np,k,fwd,fp16,1,1,1,1,64\n",
       "cells.csv:1: missing columns 'seq_kv', 'mask'; the header has: profile, kernel, pass, dtype, batch, heads, "
       "kv_heads, seq_q, head_dim"},
      {batch_header + "\n,k,fwd,fp16,1,1,1,1,1,64,none,\n", "cells.csv:2:1: column profile: is empty"},
      {batch_header + "\np,k,fwd,fp16,1,1,1,abc,1,64,none,\n",
       "cells.csv:2:20: column seq_q: 'abc' is not a positive integer"},
      {batch_header + "\np,k,fwd,fp16,1,1,1,1,1,64,casual,\n",
       "cells.csv:2:27: column mask: unknown mask 'casual'; allowed: none, causal, key_padding; did you mean "
       "'causal'?"},
      {batch_header + "\np,k,fwd,fp16,1,1,1,1,1,64,none,1\n",
       "cells.csv:2:32: column dropout: '1' is not a probability in [0, 1)"},
      {batch_header + ",m\np,k,fwd,fp16,1,1,1,1,1,64,none,,5\n",
       "cells.csv:2:33: column m: belongs to op gemm, but this row's op is attention"},
      {batch_header + ",op\np,k,fwd,fp16,1,1,1,1,1,64,none,,gem\n",
       "cells.csv:2:33: column op: unknown op 'gem'; allowed: attention, gemm, softmax; did you mean 'gemm'?"},
  };
  for (const BadCell& bad : cases) EXPECT_EQ(message_of([&] { (void)cell_of(bad.text); }), bad.message);
  const std::string uneven = message_of([] { (void)cell_of(batch_header + "\np,k,fwd,fp16,1,8,3,1,1,64,none,\n"); });
  EXPECT_EQ(uneven, "cells.csv:2: " + check(AttentionShape{1, 8, 3, 1, 1, 64}).error());
}

}  // namespace
}  // namespace rooftile::analysis
