// What rooftile validate refuses: lines, databases and files of bounds, each with its exact message and exit code 2,
// nothing on standard output, nothing written.
#include <gtest/gtest.h>

#include <cstdlib>

#include "broken_file.hpp"
#include "harness.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

const std::string top = "schema: rooftile.validation_bounds/1\npredictor: hierarchical 7\n";
const std::string head = top + "tables: [published]\nbounds:\n";
const std::string first = "  - {gpu: l40s, kernel: fa2, regime: prefill, rows: 3, mape: 5 %, p95: 9 %}\n";
const char* const with_bounds = "validate --bounds FILE";

const BrokenFile broken_bounds[] = {
    {"empty", "mine.yaml", "", with_bounds, "mine.yaml: the file is empty"},
    {"other_schema", "mine.yaml", "schema: rooftile.mapping/1\n", with_bounds,
     "mine.yaml:1:9: schema 'rooftile.mapping/1' is not read here; expected 'rooftile.validation_bounds/1'"},
    {"no_bounds", "mine.yaml", top, with_bounds, "mine.yaml:1:1: missing key 'bounds'"},
    {"no_map", "mine.yaml", head + "  - fa2\n", with_bounds, "mine.yaml:5:5: a map is expected, found the text 'fa2'"},
    {"unknown_key", "mine.yaml", head + replaced(first, "p95", "p59"), with_bounds, "mine.yaml:5:5: missing key 'p95'"},
    {"one_key_too_many", "mine.yaml", head + replaced(first, "}", ", mapee: 1 %}"), with_bounds,
     "mine.yaml:5:77: unknown key 'mapee'; allowed: gpu, kernel, regime, rows, mape, p95; did you mean 'mape'?"},
    {"unknown_gpu", "mine.yaml", head + replaced(first, "l40s", "l40z"), with_bounds,
     "mine.yaml:5:11: unknown profile 'l40z'; allowed: PROFILES; did you mean 'l40s'?"},
    {"unknown_kernel", "mine.yaml", head + replaced(first, "fa2", "fa22"), with_bounds,
     "mine.yaml:5:25: unknown kernel 'fa22'; allowed: KERNELS; did you mean 'fa2'?"},
    {"unknown_regime", "mine.yaml", head + replaced(first, "prefill", "prefil"), with_bounds,
     "mine.yaml:5:38: unknown regime 'prefil'; allowed: prefill, decode, append, cross, backward, gemm, softmax; did "
     "you "
     "mean 'prefill'?"},
    {"no_rows", "mine.yaml", head + replaced(first, "rows: 3", "rows: 0"), with_bounds,
     "mine.yaml:5:53: 0 is outside 1 .. 1073741824"},
    {"no_percent", "mine.yaml", head + replaced(first, "5 %", "0.05"), with_bounds,
     "mine.yaml:5:62: '0.05': a share is expected, as in 2.3 %"},
    {"below_zero", "mine.yaml", head + replaced(first, "9 %", "-9 %"), with_bounds,
     "mine.yaml:5:72: '-9 %' is below zero; an error is a size"},
    {"twice", "mine.yaml", head + first + first, with_bounds, "mine.yaml:6:5: a second bound of l40s fa2 prefill"},
    {"recording_over_nonsense", "mine.yaml", "bounds\n", "validate --bounds FILE --record",
     "mine.yaml:1:1: a map is expected, found the text 'bounds'"},
    {"database_beside_tables", "mine.yaml", head + first, "validate --bounds FILE --db new.db",
     "--db: the bounds of 'mine.yaml' are of tables"},
    {"tables_beside_a_database", "mine.yaml", top + "bounds:\n" + first, with_bounds,
     "--bounds: 'mine.yaml' is of a database; --db is required"},
    {"database_of_text", "mine.db", "profile,kernel\n", "validate --db FILE", "mine.db: is not a SQLite database"},
};

class BrokenBounds : public testing::TestWithParam<BrokenFile> {};

TEST_P(BrokenBounds, AreRefused) { expect_refused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Files, BrokenBounds, testing::ValuesIn(broken_bounds),
                         [](const auto& test) { return std::string{test.param.name}; });

/// Over the published tables, if nothing else is said.
const BrokenLine broken_validation_lines[] = {
    {"--db no.db", "no.db: no such results file"},
    {"--bounds no.yaml", "no.yaml: no such file"},
    {"--record", "--record: says nothing without --bounds FILE"},
    {"--by gpu,gpu", "--by: 'gpu' stands twice"},
    {"--by gpu,kernal",
     "--by: unknown group 'kernal'; allowed: gpu, profile, kernel, regime, bound_regime, bound, observed, op, pass, "
     "dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, l2, setting, source; did you mean 'kernel'?"},
    {"--fail-over ten", "--fail-over: 'ten' is no number; a plain number is expected, as in '108'"},
    {"--fail-over ten%", "--fail-over: 'ten%': a share is expected, as in 2.3 %"},
    {"--fail-over -1%", "--fail-over: '-1%' is below zero; a limit in per cent is expected, as in 10"},
    {"--fail-over 8%%", "--fail-over: '8%%': a share is expected, as in 2.3 %"},
    {"--from soon", "--from: 'soon' is no number; a time is expected, as in '2.62 us'"},
    {"--from 100", "--from: '100' has no unit; a time is expected, as in '2.62 us'"},
    {"--least-seq-kv 0", "--least-seq-kv: is at least 1"},
    {"--kernel fa9 --tables published",
     "--kernel: among the rows: unknown kernel 'fa9'; allowed: cudnn_sdpa, fa1, fa2, fa3, hf_eager, "
     "megatron_fused_softmax, pytorch_eager, triton_fa2; did you mean 'fa1'?"},
    {"--profile l40s --tables published",
     "--profile: among the rows: unknown profile 'l40s'; allowed: a100_sxm4_40gb, a100_sxm4_80gb, h100_sxm5_80gb"},
    {"--predictor roofine --tables published",
     "unknown predictor 'roofine'; allowed: hierarchical, roofline; did you mean 'roofline'?"},
    {"--from 1000s --tables published", "nothing to validate: no observed time that the model can predict"},
    {"--format xls", "--format: unknown format 'xls'; allowed: table, json, csv, md"},
    {"--tables published --db no.db", "--tables: takes the place of --db; give one of them"},
    {"--tables published,", "--tables: 'published,' has an empty name"},
};

TEST(BrokenValidationLines, AreRefused) {
  const Scratch scratch;
  for (const BrokenLine& broken : broken_validation_lines) {
    std::vector<std::string> words = words_of(std::string{"validate "} + broken.line);
    for (std::string& word : words) {
      if (word.starts_with("no.")) word = scratch / word;
    }
    const Outcome outcome = run_line(words);
    EXPECT_EQ(outcome.code, 2) << broken.line;
    EXPECT_EQ(outcome.out, "") << broken.line;
    EXPECT_EQ(scratch.strip(outcome.err), std::string{"rooftile: "} + broken.message + "\n") << broken.line;
  }
}

/// A folder of tables for one test.
class Folder {
 public:
  explicit Folder(const std::string& path) { ::setenv(variable, path.c_str(), 1); }
  ~Folder() {
    if (before_.empty()) {
      ::unsetenv(variable);
    } else {
      ::setenv(variable, before_.c_str(), 1);
    }
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

 private:
  static constexpr const char* variable = "ROOFTILE_REFERENCE_DIR";
  static std::string current() {
    const char* value = std::getenv(variable);
    return value == nullptr ? "" : value;
  }
  std::string before_ = current();
};

std::string said_of(const std::string& tables, const Scratch& scratch) {
  const Outcome outcome = run_line({"validate", "--tables", tables});
  EXPECT_EQ(outcome.code, 2) << tables;
  EXPECT_EQ(outcome.out, "") << tables;
  return scratch.strip(outcome.err);
}

TEST(ValidatedTables, ThatAreNotThereAreTold) {
  const Scratch scratch;
  {
    const Folder none{""};
    EXPECT_EQ(said_of("publshed", scratch),
              "rooftile: unknown table 'publshed'; allowed: published; did you mean 'published'?; files are read from "
              "ROOFTILE_REFERENCE_DIR, which is not set\n");
  }
  const Folder folder{scratch / "."};
  scratch.write("serving.csv", "gpu,kernel,source\nA100,fa2,mine\n");
  EXPECT_EQ(said_of("servng.csv", scratch),
            "rooftile: unknown table 'servng.csv'; allowed: published, serving.csv; did you mean 'serving.csv'?\n");
  EXPECT_EQ(said_of("serving.csv", scratch), "rooftile: table 'serving.csv': no entry of " ROOFTILE_SOURCE_DIR
                                             "/experiments/calibration/mapping.yaml says what its rows mean\n");
  const Folder nowhere{scratch / "nowhere"};
  EXPECT_EQ(said_of("published", scratch), "rooftile: ROOFTILE_REFERENCE_DIR: 'nowhere' is no folder\n");
}

/// A bulk table of one row, by the words of the shipped mapping: read without being asked for by name.
TEST(ValidatedTables, OfTheFolderAreReadUnlessOthersAreNamed) {
  const Scratch scratch;
  const Folder folder{scratch / "."};
  const std::string header =
      "gpu,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,causal,dropout,metric,value,unit,software,"
      "source,"
      "notes\n";
  const std::string source =
      "ai-dynamo/aiconfigurator .../systems/data/a100_sxm/attention/vllm/0.14.0/generation_attention_perf.parquet "
      "@095f58a5";
  scratch.write("serving_a100.csv",
                header + "A100-80GB-SXM4,fa2,fwd,bf16,8,32,8,1,4096,128,1,,time_ms,0.1,ms,v," + source + ",\n");
  scratch.write("serving_h100_sample.csv", header + "H100,fa3,fwd,bf16,8,32,8,1,4096,128,1,,time_ms,0.1,ms,v,none,\n");
  const Outcome one =
      run_line({"validate", "--tables", "serving_a100.csv", "--by", "gpu,kernel,regime", "--format", "csv"});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_NE(one.out.find("\na100_sxm4_80gb,vllm_fa2,decode,1,"), std::string::npos) << one.out;
  EXPECT_EQ(run_line({"validate"}).code, 2) << "the plan's other tables are not there";
  scratch.write("serving_h100_sample.csv",
                header + "A100-80GB-SXM4,fa2,fwd,bf16,8,32,8,1,8192,128,1,,time_ms,0.2,ms,v," + source + ",\n");
  // tables of products and softmaxes alone are in the plan, too
  const std::string alone = "sitar-lab/NeuSight scripts/asplos/data/dataset/test/";
  scratch.write("bmm_a100_pcie.csv",
                "gpu,kernel,pass,dtype,batch,m,n,k,metric,value,unit,software,source,notes\n"
                "A100-PCIE-40GB,bmm_cublas,fwd,fp32,64,512,512,64,time_ms,0.2,ms,v," +
                    alone + "bmm.csv @6945927d,\n");
  scratch.write("softmax_a100_pcie.csv",
                "gpu,kernel,pass,dtype,rows,cols,metric,value,unit,software,source,notes\n"
                "A100-PCIE-40GB,softmax_pytorch_warp,fwd,fp32,65536,1024,time_ms,0.4,ms,v," +
                    alone + "softmax.csv @6945927d,\n");
  const Outcome all = run_line({"validate", "--by", "kernel", "--format", "csv"});
  EXPECT_NE(all.out.find("\nvllm_fa2,2,"), std::string::npos) << all.out;
  EXPECT_NE(all.out.find("\nall,303,"), std::string::npos) << all.out;
}

}  // namespace
}  // namespace rooftile::test
