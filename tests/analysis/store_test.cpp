#include <algorithm>
#include <cmath>

#include "rooftile/analysis/csv.hpp"
#include "support.hpp"

namespace rooftile::analysis {
namespace testing {

std::string answer(const Store& store, std::string_view sql) {
  std::string text;
  for (const std::vector<SqlValue>& row : store.query(sql).rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += '|';
      if (const auto* word = std::get_if<std::string>(&row[i])) text += *word;
      if (const auto* whole = std::get_if<std::int64_t>(&row[i])) text += std::to_string(*whole);
      if (const auto* real = std::get_if<double>(&row[i])) text += shortest_text(*real);
      if (std::holds_alternative<std::monostate>(row[i])) text += '-';
    }
    text += '\n';
  }
  return text;
}

}  // namespace testing

namespace {

using namespace testing;

TEST(store, creates_reopens_and_reads) {
  const TempFolder folder;
  {
    Store store = Store::open(folder / "r.db", Access::read_write_create);
    const RunId run = store.begin_run(run_info());
    EXPECT_EQ(store.put(run, row(predicted_key(), 1e-3)).added, 1);
    store.end_run(run);
  }
  const Store store = Store::open(folder / "r.db", Access::read_only);
  EXPECT_TRUE(store.contains(predicted_key()));
  EXPECT_EQ(answer(store, "SELECT profile, kernel, heads, kv_heads, mask, method, time_s, bound FROM v_result"),
            "a100_sxm4_80gb|fa2|8|4|causal|predicted|0.001|tensor\n");
  EXPECT_EQ(answer(store, "SELECT command, argv, ended_at >= started_at, length(uuid) FROM run"),
            "test|[\"rooftile\",\"it's \\\"x\\\"\"]|1|32\n");
  EXPECT_EQ(answer(store, "SELECT yaml FROM profile"), "name: a100_sxm4_80gb\n\n");
}

TEST(store, for_each_reads_row_by_row) {
  Store store = Store::in_memory();
  store.put(store.begin_run(run_info()), row(predicted_key(), 1e-3));
  int rows = 0;
  store.for_each("SELECT kernel, seq_q, time_s, br FROM v_result", [&rows](const RowCursor& cursor) {
    ++rows;
    EXPECT_EQ(cursor.text(0), "fa2");
    EXPECT_EQ(cursor.integer(1), 1024);
    EXPECT_EQ(cursor.number(2), 1e-3);
    EXPECT_EQ(cursor.text(3), "");
    EXPECT_EQ(cursor.integer(3), 0);
    EXPECT_TRUE(std::isnan(cursor.number(3)));
    EXPECT_EQ(cursor.value(3), SqlValue{});
  });
  EXPECT_EQ(rows, 1);
  EXPECT_THROW(store.for_each("DELETE FROM result", [](const RowCursor&) {}), InputError);
}

TEST(store, query_names_the_nearest_table_and_column) {
  const Store store = Store::in_memory();
  const auto message = [&store](const char* sql) { return message_of([&] { (void)store.query(sql); }); };
  EXPECT_EQ(message("SELECT * FROM v_acuracy"), "query: no such table: v_acuracy; did you mean 'v_accuracy'?");
  EXPECT_EQ(message("SELECT mape FROM v_accuracy"), "query:1:8: no such column: mape");
  EXPECT_EQ(message("SELECT kernle FROM v_latest"), "query:1:8: no such column: kernle; did you mean 'kernel'?");
  EXPECT_EQ(message("SELECT a.worst_pc FROM v_accuracy a"),
            "query:1:8: no such column: a.worst_pc; did you mean 'worst_pct'?");
  EXPECT_EQ(message("SELECT qwertyuiop FROM v_latest"), "query:1:8: no such column: qwertyuiop");
}

TEST(store, leaves_no_stray_files) {
  const TempFolder folder;
  { Store store = Store::open(folder / "r.db", Access::read_write_create); }
  { (void)Store::open(folder / "r.db", Access::read_only).query("SELECT * FROM v_compare"); }
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{folder.path()}) names.push_back(entry.path().filename());
  EXPECT_EQ(names, std::vector<std::string>{"r.db"});
}

TEST(store, every_part_of_the_key_tells_results_apart) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  std::vector<ResultKey> keys(1, predicted_key());
  const auto vary = [&keys](auto change) {
    keys.push_back(predicted_key());
    change(keys.back());
  };
  vary([](ResultKey& k) { k.profile.name = "h100_sxm5_80gb"; });
  vary([](ResultKey& k) { k.profile.hash = "hash-2"; });
  vary([](ResultKey& k) { std::get<AttentionShape>(k.workload).dropout = 0.1; });
  vary([](ResultKey& k) { std::get<AttentionShape>(k.workload).pass = Pass::bwd; });
  vary([](ResultKey& k) { k.workload = GemmShape{1, 2, 3, 4, DType::fp16}; });
  vary([](ResultKey& k) { k.workload = SoftmaxShape{2, 3, DType::fp16}; });
  vary([](ResultKey& k) { k.kernel = "rt_flash2"; });
  vary([](ResultKey& k) { k.tile.br = 64; });
  vary([](ResultKey& k) { k.tile.bc = 64; });
  vary([](ResultKey& k) { k.tile.warps = 8; });
  vary([](ResultKey& k) { k.tile.stages = 2; });
  vary([](ResultKey& k) { k.method = Method::simulated; });
  vary([](ResultKey& k) { k.predictor = "roofline"; });
  vary([](ResultKey& k) { k.predictor_version = 2; });
  vary([](ResultKey& k) { k.l2 = L2State::cold; });
  vary([](ResultKey& k) { k.timer = "cuda_event"; });
  vary([](ResultKey& k) { k.setting = "clock.boost=1 GHz"; });
  vary([](ResultKey& k) { k.source = "x"; });
  for (const ResultKey& key : keys) {
    EXPECT_FALSE(store.contains(key));
    EXPECT_EQ(store.put(run, row(key, 1e-3)).added, 1);
    EXPECT_TRUE(store.contains(key));
  }
  EXPECT_EQ(answer(store, "SELECT count(*) FROM result"), std::to_string(keys.size()) + "\n");
}

TEST(store, computed_results_are_replaced) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  store.put(run, row(predicted_key(), 1e-3));
  const PutReport report = store.put(run, row(predicted_key(), 2e-3));
  EXPECT_EQ(report.added, 0);
  EXPECT_EQ(report.replaced, 1);
  EXPECT_EQ(answer(store, "SELECT time_s, latest FROM result"), "0.002|1\n");
}

TEST(store, observations_are_never_overwritten) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  store.put(run, row(published_key(), 1e-3));
  EXPECT_EQ(store.put(run, row(published_key(), 1e-3)).unchanged, 1);
  EXPECT_EQ(message_of([&] { store.put(run, row(published_key(), 2e-3)); }),
            "a100_sxm4_80gb, fa2, " + describe(published_key().workload) +
                ": stored already from 'a paper, table 1' with other numbers; an observation is never overwritten");
  EXPECT_EQ(answer(store, "SELECT time_s FROM result"), "0.001\n");
}

TEST(store, put_all_is_all_or_nothing) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  std::vector<ResultRow> rows{row(predicted_key(512), 1e-3), row(predicted_key(1024), 1e-3),
                              row(predicted_key(2048), 0)};
  const std::vector<Location> places{{"x.csv", 2}, {"x.csv", 3}, {"x.csv", 4}};
  EXPECT_EQ(message_of([&] { store.put_all(run, rows, places); }),
            "x.csv:4: a100_sxm4_80gb, fa2, " + describe(predicted_key(2048).workload) +
                ": a time of 0 s is not above zero and below 1e300");
  EXPECT_EQ(answer(store, "SELECT count(*) FROM result"), "0\n");
  rows[2].time = Seconds{1e-3};
  EXPECT_EQ(store.put_all(run, rows, places).added, 3);
}

TEST(store, latest_is_the_newest_of_its_series) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  ResultKey second = predicted_key();
  second.predictor_version = 2;
  ResultKey edited = predicted_key();
  edited.profile.hash = "hash-2";
  store.put(run, row(predicted_key(), 1e-3));
  store.put(run, row(second, 2e-3));
  EXPECT_EQ(answer(store, "SELECT predictor_version FROM v_latest"), "2\n");
  store.put(run, row(edited, 3e-3));
  EXPECT_EQ(answer(store, "SELECT time_ms FROM v_latest"), "3\n");
  // The profile goes back to what it was: nothing to compute, but its numbers count again.
  EXPECT_TRUE(store.reuse(second));
  EXPECT_EQ(answer(store, "SELECT time_ms FROM v_latest"), "2\n");
  EXPECT_TRUE(store.reuse(second));
  ResultKey unknown = predicted_key();
  unknown.kernel = "fa3";
  EXPECT_FALSE(store.reuse(unknown));
}

TEST(store, refusals_are_results) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  store.put(run, make_row(predicted_key(), Refusal{Status::infeasible, "needs 224 KiB of shared memory"}));
  EXPECT_EQ(answer(store, "SELECT status, reason, time_s, bound FROM v_result"),
            "infeasible|needs 224 KiB of shared memory|-|\n");
  EXPECT_TRUE(store.contains(predicted_key()));
}

TEST(store, predictions_become_rows) {
  Prediction prediction;
  prediction.time = Seconds{0.25};
  prediction.bound = Limit::l2;
  prediction.dram = {Bytes{1}, Bytes{2}};
  prediction.l2 = {Bytes{3}, Bytes{4}};
  prediction.smem = Bytes{5};
  prediction.extra_memory = Bytes{6};
  prediction.paper_flops = Flops{7};
  Store store = Store::in_memory();
  store.put(store.begin_run(run_info()), make_row(predicted_key(), prediction));
  EXPECT_EQ(answer(store,
                   "SELECT status, time_s, bound, dram_read_bytes, dram_write_bytes, l2_read_bytes, "
                   "l2_write_bytes, smem_bytes, extra_memory_bytes, flop FROM v_result"),
            "ok|0.25|l2|1|2|3|4|5|6|7\n");
}

TEST(store, runs_carry_gpu_and_tags) {
  Store store = Store::in_memory();
  RunInfo info = run_info();
  info.gpu = GpuInfo{.uuid = "GPU-1", .name = "NVIDIA A100", .compute_capability = "8.0", .sm_count = 108};
  const RunId run = store.begin_run(info);
  store.begin_run(info);
  store.tag(run, "why", "first");
  store.tag(run, "why", "second");
  EXPECT_EQ(answer(store, "SELECT count(*), count(DISTINCT build_id), count(DISTINCT gpu_id) FROM run"), "2|1|1\n");
  EXPECT_EQ(answer(store, "SELECT value FROM tag"), "second\n");
  EXPECT_EQ(answer(store, "SELECT memory_bytes FROM gpu"), "-\n");
}

TEST(store, info_counts) {
  Store store = Store::in_memory();
  const RunId run = store.begin_run(run_info());
  store.put(run, row(predicted_key(512), 1e-3));
  store.put(run, row(predicted_key(1024), 1e-3));
  store.put(run, row(published_key(), 1e-3));
  const StoreInfo info = store.info();
  EXPECT_EQ(info.schema_version, schema_version());
  EXPECT_EQ(info.runs, 1);
  EXPECT_EQ(info.profiles, 1);
  EXPECT_EQ(info.workloads, 2);
  EXPECT_EQ(info.kernels, 1);
  EXPECT_GT(info.size_bytes, 0);
  const std::vector<std::pair<Method, std::int64_t>> expected{{Method::predicted, 2},
                                                              {Method::simulated, 0},
                                                              {Method::executed, 0},
                                                              {Method::measured, 0},
                                                              {Method::published, 1}};
  EXPECT_EQ(info.results, expected);
}

TEST(store, query_gives_typed_values) {
  const Store store = Store::in_memory();
  const QueryResult result = store.query("SELECT NULL AS a, 1 AS b, 1.5 AS c, 'x' AS d; -- done\n");
  EXPECT_EQ(result.columns, (std::vector<std::string>{"a", "b", "c", "d"}));
  const std::vector<SqlValue> expected{std::monostate{}, std::int64_t{1}, 1.5, std::string{"x"}};
  ASSERT_EQ(result.rows.size(), 1U);
  EXPECT_EQ(result.rows[0], expected);
}

TEST(store, query_reads) {
  const Store store = Store::in_memory();
  for (const char* sql : {"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 3) SELECT x FROM c",
                          "VALUES (1)", "EXPLAIN SELECT 1", "EXPLAIN QUERY PLAN SELECT * FROM v_compare",
                          "PRAGMA user_version", "PRAGMA table_info(result)", "SELECT median FROM (SELECT 1 AS median)",
                          "SELECT name FROM sqlite_schema", "SELECT name FROM pragma_table_info('result')"}) {
    EXPECT_FALSE(store.query(sql).rows.empty()) << sql;
  }
}

TEST(store, query_never_writes) {
  Store store = Store::in_memory();
  store.put(store.begin_run(run_info()), row(predicted_key(), 1e-3));
  for (const char* sql :
       {"DELETE FROM result", "UPDATE result SET time_s = 1", "INSERT INTO tag VALUES (1, 'a', 'b')",
        "DROP TABLE result", "CREATE TABLE x (a)", "CREATE TEMP TABLE x (a)", "ATTACH 'x.db' AS x", "VACUUM",
        "VACUUM INTO 'x.db'", "BEGIN", "PRAGMA user_version = 9", "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = 1", "REINDEX", "ANALYZE", "PRAGMA wal_checkpoint",
        "WITH x AS (SELECT 1) DELETE FROM result", "EXPLAIN DELETE FROM result"}) {
    EXPECT_EQ(message_of([&] { (void)store.query(sql); }),
              "query: would change the database; allowed: SELECT, WITH, VALUES, EXPLAIN and PRAGMAs that report")
        << sql;
  }
  EXPECT_EQ(message_of([&] { (void)store.query("UPDATE sqlite_master SET sql = ''"); }),
            "query: table sqlite_master may not be modified");
  EXPECT_EQ(answer(store, "SELECT count(*) FROM result"), "1\n");
  // The connection still writes for the program itself.
  store.put(store.begin_run(run_info()), row(predicted_key(), 2e-3));
}

}  // namespace
}  // namespace rooftile::analysis
