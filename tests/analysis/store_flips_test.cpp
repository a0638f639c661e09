// Results files with bytes that a disk or a transfer has changed, cut off or overwritten, at seeded random places. What
// SQLite can see of it is refused; nothing is ever written to such a file. What it cannot see (a digit inside a number)
// is answered as it stands.
#include <SQLiteCpp/SQLiteCpp.h>

#include <random>

#include "rooftile/analysis/compare.hpp"
#include "rooftile/analysis/exchange.hpp"
#include "support.hpp"

namespace rooftile::analysis {
namespace {

using namespace testing;

/// A sound file with observations, predictions and samples, and the bytes of it.
std::string sound_file(const TempFolder& folder) {
  const std::filesystem::path path = folder / "sound.db";
  {
    Store store = Store::open(path, Access::read_write_create);
    const RunId run = store.begin_run(run_info());
    std::vector<ResultRow> rows;
    for (int i = 1; i <= 60; ++i) {
      rows.push_back(row(predicted_key(128 * i), 1e-3));
      rows.push_back(row(published_key(128 * i), 2e-3));
    }
    store.put_all(run, rows);
    store.end_run(run);
  }
  return read_text(path);
}

/// The files of a folder and their bytes.
std::string contents(const TempFolder& folder) {
  std::string text;
  for (const auto& entry : std::filesystem::directory_iterator{folder.path()})
    text += entry.path().filename().string() + ':' + read_text(entry.path()) + '\n';
  return text;
}

/// Everything that commands do with a file, from reading to writing. The message it is refused with, or "".
std::string refusal_of(const std::filesystem::path& path, Access access) {
  try {
    Store store = Store::open(path, access);
    (void)store.info();
    std::ostringstream out;
    export_csv(store, out);
    (void)load_comparisons(store, {});
    if (access == Access::read_only) return {};
    const RunId run = store.begin_run(run_info());
    store.put(run, row(predicted_key(77), 1e-3));
    store.end_run(run);
    return {};
  } catch (const InputError& error) {
    return error.what();
  }
}

bool opens_for_writing(const std::filesystem::path& path) {
  try {
    (void)Store::open(path, Access::read_write_create);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

/// Damage by `change` to copies of a sound file: how many were refused. Whatever is thrown but InputError fails.
template <class Change>
int refused(const Change& change, int times) {
  const TempFolder sound;
  const std::string bytes = sound_file(sound);
  std::mt19937_64 random{20260101};
  int count = 0;
  for (int i = 0; i < times; ++i) {
    const TempFolder folder;
    const std::filesystem::path path = folder / "r.db";
    write_text(path, change(bytes, random));
    const std::string before = contents(folder);
    const std::string reading = refusal_of(path, Access::read_only);
    EXPECT_EQ(contents(folder), before) << "reading wrote; change " << i;
    const bool writable = opens_for_writing(path);
    if (!writable) {
      EXPECT_EQ(contents(folder), before) << "refused, and written to; change " << i;
    }
    EXPECT_TRUE(writable || !reading.empty()) << "change " << i;
    EXPECT_TRUE(reading.empty() || reading.starts_with(path.string() + ": ") ||
                reading.starts_with("the results file is damaged: "))
        << reading;
    EXPECT_EQ(reading.find('\n'), std::string::npos) << reading;
    if (writable) (void)refusal_of(path, Access::read_write_create);
    count += reading.empty() ? 0 : 1;
  }
  return count;
}

std::size_t place_in(const std::string& bytes, std::mt19937_64& random) {
  return std::uniform_int_distribution<std::size_t>{0, bytes.size() - 1}(random);
}

TEST(store_flips, a_sound_file_is_not_refused) {
  EXPECT_EQ(refused([](std::string bytes, auto&) { return bytes; }, 1), 0);
}

TEST(store_flips, one_bit) {
  const int found = refused(
      [](std::string bytes, auto& random) {
        bytes[place_in(bytes, random)] ^= static_cast<char>(1 << random() % 8);
        return bytes;
      },
      150);
  EXPECT_GT(found, 20);
}

/// https://sqlite.org/fileformat.html, section 1.3: 100 bytes, of which some are counters that anything may be.
TEST(store_flips, one_bit_of_the_header) {
  const int found = refused(
      [](std::string bytes, auto& random) {
        bytes[random() % 100] ^= static_cast<char>(1 << random() % 8);
        return bytes;
      },
      100);
  EXPECT_GT(found, 30);
}

TEST(store_flips, sixteen_bytes_at_the_head_of_a_page) {
  const int found = refused(
      [](std::string bytes, auto& random) {
        const std::size_t page = place_in(bytes, random) / 4096;
        for (std::size_t i = 0; i < 16; ++i) bytes[page * 4096 + i] = static_cast<char>(random());
        return bytes;
      },
      60);
  EXPECT_GT(found, 55);
}

TEST(store_flips, a_file_that_ends_early) {
  const int found =
      refused([](std::string bytes, auto& random) { return bytes.substr(0, place_in(bytes, random)); }, 60);
  EXPECT_EQ(found, 60);
}

TEST(store_flips, parts_of_the_schema_that_are_missing) {
  struct Missing {
    const char* sql;
    const char* message;
  };
  constexpr Missing missing[] = {
      {"DROP TABLE sample", "is damaged: has no table sample"},
      {"ALTER TABLE gpu DROP COLUMN properties", "is damaged: has no column gpu.properties"},
      {"DROP VIEW v_compare", "is damaged: has no view v_compare"},
      {"DROP INDEX pair_group", "is damaged: has no index pair_group"},
      {"DROP TRIGGER result_becomes_latest", "is damaged: has no trigger result_becomes_latest"},
      {"ALTER TABLE tag RENAME TO tags", "is damaged: has no table tag"},
      {"PRAGMA user_version = 0", "has schema version 0, this rooftile has 3: no rooftile wrote it"},
      {"PRAGMA user_version = -1", "has schema version -1, this rooftile has 3: no rooftile wrote it"},
  };
  for (const Missing& change : missing) {
    const TempFolder folder;
    const std::filesystem::path path = folder / "r.db";
    sound_file(folder);
    std::filesystem::rename(folder / "sound.db", path);
    {
      SQLite::Database db{path.string(), SQLite::OPEN_READWRITE};
      db.exec("PRAGMA legacy_alter_table = ON");
      db.exec(change.sql);
    }
    const std::string before = contents(folder);
    for (const Access access : {Access::read_only, Access::read_write_create}) {
      std::string expected = path.string() + ": " + change.message;
      if (const std::size_t at = expected.find("has 3"); at != std::string::npos)
        expected.replace(at, 5, "has " + std::to_string(schema_version()));
      EXPECT_EQ(message_of([&] { (void)Store::open(path, access); }), expected);
    }
    EXPECT_EQ(contents(folder), before) << change.sql;
  }
}

TEST(store_flips, what_a_user_adds_is_let_alone) {
  const TempFolder folder;
  sound_file(folder);
  SQLite::Database{(folder / "sound.db").string(), SQLite::OPEN_READWRITE}.exec(
      "CREATE TABLE mine (x); CREATE VIEW v_mine AS SELECT * FROM v_latest; ALTER TABLE tag ADD COLUMN mine TEXT");
  EXPECT_EQ(refusal_of(folder / "sound.db", Access::read_write_create), "");
}

}  // namespace
}  // namespace rooftile::analysis
