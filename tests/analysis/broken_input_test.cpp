// Imports and queries that must be refused, each with its whole message.
#include "rooftile/analysis/exchange.hpp"
#include "support.hpp"

namespace rooftile::analysis {
namespace {

using testing::batch_header;
using testing::message_of;

const std::string good = "a100_sxm4_80gb,fa2,fwd,fp16,2,8,8,1024,1024,128,causal,";

struct Broken {
  std::string text;
  std::string message;
};

TEST(broken_input, imports) {
  const ImportOptions options{.method = Method::published,
                              .profiles = {"a100_sxm4_80gb", "h100_sxm5_80gb"},
                              .kernels = {"fa2", "pytorch_eager"}};
  const std::string head = batch_header + ",time_s,printed,source\n";
  const Broken cases[] = {
      {"a100_sxm4_80gb\n", "x.csv:1:1: " + unknown_name_message("column", "a100_sxm4_80gb",
                                                                {result_columns().begin(), result_columns().end()})},
      {batch_header + ",time,source\n" + good + ",1,p\n",
       "x.csv:1:83: " + unknown_name_message("column", "time", {result_columns().begin(), result_columns().end()})},
      {head + "a100_sxm4_8gb" + good.substr(14) + ",1,,p\n",
       "x.csv:2:1: column profile: unknown profile 'a100_sxm4_8gb'; allowed: a100_sxm4_80gb, h100_sxm5_80gb; did you "
       "mean 'a100_sxm4_80gb'?"},
      {head + "a100_sxm4_80gb,fa22" + good.substr(18) + ",1,,p\n",
       "x.csv:2:16: column kernel: unknown kernel 'fa22'; allowed: fa2, pytorch_eager; did you mean 'fa2'?"},
      {head + good + ",1,,\n", "x.csv:2:60: a published row needs a source"},
      {batch_header + ",time_s\n" + good + ",1\n", "x.csv:2: a published row needs a source"},
      {head + good + ",,,p\n",
       "x.csv:2:57: the row has no number: time_s, printed, dram_read_bytes and l2_read_bytes are empty"},
      {head + good + ",0,,p\n", "x.csv:2:57: column time_s: '0' is not above zero"},
      {head + good + ",-1e-3,,p\n", "x.csv:2:57: column time_s: '-1e-3' is not above zero"},
      {head + good + ",nan,,p\n", "x.csv:2:57: column time_s: 'nan' is not a finite number"},
      {head + good + ",,fast,p\n",
       "x.csv:2:58: column printed: 'fast' is neither a time (\"1.42 ms\") nor a rate (\"189 TFLOP/s\")"},
      {head + good + ",,0 TFLOP/s,p\n", "x.csv:2:58: column printed: '0 TFLOP/s' is not above zero"},
      {head + good + ",,200 GB/s,p\n",
       "x.csv:2:58: column printed: '200 GB/s' is neither a time (\"1.42 ms\") nor a rate (\"189 TFLOP/s\")"},
      {head + good + ",1,,p\n" + good + ",2,,p\n",
       "x.csv:3: the same workload, kernel, method, timer, setting and source stand in line 2 already"},
      {batch_header + ",time_s,source,method\n" + good + ",1,p,predicted\n",
       "x.csv:2:61: column method: is predicted, but the import is of published results"},
      {batch_header + ",time_s,source,bound\n" + good + ",1,p,hbm\n",
       "x.csv:2:61: column bound: unknown bound 'hbm'; allowed: dram, l2, smem, tensor, exp2, fma, convert, issue, "
       "latency, launch"},
      {batch_header + ",time_s,source,dram_read_bytes\n" + good + ",1,p,-5\n",
       "x.csv:2:61: column dram_read_bytes: '-5' is negative"},
      {batch_header + ",time_s,source,predictor_version\n" + good + ",1,p,9999999999\n",
       "x.csv:2:61: column predictor_version: '9999999999' is too large"},
      {batch_header + ",time_s,source,status\n" + good + ",1,p,infeasible\n",
       "x.csv:2: status infeasible needs a reason"},
      {batch_header + ",time_s,source,reason\n" + good + ",1,p,slow\n", "x.csv:2: status ok takes no reason"},
      {batch_header + ",time_s,source\n" + good + ",1e301,p\n",
       "x.csv:2: a time of 1e+301 s is not above zero and below 1e300"},
      {batch_header + ",printed,source\n" + good + ",1e-320 TFLOP/s,p\n",
       "x.csv:2: a time of inf s is not above zero and below 1e300"},
      {batch_header + ",time_s,source,expected_error\n" + good + ",1,p,-0.1\n",
       "x.csv:2: expected_error is not a fraction of the time"},
  };
  for (const Broken& broken : cases) {
    Store store = Store::in_memory();
    const RunId run = store.begin_run(testing::run_info());
    EXPECT_EQ(message_of([&] { import_csv(store, run, CsvTable::parse(broken.text, "x.csv"), options); }),
              broken.message)
        << broken.text;
    EXPECT_EQ(testing::answer(store, "SELECT count(*) FROM result"), "0\n");
  }
  const CsvTable no_method = CsvTable::parse(head + good + ",1,,p\n", "x.csv");
  EXPECT_EQ(message_of([&] { (void)read_results(no_method, {}); }),
            "x.csv:2: the row states no method and the import gives none");
}

TEST(broken_input, queries) {
  const Broken cases[] = {
      {"", "query: holds no statement"},
      {" -- nothing\n", "query: holds no statement"},
      {"slect 1", "query:1:1: near \"slect\": syntax error"},
      {"SELECT 1,\n  elsewhere FROM result", "query:2:3: no such column: elsewhere"},
      {"SELECT * FROM v_comparison", "query: no such table: v_comparison; did you mean 'v_compare'?"},
      {"SELECT median(1)", "query:1:8: no such function: median"},
      {"SELECT 1; SELECT 2", "query:1:10: one statement at a time"},
      {"SELECT (", "query: incomplete input"},
      {"SELECT load_extension('x')", "query: not authorized"},
      {"PRAGMA user_version = 2",
       "query: would change the database; allowed: SELECT, WITH, VALUES, EXPLAIN and PRAGMAs that report"},
  };
  const Store store = Store::in_memory();
  for (const Broken& broken : cases) {
    EXPECT_EQ(message_of([&] { (void)store.query(broken.text); }), broken.message) << broken.text;
  }
}

}  // namespace
}  // namespace rooftile::analysis
