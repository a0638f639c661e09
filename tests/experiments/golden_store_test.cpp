// Table and JSON of the commands that work on a results database against golden/. The times that stand beside each
// other are data/timings.csv, made up for this; so these files change with the commands alone, not with the model.
#include <gtest/gtest.h>

#include <string_view>

#include "harness.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

/// results.db holds timings.csv; new.db does not exist yet.
const GoldenLine store_lines[] = {
    {"run_expectations", "run experiments/qk_roofline_table.yaml --db new.db"},
    {"run_expectations_json", "run experiments/qk_roofline_table.yaml --db new.db --format json"},
    {"run_summary", "run experiments/seq_sweep.yaml --db new.db"},
    {"run_summary_json", "run experiments/seq_sweep.yaml --db new.db --format json"},
    {"compare", "compare --db results.db"},
    {"compare_json", "compare --db results.db --format json"},
    {"compare_by", "compare --db results.db --by mask --predictor roofline"},
    {"compare_fail_over", "compare --db results.db --fail-over 20"},
    {"compare_rows", "compare --db results.db --rows"},
    {"compare_rows_json", "compare --db results.db --rows --format json"},
    {"query", "query --db results.db 'select kernel, mask, printed, time_ms, bound, null as none from v_latest'"},
    {"query_json", "query --db results.db 'select kernel, mask, time_ms, null as none from v_latest' --format json"},
    {"query_canned_worst", "query --db results.db --canned worst"},
    {"query_canned_accuracy_csv", "query --db results.db --canned accuracy --format csv"},
    {"query_canned_coverage", "query --db results.db --canned coverage"},
    {"compare_by_regime", "compare --db results.db --by regime,profile,dtype"},
    {"db_merge_csv", "db merge results.db --db new.db --format csv"},
    {"db_merge_again_json", "db merge results.db results.db --db new.db --format json"},
    {"db_import", "db import tests/experiments/data/timings.csv --db new.db"},
    {"db_import_json", "db import tests/experiments/data/timings.csv --db new.db --format json"},
    {"db_import_again", "db import tests/experiments/data/timings.csv --db results.db"},
    {"db_export", "db export --db results.db"},
    {"db_export_method", "db export --db results.db --method published"},
    {"db_info", "db info --db results.db"},
    {"db_info_json", "db info --db results.db --format json"},
};

/// How large a database file is depends on the version of SQLite.
std::string without_file_size(std::string text) {
  struct Frame {
    const char* before;
    char after;
  };
  for (const Frame& frame : {Frame{"\n  size               ", '\n'}, Frame{"\"size_bytes\":", ','}}) {
    const std::size_t at = text.find(frame.before);
    if (at == std::string::npos) continue;
    const std::size_t from = at + std::string_view{frame.before}.size();
    text.replace(from, text.find(frame.after, from) - from, "<size>");
  }
  return text;
}

class GoldenStore : public testing::TestWithParam<GoldenLine> {};

TEST_P(GoldenStore, OutputIsUnchanged) {
  const Scratch scratch;
  const std::string results = scratch / "results.db";
  ASSERT_EQ(run_line({"db", "import", "tests/experiments/data/timings.csv", "--db", results}).code, 0);
  std::vector<std::string> words = words_of(GetParam().line);
  for (std::string& word : words) {
    if (word == "results.db" || word == "new.db") word = scratch / word;
  }
  const Outcome outcome = run_line(words);
  EXPECT_EQ(outcome.err, "");
  expect_golden(GetParam().name, std::string{"$ rooftile "} + GetParam().line + "\n" +
                                     without_file_size(scratch.strip(outcome.out)) + "exit " +
                                     std::to_string(outcome.code) + "\n");
}

INSTANTIATE_TEST_SUITE_P(Lines, GoldenStore, testing::ValuesIn(store_lines),
                         [](const auto& test) { return std::string{test.param.name}; });

}  // namespace
}  // namespace rooftile::test
