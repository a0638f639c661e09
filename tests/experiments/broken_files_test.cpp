// Files and databases that are not what a command needs: each with its exact message and exit code 2, nothing on
// standard output, nothing written. The readers have finer tests of their own; here the message has come all the way to
// the user.
#include <gtest/gtest.h>

#include "broken_file.hpp"
#include "harness.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

const std::string profile = "schema: rooftile.profile/1\nextends: a100_sxm4_80gb\nname: mine\n";
const std::string spec = "schema: rooftile.spec/1\nname: mine\ndescription: d\nsource: s\nalgorithm: ";
const std::string header =
    "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,method,source,time_s\n";

const char* const with_profile = "predict -p FILE -k fa2 --seq 512 --head-dim 64";
const char* const with_spec = "predict -p l40s -k FILE --seq 512 --head-dim 64";

const BrokenFile broken_files[] = {
    {"profile_empty", "mine.yaml", "", with_profile, "mine.yaml: the file is empty"},
    {"profile_tab", "mine.yaml", "schema: rooftile.profile/1\n\tname: mine\n", with_profile,
     "mine.yaml:2:1: a tab in the indentation; YAML indents with spaces"},
    {"profile_not_yaml", "mine.yaml", "schema: [rooftile.profile/1\n", with_profile,
     "mine.yaml:2:1: this is not YAML: end of sequence flow not found"},
    {"profile_other_schema", "mine.yaml", "schema: rooftile.profile/2\n", with_profile,
     "mine.yaml:1:9: schema 'rooftile.profile/2' is not read here; expected 'rooftile.profile/1'"},
    {"profile_unknown_key", "mine.yaml", profile + "memory:\n  dram:\n    bandwith: 3 TB/s\n", with_profile,
     "mine.yaml:6:5: unknown key 'bandwith'; allowed: type, capacity, bandwidth, bus, clock, transfers_per_clock, "
     "latency, sustained_fraction; did you mean 'bandwidth'?"},
    {"profile_duplicate_key", "mine.yaml", profile + "extends: l40s\n", with_profile,
     "mine.yaml:4:1: duplicate key 'extends'; first in line 2"},
    {"profile_wrong_unit", "mine.yaml", profile + "memory: {dram: {bandwidth: 3 TB}}\n", with_profile,
     "mine.yaml:4:28: '3 TB' is an amount of bytes; bytes per second are expected, as in '1555 GB/s'"},
    {"profile_ambiguous_unit", "mine.yaml", profile + "memory: {l2: {capacity: 40960 KB}}\n", with_profile,
     "mine.yaml:4:25: '40960 KB': K is ambiguous; write kB for 1000 bytes or KiB for 1024 bytes"},
    {"profile_extends_itself", "mine.yaml", "schema: rooftile.profile/1\nextends: mine\nname: mine\n", with_profile,
     "mine.yaml:2:10: extends 'mine', which extends this file in turn"},
    {"spec_unknown_algorithm", "mine.yaml", spec + "flash9\n", with_spec,
     "mine.yaml:5:12: unknown algorithm 'flash9'; allowed: standard, flash1, flash2, flash3, split_kv; did you mean "
     "'flash1'?"},
    {"spec_unknown_dtype", "mine.yaml", spec + "flash2\ndtypes: [fp61]\n", with_spec,
     "mine.yaml:6:10: unknown dtype 'fp61'; allowed: fp16, bf16, fp32, fp8_e4m3; did you mean 'fp16'?"},
    {"results_unknown_column", "mine.csv", "profile,kernal\n", "db import FILE --db new.db",
     "mine.csv:1:9: unknown column 'kernal'; allowed: COLUMNS; did you mean 'kernel'?"},
    {"results_unknown_profile", "mine.csv", header + "l40z,fa2,fwd,fp16,1,1,1,64,64,64,none,,measured,me,1\n",
     "db import FILE --db new.db",
     "mine.csv:2:1: column profile: unknown profile 'l40z'; allowed: PROFILES; did you mean 'l40s'?"},
    {"results_negative_time", "mine.csv", header + "l40s,fa2,fwd,fp16,1,1,1,64,64,64,none,,measured,me,-1\n",
     "db import FILE --db new.db", "mine.csv:2:52: column time_s: '-1' is not above zero"},
    {"results_without_source", "mine.csv", header + "l40s,fa2,fwd,fp16,1,1,1,64,64,64,none,,measured,,1\n",
     "db import FILE --db new.db", "mine.csv:2:49: a measured row needs a source"},
    {"results_open_quote", "mine.csv", header + "\"l40s,fa2\n", "db import FILE --db new.db",
     "mine.csv:2:1: quoted field is never closed"},
    {"database_of_text", "mine.db", "profile,kernel\n", "db info --db FILE", "mine.db: is not a SQLite database"},
    {"database_of_text_in_run", "mine.db", "profile,kernel\n", "run experiments/seq_sweep.yaml --db FILE",
     "mine.db: is not a SQLite database"},
    {"database_of_text_in_import", "mine.db", "profile,kernel\n", "db import experiments/reference --db FILE",
     "mine.db: is not a SQLite database"},
    {"database_empty", "mine.db", "", "compare --db FILE", "mine.db: is empty, not a results file"},
};

class BrokenFiles : public testing::TestWithParam<BrokenFile> {};

TEST_P(BrokenFiles, AreRefused) { expect_refused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Files, BrokenFiles, testing::ValuesIn(broken_files),
                         [](const auto& test) { return std::string{test.param.name}; });

/// results.db holds data/timings.csv.
const BrokenLine broken_store_lines[] = {
    {"query --db results.db 'slect 1'", "query:1:1: near \"slect\": syntax error"},
    {"query --db results.db 'select median from result'", "query:1:8: no such column: median"},
    {"query --db results.db 'select 1; select 2'", "query:1:10: one statement at a time"},
    {"query --db results.db ''", "SQL is required, or --canned NAME"},
    {"query --db results.db '-- nothing'", "query: holds no statement"},
    {"query --db results.db 'delete from result'",
     "query: would change the database; allowed: SELECT, WITH, VALUES, EXPLAIN and PRAGMAs that report"},
    {"query --db no.db 'select 1'", "no.db: no such results file"},
    {"compare --db no.db", "no.db: no such results file"},
    {"compare --db results.db --by gpu,gpu", "--by: 'gpu' stands twice"},
    {"compare --db results.db --by gpu,colour",
     "--by: unknown group 'colour'; allowed: gpu, profile, kernel, method, observed, predictor, bound, bound_class, "
     "regime, op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, dropout, l2, setting, source"},
    {"compare --db results.db --fail-over ten",
     "--fail-over: 'ten' is no number; a plain number is expected, as in '108'"},
    {"compare --db results.db --fail-over -1",
     "--fail-over: '-1' is below zero; a limit in per cent is expected, as in 10"},
    {"compare --db results.db --observed predicted",
     "--observed: 'predicted' results are computed; allowed: measured, published"},
    {"compare --db results.db --kernel fa9",
     "--kernel: in this database: unknown kernel 'fa9'; allowed: fa2; did you mean 'fa2'?"},
    {"compare --db results.db --profile h100",
     "--profile: in this database: unknown profile 'h100'; allowed: a100_sxm4_80gb"},
    {"compare --db results.db --predictor roofine",
     "--predictor: in this database: unknown predictor 'roofine'; allowed: hierarchical, roofline; did you mean "
     "'roofline'?"},
    {"compare --db results.db --by kernal,mask",
     "--by: unknown group 'kernal'; allowed: gpu, profile, kernel, method, observed, predictor, bound, bound_class, "
     "regime, op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, dropout, l2, setting, source; "
     "did "
     "you mean 'kernel'?"},
    {"db merge results.db --db results.db", "results.db: cannot be merged into itself"},
    {"db merge no.db --db no.new.db", "no.db: no such results file"},
    {"query --db results.db 'select kernal from v_latest'",
     "query:1:8: no such column: kernal; did you mean 'kernel'?"},
    {"query --db results.db 'select * from v_lates'", "query: no such table: v_lates; did you mean 'v_latest'?"},
    {"db info --db no.db", "no.db: no such results file"},
    {"db export --db results.db --method guessed",
     "--method: unknown method 'guessed'; allowed: predicted, simulated, executed, measured, published"},
    {"db export --db results.db -o /no/such/folder/x.csv",
     "-o: cannot write '/no/such/folder/x.csv': No such file or directory"},
    {"db import no.csv --db results.db", "no.csv: cannot be read: No such file or directory"},
    {"run no.yaml --db results.db", "no.yaml: no such file"},
};

TEST(BrokenStoreLines, AreRefusedAndChangeNothing) {
  const Scratch scratch;
  const std::string results = scratch / "results.db";
  ASSERT_EQ(run_line({"db", "import", "tests/experiments/data/timings.csv", "--db", results}).code, 0);
  const std::string before = run_line({"db", "export", "--db", results}).out;
  for (const BrokenLine& broken : broken_store_lines) {
    std::vector<std::string> words = words_of(broken.line);
    for (std::string& word : words) {
      if (word == "results.db" || word.starts_with("no.")) word = scratch / word;
    }
    const Outcome outcome = run_line(words);
    EXPECT_EQ(outcome.code, 2) << broken.line;
    EXPECT_EQ(outcome.out, "") << broken.line;
    EXPECT_EQ(scratch.strip(outcome.err), std::string{"rooftile: "} + broken.message + "\n") << broken.line;
  }
  EXPECT_EQ(run_line({"db", "export", "--db", results}).out, before);
}

}  // namespace
}  // namespace rooftile::test
