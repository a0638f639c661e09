#include <SQLiteCpp/SQLiteCpp.h>

#include <array>

#include "store/migrate.hpp"
#include "support.hpp"

namespace rooftile::analysis {
namespace {

using namespace testing;

SQLite::Database create(const std::filesystem::path& path) {
  return {path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
}

int version_of(const std::filesystem::path& path) {
  return SQLite::Database{path.string()}.execAndGet("PRAGMA user_version").getInt();
}

constexpr Migration first{1, "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (7)"};
constexpr Migration second{2, "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 5"};
constexpr Migration broken{3, "CREATE TABLE b (x INTEGER); INSERT INTO nowhere VALUES (1)"};

TEST(migrate, numbers_have_no_gaps_and_end_at_the_schema_version) {
  int expected = 1;
  for (const Migration& migration : migrations()) EXPECT_EQ(migration.version, expected++);
  EXPECT_EQ(schema_version(), expected - 1);
}

TEST(migrate, from_nothing_without_a_copy) {
  const TempFolder folder;
  SQLite::Database db = create(folder / "m.db");
  migrate(db, folder / "m.db", std::array{first, second});
  EXPECT_EQ(db.execAndGet("SELECT x + y FROM a").getInt(), 12);
  EXPECT_EQ(version_of(folder / "m.db"), 2);
  EXPECT_FALSE(std::filesystem::exists(folder / "m.db.bak-v0"));
}

TEST(migrate, keeps_data_and_a_copy) {
  const TempFolder folder;
  SQLite::Database db = create(folder / "m.db");
  migrate(db, folder / "m.db", std::array{first});
  db.exec("UPDATE a SET x = 8");
  migrate(db, folder / "m.db", std::array{first, second});
  EXPECT_EQ(db.execAndGet("SELECT x + y FROM a").getInt(), 13);
  EXPECT_EQ(version_of(folder / "m.db.bak-v1"), 1);
  EXPECT_EQ(SQLite::Database{(folder / "m.db.bak-v1").string()}.execAndGet("SELECT x FROM a").getInt(), 8);
  migrate(db, folder / "m.db", std::array{first, second});  // nothing left to do
  EXPECT_EQ(version_of(folder / "m.db"), 2);
}

TEST(migrate, a_failing_script_leaves_the_version_before) {
  const TempFolder folder;
  SQLite::Database db = create(folder / "m.db");
  migrate(db, folder / "m.db", std::array{first});
  EXPECT_THROW(migrate(db, folder / "m.db", std::array{first, second, broken}), SQLite::Exception);
  EXPECT_EQ(version_of(folder / "m.db"), 2);
  EXPECT_FALSE(db.tableExists("b"));
  EXPECT_EQ(version_of(folder / "m.db.bak-v1"), 1);
}

TEST(migrate, a_new_file_is_there_as_a_whole_or_not_at_all) {
  const TempFolder folder;
  SQLite::Database db = create(folder / "m.db");
  EXPECT_THROW(migrate(db, folder / "m.db", std::array{first, second, broken}), SQLite::Exception);
  EXPECT_EQ(version_of(folder / "m.db"), 0);
  EXPECT_FALSE(db.tableExists("a"));
}

TEST(migrate, a_copy_that_nothing_came_of_is_gone) {
  const TempFolder folder;
  SQLite::Database db = create(folder / "m.db");
  migrate(db, folder / "m.db", std::array{first});
  constexpr Migration wrong{2, "INSERT INTO nowhere VALUES (1)"};
  const std::array scripts{first, wrong};
  EXPECT_THROW(migrate(db, folder / "m.db", scripts), SQLite::Exception);
  EXPECT_EQ(version_of(folder / "m.db"), 1);
  EXPECT_FALSE(std::filesystem::exists(folder / "m.db.bak-v1"));
}

TEST(migrate, never_overwrites_a_copy) {
  const TempFolder folder;
  SQLite::Database db = create(folder / "m.db");
  migrate(db, folder / "m.db", std::array{first});
  write_text(folder / "m.db.bak-v1", "precious");
  const std::string path = (folder / "m.db").string();
  EXPECT_EQ(message_of([&] {
              migrate(db, path, std::array{first, second});
            }),
            path + ": has schema version 1 and would be copied to " + path +
                ".bak-v1 before migrating, but that file exists; move it away");
  EXPECT_EQ(version_of(path), 1);
  EXPECT_EQ(read_text(folder / "m.db.bak-v1"), "precious");
}

// A version-1 file as the first release wrote it, frozen as SQL text: every later schema must open it.
TEST(migrate, opens_a_frozen_version_1_file) {
  const TempFolder folder;
  create(folder / "old.db")
      .exec(read_text(std::filesystem::path{ROOFTILE_SOURCE_DIR} / "tests/analysis/golden_v1.sql"));
  const Store store = Store::open(folder / "old.db", Access::read_write_create);
  EXPECT_EQ(store.info().schema_version, schema_version());
  EXPECT_EQ(answer(store,
                   "SELECT profile, kernel, seq_q, observed, observed_ms, predicted_ms, error_pct, bound_class "
                   "FROM v_compare"),
            "a100_sxm4_80gb|fa2|1024|published|2|1|-50|compute\n");
  EXPECT_EQ(answer(store, "SELECT command, source FROM run ORDER BY id"), "run|\ndb import|fa2.csv\n");
}

// The same of version 2: what was stored finds its pairs.
TEST(migrate, opens_a_frozen_version_2_file) {
  const TempFolder folder;
  create(folder / "old.db")
      .exec(read_text(std::filesystem::path{ROOFTILE_SOURCE_DIR} / "tests/analysis/golden_v2.sql"));
  ASSERT_EQ(version_of(folder / "old.db"), 2);
  const Store store = Store::open(folder / "old.db", Access::read_write_create);
  EXPECT_EQ(store.info().schema_version, schema_version());
  EXPECT_EQ(version_of(folder / "old.db.bak-v2"), 2);
  EXPECT_EQ(answer(store, "SELECT observed, method, predictor_version, observed_ms, predicted_ms FROM v_compare"),
            "published|predicted|2|2|1.5\n");
  EXPECT_EQ(answer(store, "SELECT source, method, dram_read_ratio FROM v_bytes ORDER BY method"),
            "counters|executed|1.4\ncounters|predicted|1.2\n");
  EXPECT_EQ(answer(store, "SELECT n, mape_pct FROM v_accuracy"), "1|25\n");
  EXPECT_EQ(answer(store, "SELECT * FROM pair ORDER BY observed_id, computed_id"),
            answer(store, "SELECT * FROM pair_by_definition ORDER BY observed_id, computed_id"));
  EXPECT_EQ(answer(store, "SELECT name, value FROM v_micro"), "dram_read|1.5e+12\n");
}

// Of version 3: tiles of two numbers, and nothing known of what a CTA occupies.
TEST(migrate, opens_a_frozen_version_3_file) {
  const TempFolder folder;
  create(folder / "old.db")
      .exec(read_text(std::filesystem::path{ROOFTILE_SOURCE_DIR} / "tests/analysis/golden_v3.sql"));
  ASSERT_EQ(version_of(folder / "old.db"), 3);
  Store store = Store::open(folder / "old.db", Access::read_write_create);
  EXPECT_EQ(store.info().schema_version, schema_version());
  EXPECT_EQ(version_of(folder / "old.db.bak-v3"), 3);
  EXPECT_EQ(answer(store,
                   "SELECT br, bc, warps, stages, registers_per_thread, ctas_per_sm, time_ms FROM v_latest "
                   "WHERE method = 'predicted' ORDER BY br"),
            "-|-|-|-|-|-|1.5\n64|32|-|-|-|-|1.2\n");
  EXPECT_EQ(answer(store, "SELECT kernel, br, warps, observed_ms, predicted_ms FROM v_compare"), "fa2|-|-|2|1.5\n");
  EXPECT_EQ(answer(store, "SELECT n, mape_pct FROM v_accuracy"), "1|25\n");
  EXPECT_EQ(answer(store, "SELECT count(*) FROM v_tiles"), "0\n");

  ResultRow tile = row(predicted_key(), 1e-3);
  tile.key.tile = {64, 32, 4, 1};
  tile.cta = CtaUse{149, Bytes{32768}, 3};
  EXPECT_EQ(store.put(store.begin_run(run_info()), tile).added, 1);
  EXPECT_EQ(answer(store,
                   "SELECT rank, br, bc, warps, stages, registers_per_thread, smem_per_cta_kib, ctas_per_sm, of_best "
                   "FROM v_tiles"),
            "1|64|32|4|1|149|32|3|1\n");
}

// Of version 4: what was stored stands side by side.
TEST(migrate, opens_a_frozen_version_4_file) {
  const TempFolder folder;
  create(folder / "old.db")
      .exec(read_text(std::filesystem::path{ROOFTILE_SOURCE_DIR} / "tests/analysis/golden_v4.sql"));
  ASSERT_EQ(version_of(folder / "old.db"), 4);
  const Store store = Store::open(folder / "old.db", Access::read_write_create);
  EXPECT_EQ(store.info().schema_version, schema_version());
  EXPECT_EQ(version_of(folder / "old.db.bak-v4"), 4);
  EXPECT_EQ(answer(store,
                   "SELECT br, warps, methods, predictor, observed, predicted_ms, simulated_ms, observed_ms, "
                   "predicted_error_pct, predicted_dram_gb, executed_dram_gb, observed_dram_gb FROM v_methods "
                   "ORDER BY br"),
            "-|-|3|hierarchical|published|1.5|-|2|-25|0.008|0.009|0.006\n"
            "64|4|1|hierarchical|-|1.2|-|-|-|0.008|-|-\n");
  EXPECT_EQ(answer(store, "SELECT registers_per_thread, ctas_per_sm FROM v_latest WHERE br = 64"), "149|3\n");
}

TEST(migrate, an_older_file_is_not_migrated_for_reading) {
  const TempFolder folder;
  create(folder / "old.db")
      .exec(read_text(std::filesystem::path{ROOFTILE_SOURCE_DIR} / "tests/analysis/golden_v1.sql"));
  const std::string path = (folder / "old.db").string();
  EXPECT_EQ(message_of([&] { (void)Store::open(path, Access::read_only); }),
            path + ": has schema version 1, this rooftile has " + std::to_string(schema_version()) +
                ": open it once for writing, which migrates it and keeps a copy");
}

}  // namespace
}  // namespace rooftile::analysis
