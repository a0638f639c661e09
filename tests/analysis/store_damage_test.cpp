// Files that are not what they should be, folders that cannot be written, processes that die.
#include <SQLiteCpp/SQLiteCpp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.hpp"

namespace rooftile::analysis {
namespace {

using namespace testing;

void make_store(const std::filesystem::path& path, int results) {
  Store store = Store::open(path, Access::read_write_create);
  const RunId run = store.begin_run(run_info());
  for (int i = 1; i <= results; ++i) store.put(run, row(predicted_key(128 * i), 1e-3));
}

std::string open_message(const std::filesystem::path& path, Access access) {
  const std::string message = message_of([&] { (void)Store::open(path, access).info(); });
  const std::string place = path.string() + ": ";
  return message.starts_with(place) ? message.substr(place.size()) : message;
}

TEST(store_files, refuses_what_is_not_a_results_file) {
  const TempFolder folder;
  const auto both = [&](const char* name) {
    const std::string reading = open_message(folder / name, Access::read_only);
    EXPECT_EQ(reading, open_message(folder / name, Access::read_write_create));
    return reading;
  };
  write_text(folder / "text.db", "profile,kernel\na100,fa2\n");
  EXPECT_EQ(both("text.db"), "is not a SQLite database");
  std::filesystem::create_directory(folder / "folder.db");
  EXPECT_EQ(both("folder.db"), "is a directory, not a results file");
  SQLite::Database{(folder / "other.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}.exec(
      "CREATE TABLE x (a)");
  EXPECT_EQ(both("other.db"), "is a SQLite database, but not a results file of rooftile");
  EXPECT_EQ(open_message(folder / "none.db", Access::read_only), "no such results file");
  EXPECT_FALSE(std::filesystem::exists(folder / "none.db"));
  EXPECT_EQ(open_message(folder / "no/where.db", Access::read_write_create),
            "cannot be created: '" + (folder / "no").string() + "' is not a directory");
  write_text(folder / "empty.db", "");
  EXPECT_EQ(open_message(folder / "empty.db", Access::read_only), "is empty, not a results file");
  EXPECT_EQ(open_message(folder / "empty.db", Access::read_write_create), "(no InputError)");
}

TEST(store_files, refuses_a_newer_schema_and_leaves_it_alone) {
  const TempFolder folder;
  make_store(folder / "r.db", 1);
  SQLite::Database{(folder / "r.db").string(), SQLite::OPEN_READWRITE}.exec("PRAGMA user_version = 99");
  for (const Access access : {Access::read_only, Access::read_write_create}) {
    EXPECT_EQ(open_message(folder / "r.db", access), "has schema version 99, this rooftile has " +
                                                         std::to_string(schema_version()) +
                                                         ": it was written by a newer rooftile");
  }
}

TEST(store_files, finds_a_truncated_file) {
  const TempFolder folder;
  make_store(folder / "r.db", 50);
  std::filesystem::resize_file(folder / "r.db", std::filesystem::file_size(folder / "r.db") / 2);
  for (const Access access : {Access::read_only, Access::read_write_create}) {
    EXPECT_EQ(open_message(folder / "r.db", access), "is damaged: database disk image is malformed");
  }
}

TEST(store_files, finds_overwritten_pages) {
  const TempFolder folder;
  make_store(folder / "r.db", 200);
  {
    std::fstream file{folder / "r.db", std::ios::binary | std::ios::in | std::ios::out};
    file.seekp(4096 * 3);
    file << std::string(static_cast<std::size_t>(std::filesystem::file_size(folder / "r.db")) - 4096 * 4, '\x5a');
  }
  EXPECT_TRUE(open_message(folder / "r.db", Access::read_only).starts_with("is damaged: "));
  const std::string query = message_of(
      [&] { (void)Store::open(folder / "r.db", Access::read_only).query("SELECT sum(time_s) FROM result"); });
  EXPECT_EQ(query, (folder / "r.db").string() + ": is damaged: database disk image is malformed");
}

/// Runs `action` in a child process; its exit status. In the child nothing but `action` runs.
template <class Action>
int in_child(const Action& action) {
  const pid_t child = fork();
  if (child == 0) {
    int code = 99;
    try {
      code = action();
    } catch (...) {
    }
    _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

/// What a user who may not write the folder sees. Root may write everywhere, so the child becomes nobody.
constexpr uid_t nobody = 65534;
bool become_unprivileged() { return geteuid() != 0 || setuid(nobody) == 0; }

TEST(store_files, reads_from_a_folder_that_cannot_be_written) {
  const TempFolder folder;
  make_store(folder / "r.db", 3);
  chmod((folder / "r.db").c_str(), 0444);
  chmod(folder.path().c_str(), 0555);
  const int status = in_child([&] {
    if (!become_unprivileged()) return 2;
    const Store store = Store::open(folder / "r.db", Access::read_only);
    return answer(store, "SELECT count(*) FROM v_latest") == "3\n" ? 0 : 1;
  });
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const std::string expected = "cannot be written: it or its folder is read-only";
  const int writing = in_child([&] {
    if (!become_unprivileged()) return 2;
    return open_message(folder / "r.db", Access::read_write_create) == expected ? 0 : 1;
  });
  EXPECT_EQ(WEXITSTATUS(writing), 0);
  const int creating = in_child([&] {
    if (!become_unprivileged()) return 2;
    return open_message(folder / "new.db", Access::read_write_create) ==
                   "cannot be opened or created: check the permissions of its folder"
               ? 0
               : 1;
  });
  EXPECT_EQ(WEXITSTATUS(creating), 0);
  chmod(folder.path().c_str(), 0755);
}

TEST(store_files, committed_cells_survive_a_kill) {
  const TempFolder folder;
  const std::filesystem::path path = folder / "r.db";
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t child = fork();
  if (child == 0) {
    // Stores cells one by one, says so after each commit, and dies in the middle of a transaction.
    Store store = Store::open(path, Access::read_write_create);
    const RunId run = store.begin_run(run_info());
    for (int i = 1; i <= 10; ++i) {
      store.put(run, row(predicted_key(128 * i), 1e-3));
      if (write(told[1], "x", 1) != 1) _exit(1);
    }
    SQLite::Database other{path.string(), SQLite::OPEN_READWRITE, 5000};
    other.exec("PRAGMA cache_size = 1; BEGIN IMMEDIATE; DELETE FROM result");
    if (write(told[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  close(told[1]);
  char byte = 0;
  for (int i = 0; i < 11; ++i) ASSERT_EQ(read(told[0], &byte, 1), 1);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(told[0]);

  Store store = Store::open(path, Access::read_write_create);
  EXPECT_EQ(answer(store, "SELECT count(*) FROM result"), "10\n");
  EXPECT_EQ(answer(store, "SELECT ended_at FROM run"), "-\n");
  // A resumed run computes only what is missing.
  const RunId run = store.begin_run(run_info());
  int computed = 0;
  for (int i = 1; i <= 12; ++i) {
    if (store.reuse(predicted_key(128 * i))) continue;
    store.put(run, row(predicted_key(128 * i), 1e-3));
    ++computed;
  }
  EXPECT_EQ(computed, 2);
  EXPECT_EQ(store.info().results.front().second, 12);
}

TEST(store_files, two_connections_write_in_turn) {
  const TempFolder folder;
  Store a = Store::open(folder / "r.db", Access::read_write_create);
  Store b = Store::open(folder / "r.db", Access::read_write_create);
  a.put(a.begin_run(run_info()), row(predicted_key(128), 1e-3));
  b.put(b.begin_run(run_info()), row(predicted_key(256), 1e-3));
  EXPECT_EQ(answer(a, "SELECT count(*) FROM result"), "2\n");
  EXPECT_EQ(answer(Store::open(folder / "r.db", Access::read_only), "SELECT count(*) FROM result"), "2\n");
}

}  // namespace
}  // namespace rooftile::analysis
