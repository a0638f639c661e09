// Every command that takes --db, on files that are no results database of this rooftile: newer, damaged, cut short, of
// another kind, unreadable. One message, exit code 2, nothing on standard output, and not a byte of the folder changes.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "harness.hpp"
#include "rooftile/analysis/store.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

namespace fs = std::filesystem;

/// FILE is the database; new.db is not there.
const char* const lines[] = {
    "run experiments/seq_sweep.yaml --db FILE",
    "execute -p a100_sxm4_80gb -k flash2 --seq 64 --head-dim 64 --db FILE",
    "compare --db FILE",
    "validate --db FILE",
    "query --db FILE 'select 1'",
    "query --db FILE --canned runs",
    "db import tests/experiments/data/timings.csv --db FILE",
    "db export --db FILE",
    "db export --db FILE -o out.csv",
    "db info --db FILE",
    "db merge sound.db --db FILE",
    "db merge FILE --db new.db",
    "db merge sound.db FILE --db new.db",
};

void write_bytes(const fs::path& file, const std::string& bytes) { std::ofstream{file, std::ios::binary} << bytes; }

std::string bytes_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream{file, std::ios::binary}.rdbuf();
  return text.str();
}

/// Names and bytes of everything in the folder of a file.
std::map<std::string, std::string> contents(const fs::path& file) {
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::directory_iterator{file.parent_path()})
    found[entry.path().filename()] = entry.is_directory() ? "a folder" : bytes_of(entry.path());
  return found;
}

void sql(const fs::path& file, const std::string& text) {
  SQLite::Database{file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}.exec(text);
}

struct Damage {
  const char* name;
  std::function<void(const fs::path& file)> change;  ///< of a sound database
  std::string message;                               ///< behind the name of the file
  bool fine_for_writing = false;                     ///< a new database begins as an empty file
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

std::string version_words(int version) {
  return "has schema version " + std::to_string(version) + ", this rooftile has " +
         std::to_string(analysis::schema_version()) + ": ";
}

void overwrite(const fs::path& file, std::streamoff at, const std::string& bytes) {
  std::fstream stream{file, std::ios::binary | std::ios::in | std::ios::out};
  stream.seekp(at);
  stream << bytes;
}

const Damage damages[] = {
    {"newer", [](const fs::path& file) { sql(file, "PRAGMA user_version = 99"); },
     version_words(99) + "it was written by a newer rooftile"},
    {"no_version", [](const fs::path& file) { sql(file, "PRAGMA user_version = 0"); },
     version_words(0) + "no rooftile wrote it"},
    {"truncated", [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); },
     "is damaged: database disk image is malformed"},
    {"cut_in_the_header", [](const fs::path& file) { fs::resize_file(file, 60); }, "is damaged: *"},
    {"page_of_nonsense", [](const fs::path& file) { overwrite(file, 4096L * 12, std::string(64, '\x5a')); },
     "is damaged: *"},
    {"no_sqlite", [](const fs::path& file) { write_bytes(file, "profile,kernel\n"); }, "is not a SQLite database"},
    {"other_sqlite",
     [](const fs::path& file) {
       fs::remove(file);
       sql(file, "CREATE TABLE x (a)");
     },
     "is a SQLite database, but not a results file of rooftile"},
    {"missing_table", [](const fs::path& file) { sql(file, "DROP TABLE sample"); }, "is damaged: has no table sample"},
    {"missing_column", [](const fs::path& file) { sql(file, "ALTER TABLE gpu DROP COLUMN properties"); },
     "is damaged: has no column gpu.properties"},
    {"missing_view", [](const fs::path& file) { sql(file, "DROP VIEW v_compare"); },
     "is damaged: has no view v_compare"},
    {"folder",
     [](const fs::path& file) {
       fs::remove(file);
       fs::create_directory(file);
     },
     "is a directory, not a results file"},
    {"empty", [](const fs::path& file) { write_bytes(file, ""); }, "is empty, not a results file", true},
};

class BrokenDatabase : public testing::TestWithParam<Damage> {};

bool only_reads(const std::string& line) {
  return line.starts_with("compare") || line.starts_with("query") || line.starts_with("db export") ||
         line.starts_with("db info") || line.ends_with("new.db");
}

TEST_P(BrokenDatabase, IsRefusedByEveryCommandAndLeftAlone) {
  const Damage& damage = GetParam();
  const Scratch scratch;
  const fs::path file = scratch / "mine.db";
  ASSERT_EQ(run_line({"db", "import", "tests/experiments/data/timings.csv", "--db", file}).code, 0);
  fs::copy_file(file, scratch / "sound.db");
  damage.change(file);
  const auto before = contents(file);
  for (const std::string line : lines) {
    if (damage.fine_for_writing && !only_reads(line)) continue;
    std::vector<std::string> words = words_of(line);
    for (std::string& word : words) {
      if (word == "FILE") word = file;
      if (word == "new.db" || word == "sound.db" || word == "out.csv") word = scratch / word;
    }
    const Outcome outcome = run_line(words);
    EXPECT_EQ(outcome.code, 2) << line;
    EXPECT_EQ(outcome.out, "") << line;
    const std::string message = scratch.strip(outcome.err);
    if (damage.message.ends_with('*')) {  // which page it is depends on the version of SQLite
      EXPECT_TRUE(message.starts_with("rooftile: mine.db: " + damage.message.substr(0, damage.message.size() - 1)))
          << message;
      EXPECT_EQ(message.find('\n'), message.size() - 1) << message;
    } else {
      EXPECT_EQ(message, "rooftile: mine.db: " + damage.message + "\n") << line;
    }
    EXPECT_TRUE(contents(file) == before) << line << ": the folder is not as it was";
  }
}

INSTANTIATE_TEST_SUITE_P(Every, BrokenDatabase, testing::ValuesIn(damages),
                         [](const auto& test) { return std::string{test.param.name}; });

/// Two files, the second of which says something else about what is stored: the first is not kept either.
TEST(RefusedImport, StoresNothingOfAnyFile) {
  const Scratch scratch;
  const std::string db = scratch / "mine.db";
  const std::string head =
      "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,method,source,time_s\n";
  const std::string one = scratch.write("one.csv", head + "l40s,fa2,fwd,fp16,1,1,1,64,64,64,none,,measured,me,1\n");
  const std::string more = scratch.write("more.csv", head + "l40s,fa2,fwd,fp16,1,1,1,128,128,64,none,,measured,me,1\n");
  const std::string other = scratch.write("other.csv", head + "l40s,fa2,fwd,fp16,1,1,1,64,64,64,none,,measured,me,2\n");
  const std::string message =
      "rooftile: other.csv:2: l40s, fa2, batch 1, heads 1, seq 64, d 64, fp16, fwd: stored already from 'me' with "
      "other "
      "numbers; an observation is never overwritten\n";
  const Outcome together = run_line({"db", "import", one, more, other, "--db", db});
  EXPECT_EQ(together.code, 2);
  EXPECT_EQ(scratch.strip(together.err), message);
  EXPECT_FALSE(fs::exists(db));
  ASSERT_EQ(run_line({"db", "import", one, "--db", db}).code, 0);
  const Outcome later = run_line({"db", "import", more, other, "--db", db});
  EXPECT_EQ(later.code, 2);
  EXPECT_EQ(scratch.strip(later.err), message);
  EXPECT_EQ(answer(db, "select (select count(*) from result), (select count(*) from run)"), "1,1\n");
}

/// The same lines on a sound database: it is the damage that is refused.
TEST(SoundDatabase, IsTakenByEveryCommand) {
  for (const std::string line : lines) {
    const Scratch scratch;
    const std::string file = scratch / "mine.db";
    ASSERT_EQ(run_line({"db", "import", "tests/experiments/data/timings.csv", "--db", file}).code, 0);
    fs::copy_file(file, scratch / "sound.db");
    std::vector<std::string> words = words_of(line);
    for (std::string& word : words) {
      if (word == "FILE") word = file;
      if (word == "new.db" || word == "sound.db" || word == "out.csv") word = scratch / word;
    }
    const Outcome outcome = run_line(words);
    EXPECT_EQ(outcome.code, 0) << line << '\n' << outcome.err;
  }
}

}  // namespace
}  // namespace rooftile::test
