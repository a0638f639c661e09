// From every older schema version, in one go and step by step: no row and no value of any table changes.
#include <SQLiteCpp/SQLiteCpp.h>

#include "rooftile/analysis/csv.hpp"
#include "store/migrate.hpp"
#include "support.hpp"

namespace rooftile::analysis {
namespace {

using namespace testing;

/// What the frozen file of a version leaves empty.
const char* const rows_of_version_1 =
    "INSERT INTO gpu (uuid, name, compute_capability, sm_count, memory_bytes) VALUES ('GPU-1', 'A100', '8.0', 108, "
    "8e10);"
    "UPDATE run SET gpu_id = 1, host = '{\"cores\":2}' WHERE id = 2;"
    "INSERT INTO sample VALUES (2, 0, 0.0019999999999999998, 1.41e9), (2, 1, 0.002, NULL);"
    "INSERT INTO counter VALUES (2, 'dram__bytes_read.sum', 12345678, 'B');"
    "INSERT INTO tag VALUES (1, 'why', 'it''s \"x\"');"
    "INSERT INTO workload VALUES (2, 'gemm', '', 'bf16', 1, 0, 0, 0, 0, 0, '', 0, 300, 200, 100, 0, 0);"
    "INSERT INTO result (run_id, profile_id, profile_name, workload_id, kernel_id, method, observed, predictor, "
    "predictor_version, l2, status, reason) "
    "VALUES (1, 2, 'a100_sxm4_80gb', 2, 1, 'predicted', 0, 'roofline', 1, 'cold', 'infeasible', 'too large');";
const char* const rows_of_version_2 =
    "INSERT INTO series (result_id, q1_s, q3_s, power_w, throttled, discarded) VALUES (2, 0.0019, 0.0021, 400.5, 1, 3);"
    "INSERT INTO micro_sample VALUES (1, 0, 1.49e12), (1, 1, 1.5e12);";

SQLite::Database file_of_version(int version, const std::filesystem::path& path) {
  const auto golden =
      std::filesystem::path{ROOFTILE_SOURCE_DIR} / ("tests/analysis/golden_v" + std::to_string(version) + ".sql");
  SQLite::Database db{path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  db.exec(read_text(golden));
  db.exec(rows_of_version_1);
  if (version >= 2) db.exec(rows_of_version_2);
  return db;
}

std::string exact_text(const SQLite::Column& value) {
  return value.getType() == SQLite::FLOAT ? shortest_text(value.getDouble()) + " real" : value.getString();
}

/// Every row of the tables and columns that `old` has, as `db` has them. `empty`, if given, gets the tables without.
std::string all_rows(const SQLite::Database& old, const SQLite::Database& db, std::string* empty = nullptr) {
  SQLite::Statement tables{old,
                           "SELECT s.name, group_concat(c.name, ', ') FROM sqlite_schema s, pragma_table_xinfo(s.name) "
                           "c WHERE s.type = 'table' GROUP BY s.name ORDER BY s.name"};
  std::string text;
  while (tables.executeStep()) {
    const std::string name = tables.getColumn(0).getString();
    SQLite::Statement rows{db, "SELECT " + tables.getColumn(1).getString() + " FROM " + name + " ORDER BY 1, 2"};
    int count = 0;
    for (; rows.executeStep(); ++count) {
      text += name;
      for (int i = 0; i < rows.getColumnCount(); ++i) text += '|' + exact_text(rows.getColumn(i));
      text += '\n';
    }
    if (count == 0 && empty != nullptr) *empty += name + ' ';
  }
  return text;
}

class EveryVersion : public ::testing::TestWithParam<int> {};

TEST_P(EveryVersion, keeps_every_row_of_every_table) {
  const int version = GetParam();
  const TempFolder folder;
  SQLite::Database old = file_of_version(version, folder / "old.db");
  std::string empty;
  const std::string before = all_rows(old, old, &empty);
  EXPECT_EQ(empty, "");  // nothing would be compared

  SQLite::Database steps = file_of_version(version, folder / "steps.db");
  for (int next = version + 1; next <= schema_version(); ++next) {
    migrate(steps, folder / "steps.db", migrations().first(static_cast<std::size_t>(next)));
    ASSERT_EQ(steps.execAndGet("PRAGMA user_version").getInt(), next);
    EXPECT_EQ(all_rows(old, steps), before) << "to version " << next;
    EXPECT_EQ(steps.execAndGet("PRAGMA integrity_check").getString(), "ok");
    EXPECT_EQ(steps.execAndGet("SELECT count(*) FROM pragma_foreign_key_check").getInt(), 0);
    EXPECT_EQ(all_rows(old, SQLite::Database{(folder / "steps.db").string() + ".bak-v" + std::to_string(next - 1)}),
              before);
  }

  file_of_version(version, folder / "whole.db");
  (void)Store::open(folder / "whole.db", Access::read_write_create);
  SQLite::Database whole{(folder / "whole.db").string(), SQLite::OPEN_READWRITE};
  EXPECT_EQ(all_rows(old, whole), before);
  // The last bit of one number is seen.
  whole.exec("UPDATE sample SET time_s = 0.002 WHERE idx = 0");
  EXPECT_NE(all_rows(old, whole), before);
}

INSTANTIATE_TEST_SUITE_P(migrate, EveryVersion, ::testing::Range(1, schema_version()));

}  // namespace
}  // namespace rooftile::analysis
