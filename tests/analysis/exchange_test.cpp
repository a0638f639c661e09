#include <algorithm>

#include "rooftile/analysis/exchange.hpp"
#include "support.hpp"

namespace rooftile::analysis {
namespace {

using namespace testing;

const std::string results_header = batch_header + ",time_s,printed,source\n";
const std::string shape_text = "a100_sxm4_80gb,fa2,fwd,fp16,2,8,8,1024,1024,128,causal,,";

std::vector<ResultRow> imported(const std::string& text, ImportOptions options = {.method = Method::published}) {
  return read_results(CsvTable::parse(text, "fa2.csv"), options);
}

TEST(exchange, reads_a_stated_time) {
  const std::vector<ResultRow> rows = imported(results_header + shape_text + "0.002,,paper\n");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].time, Seconds{0.002});
  EXPECT_EQ(rows[0].key.source, "paper");
  EXPECT_EQ(rows[0].key.method, Method::published);
  EXPECT_EQ(rows[0].key.l2, L2State::warm);
  EXPECT_EQ(rows[0].flops, paper_flops(rows[0].key.workload));
  EXPECT_FALSE(is_known(rows[0].dram_read));
}

TEST(exchange, derives_the_time_from_a_printed_rate) {
  // 4·2·8·1024²·128 / 2 = 4,294,967,296 FLOP at 200 TFLOP/s.
  const std::vector<ResultRow> rows = imported(results_header + shape_text + ",200 TFLOP/s,paper\n");
  EXPECT_DOUBLE_EQ(rows[0].time.value(), 4294967296.0 / 200e12);
  EXPECT_EQ(rows[0].printed, "200 TFLOP/s");
  EXPECT_DOUBLE_EQ(imported(results_header + shape_text + ",1.5 ms,paper\n")[0].time.value(), 1.5e-3);
}

TEST(exchange, defaults_come_from_the_options) {
  ImportOptions options{.method = Method::measured, .source = "run 7"};
  EXPECT_EQ(imported(results_header + shape_text + "1,,\n", options)[0].key.source, "run 7");
  const std::string own = "a100_sxm4_80gb,rt_flash2" + shape_text.substr(shape_text.find(",fwd")) + "1,,x\n";
  EXPECT_EQ(imported(results_header + own, options)[0].key.l2, L2State::cold);
  options.default_l2 = [](std::string_view) { return L2State::warm; };
  EXPECT_EQ(imported(results_header + own, options)[0].key.l2, L2State::warm);
}

TEST(exchange, import_again_adds_nothing) {
  Store store = Store::in_memory();
  const CsvTable table = CsvTable::parse(results_header + shape_text + "0.002,,paper\n", "fa2.csv");
  const RunId run = store.begin_run(run_info());
  EXPECT_EQ(import_csv(store, run, table, {.method = Method::published}).added, 1);
  const PutReport again = import_csv(store, run, table, {.method = Method::published});
  EXPECT_EQ(again.added, 0);
  EXPECT_EQ(again.unchanged, 1);
}

TEST(exchange, import_is_all_or_nothing) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  const auto import = [&](const std::string& text) {
    return import_csv(store, run, CsvTable::parse(text, "fa2.csv"), {.method = Method::published});
  };
  import(results_header + shape_text + "0.002,,paper\n");
  const std::string other = "h100_sxm5_80gb" + shape_text.substr(shape_text.find(',')) + "0.001,,paper\n";
  const std::string message = message_of([&] { import(results_header + other + shape_text + "0.003,,paper\n"); });
  EXPECT_EQ(message, "fa2.csv:3: a100_sxm4_80gb, fa2, " +
                         describe(Workload{AttentionShape{2, 8, 8, 1024, 1024, 128, DType::fp16, Mask::causal}}) +
                         ": stored already from 'paper' with other numbers; an observation is never overwritten");
  EXPECT_EQ(answer(store, "SELECT count(*) FROM result"), "1\n");
}

TEST(exchange, export_and_import_give_the_same_store) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  ResultRow full = row(predicted_key(), 1.0 / 3.0);
  full.key.tile = {64, 32, 8, 2};
  full.cta = CtaUse{168, Bytes{65536}, 2};
  full.key.setting = "memory.dram.bandwidth=3 TB/s";
  full.l2_read = Bytes{3};
  full.l2_write = Bytes{4};
  full.smem = Bytes{5};
  full.extra_memory = Bytes{6};
  full.expected_error = 0.1;
  full.notes = "says \"so\", twice";
  store.put(run, full);
  ResultKey gemm = predicted_key();
  gemm.workload = GemmShape{1, 256, 512, 64, DType::bf16};
  ResultRow without_residents = row(gemm, 1e-5);
  without_residents.cta = CtaUse{32, Bytes{0}};
  store.put(run, without_residents);
  ResultKey softmax = predicted_key();
  softmax.workload = SoftmaxShape{4096, 1024, DType::fp32};
  store.put(run, row(softmax, 1e-5));
  ResultKey dropped = published_key();
  std::get<AttentionShape>(dropped.workload).dropout = 0.1;
  ResultRow published = row(dropped, 2e-3);
  published.printed = "123 TFLOP/s";
  published.bound = std::nullopt;
  store.put(run, published);
  store.put(run, make_row(predicted_key(2048), Refusal{Status::infeasible, "does not fit,\nreally"}));

  std::ostringstream first;
  export_csv(store, first);
  Store copy = Store::in_memory();
  EXPECT_EQ(import_csv(copy, copy.begin_run(run_info()), CsvTable::parse(first.str(), "x.csv"), {}).added, 5);
  std::ostringstream second;
  export_csv(copy, second);
  EXPECT_EQ(first.str(), second.str());
  const char* keys =
      "SELECT profile, profile_hash, kernel, br, bc, warps, stages, op, batch, dropout, m, rows, l2, method, "
      "predictor, "
      "registers_per_thread, smem_per_cta_bytes, ctas_per_sm, predictor_version, setting, source, time_s, status, "
      "reason, notes FROM v_result ORDER BY id";
  EXPECT_EQ(answer(store, keys), answer(copy, keys));
  EXPECT_EQ(answer(copy,
                   "SELECT br, bc, warps, stages, registers_per_thread, smem_per_cta_bytes, ctas_per_sm FROM "
                   "v_result ORDER BY id LIMIT 2"),
            "64|32|8|2|168|65536|2\n-|-|-|-|32|0|-\n");
}

TEST(exchange, export_has_the_batch_columns_first_and_can_be_limited) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  store.put(run, row(predicted_key(), 1e-3));
  store.put(run, row(published_key(), 1e-3));
  std::ostringstream out;
  export_csv(store, out, Method::published);
  const CsvTable table = CsvTable::parse(out.str(), "x.csv");
  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(table[0].text("method"), "published");
  EXPECT_EQ(table[0].text("m"), "");
  EXPECT_EQ(table[0].text("dropout"), "");
  EXPECT_EQ(table.header().front().text, "profile");
  EXPECT_EQ(table.header()[11].text, "dropout");
}

TEST(exchange, computed_results_may_come_back_with_new_numbers) {
  const std::string head = "profile,kernel,op,dtype,m,n,k,method,predictor,predictor_version,time_s\n";
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  for (const char* time : {"1", "2"}) {
    const std::string text = head + "a,cublas_gemm,gemm,fp16,1,2,3,predicted,roofline,1," + time + "\n";
    import_csv(store, run, CsvTable::parse(text, "x.csv"), {});
  }
  EXPECT_EQ(answer(store, "SELECT time_s, profile_hash FROM v_result"), "2|\n");
}

}  // namespace
}  // namespace rooftile::analysis
