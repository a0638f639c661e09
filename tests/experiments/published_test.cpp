// Published measurements: every row means exactly one thing, and a printed rate is the time that the papers mean.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "harness.hpp"
#include "nlohmann/json.hpp"
#include "question/catalogues.hpp"
#include "rooftile/analysis/csv.hpp"
#include "runner/published.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

const std::filesystem::path reference = std::filesystem::path{ROOFTILE_SOURCE_DIR} / "experiments/reference";

const runner::PublishedRow& find(const std::vector<runner::PublishedRow>& rows, const std::string& spec,
                                 const AttentionShape& shape) {
  for (const runner::PublishedRow& row : rows) {
    if (row.meaning.spec == spec && row.workload == Workload{shape}) return row;
  }
  throw std::runtime_error{"no such row: " + spec + ", " + describe(shape)};
}

TEST(Published, EveryRowMapsToAProfileAndASpecThatExist) {
  experiments::Catalogues catalogues{experiments::DataDirectories{ROOFTILE_SOURCE_DIR}};
  const auto rows = runner::load_published(reference);  // throws for a row that does not map or maps twice
  EXPECT_EQ(rows.size(), 299U);
  for (const runner::PublishedRow& row : rows) {
    const analysis::ResultRow result = runner::published_result(row, catalogues);
    EXPECT_EQ(result.key.method, analysis::Method::published);
    EXPECT_EQ(result.key.source, row.meaning.source);
    EXPECT_FALSE(result.printed.empty());
  }
}

TEST(Published, EveryEntryOfTheMappingIsUsedAndNothingIsBothTakenAndLeftOut) {
  const runner::Mapping mapping = runner::load_mapping(reference / "mapping.yaml");
  std::set<std::string> used;
  for (const auto& row : runner::load_published(reference)) used.insert(row.meaning.source + "|" + row.meaning.kernel);
  for (const runner::MappingRow& row : mapping.rows) EXPECT_TRUE(used.contains(row.source + "|" + row.kernel));
  EXPECT_GE(mapping.left_out.size(), 8U);
  for (const runner::LeftOut& left : mapping.left_out) {
    EXPECT_FALSE(left.reason.empty());
    for (const std::string& kernel : left.kernels) EXPECT_FALSE(used.contains(left.source + "|" + kernel)) << kernel;
  }
}

TEST(Published, ValuesStandInTheFileAsPrinted) {
  const auto rows = runner::load_published(reference);
  // FlashAttention, Table 18, PyTorch attention at 4096; FlashAttention-3, Fig. 5, d = 128, 16k.
  const auto& first = find(rows, "hf_eager", {16, 8, 8, 4096, 4096, 64});
  EXPECT_EQ(first.printed, "16.47 ms");
  EXPECT_DOUBLE_EQ(first.time.value(), 16.47e-3);
  EXPECT_EQ(first.meaning.profile, "a100_sxm4_40gb");
  const auto& causal = find(rows, "fa2", {1, 16, 16, 16384, 16384, 128, DType::fp16, Mask::causal});
  EXPECT_EQ(causal.printed, "335 TFLOP/s");
  EXPECT_EQ(runner::setting_text(causal.meaning.settings), "clock.boost=1830 MHz; clock.tensor_boost=1830 MHz");
}

TEST(Published, ARateBecomesATimeByThePapersFlop) {
  const AttentionShape full{1, 16, 16, 16384, 16384, 128};
  AttentionShape causal = full;
  causal.mask = Mask::causal;
  AttentionShape backward = causal;
  backward.pass = Pass::bwd;
  const double flop = 4.0 * 16 * 16384.0 * 16384.0 * 128;
  EXPECT_DOUBLE_EQ(runner::printed_time("370 TFLOP/s", full)->value(), flop / 370e12);
  EXPECT_DOUBLE_EQ(runner::printed_time("335 TFLOP/s", causal)->value(), flop / 2 / 335e12);
  EXPECT_DOUBLE_EQ(runner::printed_time("335 TFLOP/s", backward)->value(), 2.5 * flop / 2 / 335e12);
  EXPECT_DOUBLE_EQ(runner::printed_time("16.47 ms", full)->value(), 16.47e-3);
}

TEST(Published, APrintedValueThatIsNoneIsRefused) {
  const AttentionShape shape{1, 16, 16, 1024, 1024, 64};
  EXPECT_EQ(runner::printed_time("370 GB/s", shape).error(),
            "'370 GB/s' is neither a time (16.47 ms) nor a rate (225 TFLOP/s)");
  EXPECT_EQ(runner::printed_time("0 ms", shape).error(), "'0 ms' is not above zero");
  EXPECT_EQ(runner::printed_time("-5 TFLOP/s", shape).error(), "'-5 TFLOP/s' is not above zero");
  EXPECT_FALSE(runner::printed_time("nan ms", shape));
}

const std::string published_header =
    "gpu,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,value,unit,software,source,notes\n";
const std::string row = "A100,std,fwd,fp16,16,8,8,4096,4096,64,none,0,16.47,ms,PyTorch,\"Paper, Table 1\",\n";
const std::string entry =
    "  - {source: \"Paper, Table 1\", gpu: A100, kernel: std, profile: a100_sxm4_40gb, spec: hf_eager}\n";

struct BrokenImport {
  const char* name;
  std::string csv;
  std::string mapping;
  const char* message;
};

const BrokenImport broken_imports[] = {
    {"not_mapped", published_header + row, "schema: rooftile.mapping/1\nrows: []\n",
     "paper.csv:2:63: no entry of mapping.yaml has source 'Paper, Table 1', gpu 'A100', kernel 'std'"},
    {"mapped_twice", published_header + row, "schema: rooftile.mapping/1\nrows:\n" + entry + entry,
     "mapping.yaml:4:5: source 'Paper, Table 1', gpu 'A100', kernel 'std' is mapped twice; first in line 3"},
    {"row_twice", published_header + row + row, "schema: rooftile.mapping/1\nrows:\n" + entry,
     "paper.csv:3:46: the same source, gpu, kernel and shape stand in paper.csv:2:46"},
    {"unknown_spec", published_header + row,
     "schema: rooftile.mapping/1\nrows:\n  - {source: \"Paper, Table 1\", gpu: A100, kernel: std, profile: "
     "a100_sxm4_40gb, spec: hf_eagr}\n",
     "mapping.yaml:3:5: unknown kernel 'hf_eagr'; allowed: KERNELS; did you mean 'hf_eager'?"},
    {"missing_key", published_header + row,
     "schema: rooftile.mapping/1\nrows:\n  - {source: \"Paper, Table 1\", gpu: A100, kernal: std, profile: l40s, spec: "
     "fa2}\n",
     "mapping.yaml:3:5: missing key 'kernel'"},
    {"wrong_schema", published_header + row, "schema: rooftile.mapping/2\nrows: []\n",
     "mapping.yaml:1:9: schema 'rooftile.mapping/2' is not read here; expected 'rooftile.mapping/1'"},
    {"unit", published_header + "A100,std,fwd,fp16,16,8,8,4096,4096,64,none,0,16.47,GB,PyTorch,\"Paper, Table 1\",\n",
     "schema: rooftile.mapping/1\nrows:\n" + entry,
     "paper.csv:2:46: '16.47 GB' is neither a time (16.47 ms) nor a rate (225 TFLOP/s)"},
    {"no_source", published_header + "A100,std,fwd,fp16,16,8,8,4096,4096,64,none,0,16.47,ms,PyTorch,,\n",
     "schema: rooftile.mapping/1\nrows:\n" + entry, "paper.csv:2:63: column source: is empty"},
};

TEST(Published, BrokenTablesAreRefusedAndNothingIsStored) {
  for (const BrokenImport& broken : broken_imports) {
    const Scratch scratch;
    scratch.write("mapping.yaml", broken.mapping);
    const std::string db = scratch / "results.db";
    const Outcome outcome = run_line({"db", "import", scratch.write("paper.csv", broken.csv), "--db", db});
    EXPECT_EQ(outcome.code, 2) << broken.name;
    EXPECT_EQ(outcome.out, "") << broken.name;
    EXPECT_EQ(scratch.strip(outcome.err), "rooftile: " + replaced(broken.message, "KERNELS", kernel_names()) + "\n")
        << broken.name;
    EXPECT_FALSE(std::filesystem::exists(db)) << broken.name;
  }
}

/// FlashAttention, Fig. 2 middle: bytes, predicted and published time of each block size in one table.
TEST(Published, BlockSizesStandBesideTheirBytes) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  ASSERT_EQ(run_line({"db", "import", "experiments/reference", "--db", db}).code, 0);
  ASSERT_EQ(run_line({"run", "experiments/published.yaml", "--db", db}).code, 0);
  const Outcome query = run_line({"query", "--db", db, "--canned", "block-sizes", "--format", "json"});
  ASSERT_EQ(query.code, 0) << query.err;
  const nlohmann::json answer = nlohmann::json::parse(query.out);
  std::vector<nlohmann::json> rows;
  for (const nlohmann::json& row : answer["rows"]) {
    if (row["predictor"] == "hierarchical") rows.push_back(row);
  }
  const double blocks[] = {64, 128, 256, 512}, published_ms[] = {8.6, 4.7, 3.3, 3.2};
  const double published_gb[] = {6.577, 3.355, 1.745, 0.940};  // Q, K, V and O; the logsumexp is ours beside them
  ASSERT_EQ(rows.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rows[i]["bc"], blocks[i]);
    EXPECT_DOUBLE_EQ(rows[i]["observed_ms"].get<double>(), published_ms[i]);
    EXPECT_NEAR(rows[i]["predicted_dram_gb"].get<double>(), published_gb[i], 0.02 * published_gb[i]);
  }
  const auto ms = [&](std::size_t i) { return rows[i]["predicted_ms"].get<double>(); };
  EXPECT_GT(ms(0), 1.6 * ms(1)) << "half the bytes; 1.83 published";
  EXPECT_LT(ms(2), 1.25 * ms(3)) << "half the bytes again, and nothing waits for them; 1.03 published";
}

TEST(Published, ATableMayGoThroughBlockSizes) {
  const Scratch scratch;
  scratch.write("mapping.yaml", "schema: rooftile.mapping/1\nrows:\n" + entry);
  const std::string header = replaced(published_header, "dropout,", "dropout,bc,");
  const auto with_bc = [](const std::string& bc) { return replaced(row, "none,0,", "none,0," + bc + ","); };
  const std::string file = scratch.write("paper.csv", header + with_bc("64") + with_bc("128") + with_bc(""));
  EXPECT_EQ(run_line({"db", "import", file, "--db", scratch / "results.db"}).code, 0);
  const std::string twice = scratch.write("paper.csv", header + with_bc("64") + with_bc("64"));
  EXPECT_NE(run_line({"db", "import", twice, "--db", scratch / "other.db"}).err.find("stand in"), std::string::npos);
  const std::string bad = scratch.write("paper.csv", header + with_bc("-64"));
  EXPECT_NE(run_line({"db", "import", bad, "--db", scratch / "other.db"}).err.find("'-64' is not a positive integer"),
            std::string::npos);
}

TEST(Published, ImportingAgainChangesNothing) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  const std::vector<std::string> import{"db", "import", "experiments/reference", "--db", db, "--format", "csv"};
  EXPECT_EQ(run_line(import).out,
            "file,rows,added,replaced,unchanged\nexperiments/reference/flashattention_1.csv,64,64,0,0\n"
            "experiments/reference/flashattention_1_figure_2.csv,4,4,0,0\n"
            "experiments/reference/flashattention_2.csv,44,44,0,0\n"
            "experiments/reference/flashattention_3.csv,187,187,0,0\n");
  EXPECT_EQ(run_line(import).out,
            "file,rows,added,replaced,unchanged\nexperiments/reference/flashattention_1.csv,64,0,0,64\n"
            "experiments/reference/flashattention_1_figure_2.csv,4,0,0,4\n"
            "experiments/reference/flashattention_2.csv,44,0,0,44\n"
            "experiments/reference/flashattention_3.csv,187,0,0,187\n");
}

TEST(Published, AnExportImportsIntoTheSameResults) {
  const Scratch scratch;
  const std::string first = scratch / "first.db";
  const std::string second = scratch / "second.db";
  const std::string csv = scratch / "out.csv";
  ASSERT_EQ(run_line({"db", "import", "experiments/reference", "--db", first}).code, 0);
  ASSERT_EQ(run_line({"db", "export", "--db", first, "-o", csv}).code, 0);
  const Outcome import = run_line({"db", "import", csv, "--db", second});
  ASSERT_EQ(import.code, 0) << import.err;
  EXPECT_EQ(run_line({"db", "export", "--db", second}).out, run_line({"db", "export", "--db", first}).out);
}

}  // namespace
}  // namespace rooftile::test
