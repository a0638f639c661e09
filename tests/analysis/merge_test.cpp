// Two results files into one: what is the same row, what is refused, and that nothing is half-done.
#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <set>

#include "rooftile/analysis/measurements.hpp"
#include "store/merge_tables.hpp"
#include "support.hpp"

namespace rooftile::analysis {
namespace {

using namespace testing;
using Paths = std::vector<std::filesystem::path>;

Store create_store(const std::filesystem::path& path) { return Store::open(path, Access::read_write_create); }

/// A results file with these rows, computed or observed in one run.
void make_shard(const std::filesystem::path& path, const std::vector<ResultRow>& rows) {
  Store store = create_store(path);
  store.put_all(store.begin_run(run_info()), rows);
}

/// Moves all runs of a file in time.
void started(const std::filesystem::path& path, const char* at) {
  SQLite::Database{path.string(), SQLite::OPEN_READWRITE}.exec("UPDATE run SET started_at = '" + std::string{at} + "'");
}

/// A run with samples, a counter, a verification, a micro-benchmark and a tag.
void make_visit(const std::filesystem::path& path, double time_s = 2e-3) {
  Store store = create_store(path);
  Measurements visit;
  visit.runs.push_back({.uuid = "11111111-2222-3333-4444-555555555555",
                        .started_at = "2026-01-01T00:00:00.000Z",
                        .profile = "a100_sxm4_80gb",
                        .info = run_info()});
  visit.runs[0].info.gpu =
      GpuInfo{.uuid = "GPU-1", .name = "NVIDIA A100", .compute_capability = "8.0", .sm_count = 108};
  ResultKey key = published_key();
  key.method = Method::measured;
  MeasuredResult result{.run = 0, .row = row(key, time_s)};
  result.series = Series{.q1_s = 1e-3, .q3_s = 3e-3, .samples_s = {1e-3, 2e-3, 3e-3}};
  result.counters = {{"dram__bytes_read.sum", 6e6, "B"}};
  visit.results.push_back(result);
  visit.verifications.push_back({.run = 0, .key = key, .against = "float64", .relative_error = 1e-4});
  visit.micros.push_back(
      {.run = 0, .name = "dram_read", .parameters = "{}", .value = 1.5e12, .unit = "B/s", .samples = {1.4e12, 1.5e12}});
  store.put_measurements(visit);
  SQLite::Database{path.string(), SQLite::OPEN_READWRITE}.exec("INSERT INTO tag SELECT id, 'place', 'lab' FROM run");
}

// A table or column that a later schema adds and nobody told the merge of would be lost without a word.
TEST(merge, knows_every_table_and_column) {
  const Store store = Store::in_memory();
  std::set<std::string> expected;
  for (const MergeTable& table : merge_tables()) {
    for (const auto part : {table.key, table.numbers, table.rest}) {
      for (const std::string_view column : part) expected.insert(std::string{table.name} + '.' + std::string{column});
    }
  }
  std::set<std::string> found;
  store.for_each(
      "SELECT s.name || '.' || c.name FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type = 'table' "
      "AND c.name <> 'id' AND s.name NOT IN ('pair', 'bound_class', 'sqlite_sequence')",
      [&found](const RowCursor& row) { found.emplace(row.text(0)); });
  EXPECT_EQ(found, expected);
}

TEST(merge, into_a_new_file_copies_everything) {
  const TempFolder folder;
  make_visit(folder / "a.db");
  Store all = create_store(folder / "all.db");
  const auto reports = all.merge(Paths{folder / "a.db"});
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].added, 3);
  const Store a = Store::open(folder / "a.db", Access::read_only);
  for (const MergeTable& table : merge_tables()) {
    const std::string all_rows = "SELECT * FROM " + std::string{table.name};
    EXPECT_EQ(answer(all, all_rows), answer(a, all_rows)) << table.name;
    EXPECT_NE(answer(all, all_rows), "") << table.name;
  }
}

TEST(merge, gives_ids_anew) {
  const TempFolder folder;
  make_shard(folder / "a.db", {row(predicted_key(128), 1e-3), row(published_key(1024), 2e-3)});
  make_visit(folder / "b.db");
  make_shard(folder / "c.db", {row(predicted_key(4096), 5e-3), row(predicted_key(1024), 1e-3)});
  Store all = create_store(folder / "all.db");
  const auto reports = all.merge(Paths{folder / "a.db", folder / "b.db", folder / "c.db"});
  EXPECT_EQ(reports[0].added + reports[1].added + reports[2].added, 2 + 3 + 2);
  EXPECT_EQ(answer(all, "SELECT seq_q, method, time_s FROM v_result ORDER BY seq_q, method"),
            "128|predicted|0.001\n1024|measured|0.002\n1024|predicted|0.001\n1024|published|0.002\n"
            "4096|predicted|0.005\n");
  EXPECT_EQ(answer(all, "SELECT r.method, count(*) FROM sample s JOIN result r ON r.id = s.result_id"), "measured|3\n");
  EXPECT_EQ(answer(all, "SELECT count(DISTINCT id) FROM run"), "3\n");
  EXPECT_EQ(answer(all, "SELECT observed, ratio FROM v_compare ORDER BY observed"), "measured|0.5\npublished|0.5\n");
  EXPECT_EQ(answer(all, "SELECT count(*) FROM pragma_foreign_key_check"), "0\n");
}

TEST(merge, again_adds_nothing) {
  const TempFolder folder;
  make_visit(folder / "a.db");
  make_shard(folder / "b.db", {row(predicted_key(), 1e-3)});
  Store all = create_store(folder / "all.db");
  const Paths both{folder / "a.db", folder / "b.db"};
  (void)all.merge(both);
  const std::string before = answer(all, "SELECT * FROM v_result") + answer(all, "SELECT * FROM run");
  for (const PutReport& report : all.merge(both)) {
    EXPECT_EQ(report.added + report.replaced, 0);
    EXPECT_GT(report.unchanged, 0);
  }
  EXPECT_EQ(answer(all, "SELECT * FROM v_result") + answer(all, "SELECT * FROM run"), before);
}

TEST(merge, conflicting_observations_are_refused_and_nothing_stays) {
  const TempFolder folder;
  make_shard(folder / "a.db", {row(predicted_key(), 1e-3)});
  make_shard(folder / "b.db", {row(published_key(), 2e-3)});
  make_shard(folder / "c.db", {row(published_key(), 3e-3)});
  Store all = create_store(folder / "all.db");
  const std::string message = message_of([&] {
    (void)all.merge(Paths{folder / "a.db", folder / "b.db", folder / "c.db"});
  });
  EXPECT_EQ(message, (folder / "c.db").string() + ": a100_sxm4_80gb, fa2, " + describe(Workload{shape()}) +
                         ": stored already from 'a paper, table 1' with other numbers; an observation is never "
                         "overwritten");
  EXPECT_EQ(answer(all, "SELECT count(*) FROM result"), "0\n");
  EXPECT_EQ(answer(all, "SELECT count(*) FROM run"), "0\n");
}

TEST(merge, conflicting_verifications_and_micro_benchmarks_are_refused) {
  const TempFolder folder;
  for (const char* change : {"UPDATE verification SET relative_error = 0.5", "UPDATE micro SET value = 1"}) {
    make_visit(folder / "a.db");
    make_visit(folder / "b.db");
    SQLite::Database{(folder / "b.db").string(), SQLite::OPEN_READWRITE}.exec(change);
    Store all = create_store(folder / "all.db");
    const std::string message = message_of([&] { (void)all.merge(Paths{folder / "a.db", folder / "b.db"}); });
    EXPECT_NE(message.find("1: stored already with other numbers; an observation is never overwritten"),
              std::string::npos)
        << message;
    for (const char* name : {"a.db", "b.db"}) std::filesystem::remove(folder / name);
  }
}

// Whichever file is merged first.
TEST(merge, of_computed_results_the_newer_run_stands) {
  const TempFolder folder;
  ResultKey next = predicted_key();
  next.predictor_version = 2;
  make_shard(folder / "old.db", {row(predicted_key(), 1e-3), row(predicted_key(2048), 7e-3)});
  started(folder / "old.db", "2026-01-01T00:00:00.000Z");
  make_shard(folder / "new.db", {row(predicted_key(), 3e-3), row(next, 4e-3)});
  started(folder / "new.db", "2026-02-01T00:00:00.000Z");
  for (const auto& order : {Paths{folder / "old.db", folder / "new.db"}, Paths{folder / "new.db", folder / "old.db"}}) {
    Store all = Store::in_memory();
    (void)all.merge(order);
    EXPECT_EQ(answer(all, "SELECT seq_q, predictor_version, time_s, latest FROM v_result ORDER BY 1, 2"),
              "1024|1|0.003|0\n1024|2|0.004|1\n2048|1|0.007|1\n");
  }
}

TEST(merge, refuses_itself_what_is_missing_and_other_schemas) {
  const TempFolder folder;
  make_shard(folder / "all.db", {row(predicted_key(), 1e-3)});
  make_shard(folder / "newer.db", {});
  make_shard(folder / "older.db", {});
  SQLite::Database{(folder / "newer.db").string(), SQLite::OPEN_READWRITE}.exec("PRAGMA user_version = 99");
  SQLite::Database{(folder / "older.db").string(), SQLite::OPEN_READWRITE}.exec("PRAGMA user_version = 1");
  Store all = create_store(folder / "all.db");
  const std::string mine = ", this rooftile has " + std::to_string(schema_version());
  const std::array<std::pair<const char*, std::string>, 4> cases{{
      {"all.db", "cannot be merged into itself"},
      {"none.db", "no such results file"},
      {"newer.db", "has schema version 99" + mine + ": it was written by a newer rooftile"},
      {"older.db", "has schema version 1" + mine + ": open it once for writing, which migrates it and keeps a copy"},
  }};
  for (const auto& [name, message] : cases) {
    const std::filesystem::path shard = folder / name;
    EXPECT_EQ(message_of([&] { (void)all.merge(Paths{shard}); }), shard.string() + ": " + message);
  }
  EXPECT_EQ(answer(all, "SELECT count(*) FROM run"), "1\n");
}

TEST(merge, fills_what_was_not_known) {
  const TempFolder folder;
  ResultKey hash_only = predicted_key();
  hash_only.profile.text = "";
  make_shard(folder / "a.db", {row(hash_only, 1e-3)});
  make_shard(folder / "b.db", {row(predicted_key(2048), 1e-3)});
  Store all = Store::in_memory();
  (void)all.merge(Paths{folder / "a.db", folder / "b.db"});
  EXPECT_EQ(answer(all, "SELECT hash, yaml FROM profile"), "hash-1|name: a100_sxm4_80gb\n\n");
}

}  // namespace
}  // namespace rooftile::analysis
