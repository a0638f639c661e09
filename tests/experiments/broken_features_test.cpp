// What is refused of specs with several kernels, variants, expectations, batches, imports and measurement files. Line
// by line as in broken_files_test.cpp.
#include <gtest/gtest.h>

#include "broken_file.hpp"
#include "harness.hpp"

namespace rooftile::test {
namespace {

const std::string own_spec = "schema: rooftile.spec/1\nname: mine\ndescription: d\nsource: s\n";
const std::string flash_spec = own_spec +
                               "algorithm: flash2\ndtypes: [fp16]\npasses: [fwd]\nmasks: [none]\n"
                               "tiles:\n  - {head_dim: 64, br: 64, bc: 64}\n";
const std::string split_spec = own_spec + "algorithm: split_kv\ndtypes: [fp16]\npasses: [fwd]\nmasks: [none]\n";
const std::string changed_profile = "schema: rooftile.profile/1\nextends: a100_sxm4_80gb\nname: mine\n";
const std::string experiment =
    "schema: rooftile.experiment/1\nname: x\ndescription: y\nprofiles: [a100_sxm4_80gb]\nkernels: [fa2]\n";
const std::string two_cells = "workloads:\n  - {batch: 1, heads: 2, seq: [64, 128], head_dim: 64}\n";
const std::string batch_header = "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout";

const char* const asking_spec = "predict -p l40s -k FILE --seq 512 --head-dim 64";
const char* const asking_profile = "predict -p FILE -k fa2 --seq 512 --head-dim 64";
const char* const asking_cells = "predict --cells FILE --format csv";
const char* const running = "run FILE --db new.db";
const char* const importing = "db import FILE --db new.db";

const BrokenFile broken_features[] = {
    {"spec_instead_empty", "mine.yaml", flash_spec + "instead: []\n", asking_spec, "mine.yaml:11:10: an empty list"},
    {"spec_instead_algorithm", "mine.yaml", flash_spec + "instead:\n  - {algorithm: flash4}\n", asking_spec,
     "mine.yaml:12:17: unknown algorithm 'flash4'; allowed: standard, flash1, flash2, flash3, split_kv; did you mean "
     "'flash1'?"},
    {"spec_instead_needs_a_rule", "mine.yaml",
     flash_spec +
         "instead:\n  - {algorithm: split_kv, when: split, splits: 2, tiles: [{head_dim: 64, br: 64, bc: 64}]}\n",
     asking_spec, "mine.yaml:12:5: when: split needs the name of a rule in 'splits'"},
    {"spec_instead_when", "mine.yaml",
     flash_spec + "instead:\n  - {algorithm: flash2, when: one_quer, tiles: [{head_dim: 64, br: 64, bc: 64}]}\n",
     asking_spec,
     "mine.yaml:12:31: unknown when 'one_quer'; allowed: always, one_query, split; did you mean 'one_query'?"},
    {"spec_instead_key", "mine.yaml",
     flash_spec + "instead:\n  - {algorithm: flash2, dtypes: [fp16], tiles: [{head_dim: 64, br: 64, bc: 64}]}\n",
     asking_spec,
     "mine.yaml:12:25: unknown key 'dtypes'; allowed: algorithm, when, passes, masks, dropout, architectures, math, "
     "dropout_bits, packs_group, longest_first, deterministic, sums_group, tiles"},
    {"spec_instead_tiles", "mine.yaml", flash_spec + "instead:\n  - {algorithm: flash2}\n", asking_spec,
     "mine.yaml:12:5: missing key 'tiles'"},
    {"spec_instead_is_text", "mine.yaml", flash_spec + "instead: flash2\n", asking_spec,
     "mine.yaml:11:10: a list is expected, found the text 'flash2'"},
    {"spec_splits_missing", "mine.yaml", split_spec + "tiles: [{head_dim: 64, br: 64, bc: 64}]\n", asking_spec,
     "mine.yaml:1:1: missing key 'splits'"},
    {"spec_splits_zero", "mine.yaml", split_spec + "splits: 0\ntiles: [{head_dim: 64, br: 64, bc: 64}]\n", asking_spec,
     "mine.yaml:9:9: 0 is outside 1 .. 128"},
    {"spec_splits_too_many", "mine.yaml", split_spec + "splits: 129\ntiles: [{head_dim: 64, br: 64, bc: 64}]\n",
     asking_spec, "mine.yaml:9:9: 129 is outside 1 .. 128"},
    {"spec_splits_fixed", "mine.yaml", split_spec + "splits: fixed\ntiles: [{head_dim: 64, br: 64, bc: 64}]\n",
     asking_spec, "mine.yaml:9:9: 'fixed' is written as the number of parts itself"},
    {"spec_splits_rule", "mine.yaml", split_spec + "splits: fa4\ntiles: [{head_dim: 64, br: 64, bc: 64}]\n",
     asking_spec,
     "mine.yaml:9:9: unknown splits 'fa4'; allowed: fixed, fa2, fa2_varlen, fa3, fa3_varlen; did you mean 'fa2'?"},
    {"spec_splits_of_flash2", "mine.yaml", flash_spec + "splits: fa2\n", asking_spec,
     "mine.yaml:11:1: unknown key 'splits'; allowed: schema, name, description, source, algorithm, dtypes, passes, "
     "masks, dropout, writes_cache, copies_group, sorts_sequences, kv_placement, max_seq_kv, architectures, launch, "
     "l2, "
     "math, dropout_bits, packs_group, "
     "longest_first, "
     "deterministic, sums_group, tiles, constants_of, instead"},
    {"spec_packs_group", "mine.yaml", flash_spec + "packs_group: sometimes\n", asking_spec,
     "mine.yaml:11:14: unknown packs_group 'sometimes'; allowed: false, true, one_query, efficient"},
    {"spec_warps_of_flash3", "mine.yaml",
     "schema: rooftile.spec/1\nname: mine\ndescription: d\nsource: s\nalgorithm: flash3\ndtypes: [fp16]\npasses: "
     "[fwd]\nmasks: [none]\ntiles: [{head_dim: 64, br: 64, bc: 64, warps: 4}]\n",
     asking_spec, "mine.yaml:9:9: warps 4: a producer warpgroup and one to three consumers are 8, 12 or 16"},
    {"spec_split_backward", "mine.yaml",
     "schema: rooftile.spec/1\nname: mine\ndescription: d\nsource: s\nalgorithm: split_kv\ndtypes: [fp16]\npasses: "
     "[fwd, bwd]\nmasks: [none]\nsplits: 2\ntiles: [{head_dim: 64, br: 64, bc: 64}, {head_dim: 64, br: 64, bc: 64, "
     "pass: bwd}]\n",
     asking_spec, "mine.yaml:7:9: split_kv has no backward"},
    {"spec_no_backward_tile", "mine.yaml",
     "schema: rooftile.spec/1\nname: mine\ndescription: d\nsource: s\nalgorithm: flash2\ndtypes: [fp16]\npasses: [fwd, "
     "bwd]\nmasks: [none]\ntiles:\n  - {head_dim: 64, br: 64, bc: 64}\n",
     asking_spec, "mine.yaml:7:9: no row of tiles is for pass bwd"},
    {"spec_nul", "mine.yaml", replaced(flash_spec + "launch: a#b\n", "#", std::string(1, '\0')), asking_spec,
     "mine.yaml:11:10: a NUL byte; this is not a text file"},
    {"variants_and_set", "x.yaml", experiment + "set: {sm.count: 9}\nvariants: {a: {}}\n" + two_cells, running,
     "x.yaml:6:6: `set:` and `variants:` together; put it into each variant"},
    {"variants_empty", "x.yaml", experiment + "variants: {}\n" + two_cells, running, "x.yaml:6:11: an empty map"},
    {"variants_list", "x.yaml", experiment + "variants: [a]\n" + two_cells, running,
     "x.yaml:6:11: a map is expected, found a list"},
    {"variants_leaf", "x.yaml", experiment + "variants:\n  a: {}\n  b: {memory.dram.bandwith: 3 TB/s}\n" + two_cells,
     running,
     "x.yaml:8:7: --set memory.dram.bandwith: unknown key of memory.dram 'bandwith'; allowed: type, capacity, "
     "bandwidth, bus, clock, transfers_per_clock, latency, sustained_fraction; did you mean 'bandwidth'?"},
    {"variants_unit", "x.yaml", experiment + "variants: {b: {memory.dram.bandwidth: 3 TB}}\n" + two_cells, running,
     "x.yaml:6:16: --set memory.dram.bandwidth: '3 TB' is an amount of bytes; bytes per second are expected, as in "
     "'1555 GB/s'"},
    {"variants_twice", "x.yaml", experiment + "variants: {a: {}, a: {}}\n" + two_cells, running,
     "x.yaml:6:19: duplicate key 'a'; first in line 6"},
    {"variants_range", "x.yaml", experiment + "variants: {b: {sm.count: 0}}\n" + two_cells, running,
     "x.yaml:6:16: --set sm.count: '0' is outside 1 .. 100000"},
    {"expect_variant", "x.yaml",
     experiment + "variants: {a: {}}\n" + two_cells + "expect:\n  - {variant: b, status: ok}\n", running,
     "x.yaml:10:5: no cell of this experiment is meant by this expectation"},
    {"against_nothing", "x.yaml", experiment + two_cells + "expect:\n  - {seq: 64, against: {}, speedup: 1}\n", running,
     "x.yaml:9:24: an empty map"},
    {"against_no_cell", "x.yaml", experiment + two_cells + "expect:\n  - {seq: 64, against: {seq: 256}, speedup: 1}\n",
     running,
     "x.yaml:9:5: no cell of this experiment stands against: rooftile predict -p a100_sxm4_80gb -k fa2 --pass fwd "
     "--dtype fp16 --batch 1 --heads 2 --kv-heads 2 --seq-q 64 --seq-kv 64 --head-dim 64 --mask none"},
    {"against_key", "x.yaml", experiment + two_cells + "expect:\n  - {seq: 64, against: {sequ: 64}, speedup: 1}\n",
     running,
     "x.yaml:9:25: unknown key 'sequ'; allowed: profile, kernel, method, predictor, variant, op, batch, heads, "
     "kv_heads, seq, seq_q, seq_kv, head_dim, mask, pass, dtype, dropout, tile, br, bc, warps, stages, l2, mn, m, n, "
     "k, "
     "rows, cols; did you mean 'seq'?"},
    {"speedup_alone", "x.yaml", experiment + two_cells + "expect:\n  - {seq: 64, speedup: 2}\n", running,
     "x.yaml:9:24: speedup needs `against:`"},
    {"speedup_word", "x.yaml", experiment + two_cells + "expect:\n  - {seq: 64, against: {seq: 128}, speedup: twice}\n",
     running, "x.yaml:9:45: 'twice' is no number; a plain number is expected, as in '108'"},
    {"expect_range_backward", "x.yaml",
     experiment + two_cells + "expect:\n  - {seq: 64, against: {seq: 128}, speedup: 2 to 1}\n", running,
     "x.yaml:9:45: '2 to 1' ends before it begins"},
    {"phases_word", "x.yaml",
     experiment + "workloads:\n  - {batch: 1, heads: 2, seq: [64, 128], head_dim: 64, phases: [tim]}\n", running,
     "x.yaml:7:65: unknown phase 'tim'; allowed: verify, clocks, time, counters, peers; did you mean 'time'?"},
    {"executed_method", "x.yaml", experiment + "methods: [execute]\n" + two_cells, running,
     "x.yaml:6:11: unknown method 'execute'; allowed: predicted, simulated, executed, measured, published; did you "
     "mean 'executed'?"},
    {"profile_nul", "mine.yaml", replaced(changed_profile + "vendor: a#b\n", "#", std::string(1, '\0')), asking_profile,
     "mine.yaml:4:10: a NUL byte; this is not a text file"},
    {"profile_device_names", "mine.yaml", changed_profile + "device_names: [[a]]\n", asking_profile,
     "mine.yaml:4:16: a text is expected, found a list"},
    {"profile_leaf_list", "mine.yaml", changed_profile + "sm: {count: [1, 2]}\n", asking_profile,
     "mine.yaml:4:13: a text is expected, found a list"},
    {"profile_kind_set", "mine.yaml", changed_profile + "sm: {count: {value: 3, kind: set}}\n", asking_profile,
     "mine.yaml:4:30: unknown kind 'set'; allowed: spec, device, measured, derived, assumed"},
    {"cells_empty", "c.csv", "", asking_cells, "c.csv: is empty; expected a header line with column names"},
    {"cells_no_rows_columns", "c.csv", "profile\n", asking_cells,
     "c.csv:1: missing column 'kernel'; the header has: profile"},
    {"cells_duplicate_column", "c.csv", batch_header + ",mask\n", asking_cells,
     "c.csv:1:83: column 'mask' appears twice in the header"},
    {"cells_output_column", "c.csv", batch_header + ",time_s\n", asking_cells,
     "c.csv:1:83: duplicate column 'time_s': the answer writes a column of this name; rename this one"},
    {"cells_short_row", "c.csv", batch_header + "\nl40s,fa2\n", asking_cells,
     "c.csv:2: row has 2 fields, the header has 12 columns"},
    {"cells_profile", "c.csv", batch_header + "\nl40z,fa2,fwd,fp16,1,1,1,64,64,64,none,\n", asking_cells,
     "c.csv:2:1: column profile: unknown profile 'l40z'; allowed: PROFILES; did you mean 'l40s'?"},
    {"cells_profile_path", "c.csv", batch_header + "\nno/such.yaml,fa2,fwd,fp16,1,1,1,64,64,64,none,\n", asking_cells,
     "c.csv:2:1: column profile: no/such.yaml: no such file"},
    {"cells_kernel", "c.csv", batch_header + "\nl40s,fa9,fwd,fp16,1,1,1,64,64,64,none,\n", asking_cells,
     "c.csv:2:6: column kernel: unknown kernel 'fa9'; allowed: KERNELS; did you mean 'fa1'?"},
    {"cells_number", "c.csv", batch_header + "\nl40s,fa2,fwd,fp16,1,1,1,64,6.5,64,none,\n", asking_cells,
     "c.csv:2:28: column seq_kv: '6.5' is not a positive integer"},
    {"cells_kv_heads", "c.csv", batch_header + "\nl40s,fa2,fwd,fp16,1,4,3,64,64,64,none,\n", asking_cells,
     "c.csv:2: kv_heads 3 does not divide heads 4"},
    {"cells_dropout", "c.csv", batch_header + "\nl40s,fa2,fwd,fp16,1,1,1,64,64,64,none,1\n", asking_cells,
     "c.csv:2:39: column dropout: '1' is not a probability in [0, 1)"},
    {"cells_huge", "c.csv", batch_header + "\nl40s,fa2,fwd,fp16,2147483647,2147483647,1,2147483647,64,64,none,\n",
     asking_cells, "c.csv:2: the matrices of this shape exceed 2^58 bytes"},
    {"cells_nul", "c.csv", replaced(batch_header + "\nl40s#,fa2\n", "#", std::string(1, '\0')), asking_cells,
     "c.csv: is not a text file"},
    {"cells_carriage_return", "c.csv", batch_header + "\rl40s\n", asking_cells,
     "c.csv:1:82: carriage return without line feed; lines end in LF or CRLF"},
    {"cells_after_quote", "c.csv", batch_header + "\n\"l40s\"x,fa2\n", asking_cells,
     "c.csv:2:7: expected a comma or the end of the line after a quoted field, found 'x'"},
    {"results_reason", "c.csv",
     batch_header + ",method,source,time_s,reason\nl40s,fa2,fwd,fp16,1,1,1,64,64,64,none,,measured,me,1,slow\n",
     importing, "c.csv:2: status ok takes no reason"},
    {"results_long_time", "c.csv",
     batch_header + ",method,source,time_s\nl40s,fa2,fwd,fp16,1,1,1,64,64,64,none,,measured,me,1e301\n", importing,
     "c.csv:2: a time of 1e+301 s is not above zero and below 1e300"},
    {"results_no_method", "c.csv", batch_header + ",source,time_s\nl40s,fa2,fwd,fp16,1,1,1,64,64,64,none,,me,1\n",
     importing, "c.csv:2: the row states no method and the import gives none"},
    {"results_twice", "c.csv",
     batch_header + ",method,source,time_s\nl40s,fa2,fwd,fp16,1,1,1,64,64,64,none,,measured,me,1\nl40s,fa2,fwd,fp16,1,"
                    "1,1,64,64,64,none,,measured,me,1\n",
     importing, "c.csv:3: the same workload, kernel, method, timer, setting and source stand in line 2 already"},
    {"results_printed", "c.csv",
     batch_header + ",method,source,printed\nl40s,fa2,fwd,fp16,1,1,1,64,64,64,none,,measured,me,fast\n", importing,
     "c.csv:2:52: column printed: 'fast' is neither a time (\"1.42 ms\") nor a rate (\"189 TFLOP/s\")"},
    {"merge_text", "s.db", "no database", "db merge FILE --db new.db", "s.db: is not a SQLite database"},
    {"merge_empty", "s.db", "", "db merge FILE --db new.db", "s.db: is empty, not a results file"},
    {"cells_out_without_phases", "x.yaml", experiment + two_cells, "run FILE --cells-out new.csv",
     "--cells-out: no entry of 'x.yaml' has `phases:` or `peers:`"},
    {"cells_out_and_db", "x.yaml", experiment + two_cells, "run FILE --cells-out new.csv --db new.db",
     "--cells-out: nothing is computed, so nothing is stored; leave --db away"},
    {"mapping", "m.yaml", "schema: x\n", "db import experiments/reference --mapping FILE --db new.db",
     "m.yaml:1:9: schema 'x' is not read here; expected 'rooftile.mapping/1'"},
    {"jsonl_empty", "m.jsonl", "", importing,
     "m.jsonl: holds no line: rooftile-measure writes at least one of kind 'run'"},
    {"jsonl_text", "m.jsonl", "hello\n", importing, "m.jsonl:1: is not JSON"},
    {"jsonl_deep", "m.jsonl",
     "{\"kind\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}\n", importing,
     "m.jsonl:1: is nested more than 32 deep"},
    {"jsonl_twice", "m.jsonl", "{\"kind\":\"run\",\"kind\":\"run\"}\n", importing,
     "m.jsonl:1: key 'kind' stands twice"},
    {"jsonl_no_run", "m.jsonl", "{\"kind\":\"micro\",\"run\":\"r\"}\n", importing,
     "m.jsonl:1: run: no line of kind 'run' before this one says 'r'"},
    {"measured_profile_text", "m.jsonl", "hello\n", "profile from-measurements FILE", "m.jsonl:1: is not JSON"},
};

class BrokenFeatures : public testing::TestWithParam<BrokenFile> {};

TEST_P(BrokenFeatures, AreRefused) { expect_refused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Files, BrokenFeatures, testing::ValuesIn(broken_features),
                         [](const auto& test) { return std::string{test.param.name}; });

/// Names that no file system takes are input like any other.
TEST(BrokenNames, CanBeTooLong) {
  const std::string name(300, 'x');
  const std::string lines[] = {"predict -p " + name + "/a.yaml -k fa2 --seq 64 --head-dim 64",
                               "db info --db " + name,
                               "db import " + name + " --db x",
                               "run " + name + " --db x",
                               "db merge " + name + " --db " + name + ".db",
                               "predict --cells " + name,
                               "profile list -o " + name,
                               "db import tests/experiments/data/timings.csv --db " + name};
  for (const std::string& line : lines) {
    const Outcome outcome = run_line(words_of(line));
    EXPECT_EQ(outcome.code, 2) << line;
    EXPECT_TRUE(outcome.err.starts_with("rooftile: ") && outcome.err.find(name) != std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find("internal"), std::string::npos) << outcome.err;
  }
}

}  // namespace
}  // namespace rooftile::test
