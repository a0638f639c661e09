// rooftile run as a process of its own that is killed again and again: no committed cell is lost, the same command goes
// on where it ended, and the end is that of a run which nobody disturbed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <thread>
#include <variant>

#include "harness.hpp"
#include "rooftile/analysis/csv.hpp"
#include "rooftile/analysis/exchange.hpp"
#include "rooftile/model/error.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr int kills = 8, lengths = 200;
#else
constexpr int kills = 50, lengths = 1000;
#endif
constexpr int cells = 6 * lengths;
constexpr int least_in_the_middle = kills * 3 / 5;  // on a machine that does much else
const std::string many_cells =
    "schema: rooftile.experiment/1\nname: x\ndescription: y\nprofiles: [a100_sxm4_80gb]\nkernels: [fa2]\n"
    "workloads:\n  - {batch: 1:6:1, heads: 16, seq: 1:" +
    std::to_string(lengths) + ":1, head_dim: 64}\n";

/// `rooftile run` of the built program; what it says goes into a file.
class Process {
 public:
  Process(const std::string& file, const std::string& db, const std::string& log) : id_{::fork()} {
    if (id_ != 0) return;
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::setenv("ROOFTILE_DATA_DIR", ROOFTILE_SOURCE_DIR, 1);
    ::execl(ROOFTILE_PROGRAM, "rooftile", "run", file.c_str(), "--db", db.c_str(), nullptr);
    ::_exit(127);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (!ended_) send(SIGKILL);
    (void)wait();
  }
  [[nodiscard]] bool running() {
    if (!ended_) ended_ = ::waitpid(id_, &status_, WNOHANG) == id_;
    return !ended_;
  }
  void send(int signal) const { ::kill(id_, signal); }
  /// As of waitpid().
  int wait() {
    if (!ended_) ::waitpid(id_, &status_, 0);
    ended_ = true;
    return status_;
  }

 private:
  pid_t id_;
  int status_ = 0;
  bool ended_ = false;
};

struct ToText {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return analysis::shortest_text(value); }
  std::string operator()(const std::string& value) const { return value; }
};

/// A look at the cells that were stored after `last`, in their order: lines "id|profile|kernel|...|", all their
/// numbers.
std::string cells_after(const analysis::Store& store, std::int64_t last) {
  const auto columns = analysis::result_columns();
  std::string lines;
  const auto answer = store.query("SELECT id, " + join({columns.begin(), columns.end()}) +
                                  " FROM v_result WHERE id > " + std::to_string(last) + " ORDER BY id");
  for (const auto& row : answer.rows) {
    for (const analysis::SqlValue& value : row) lines += std::visit(ToText{}, value) + '|';
    lines += '\n';
  }
  return lines;
}

std::int64_t count_cells(const std::string& lines) { return std::count(lines.begin(), lines.end(), '\n'); }

/// The database as a reader has it; nothing while there is none yet.
std::optional<analysis::Store> reader_of(const std::string& db) {
  try {
    return analysis::Store::open(db, analysis::Access::read_only);
  } catch (const InputError&) {
    return std::nullopt;  // sound() says why where that matters
  }
}

std::string all_cells(const std::string& db) {
  const auto store = reader_of(db);
  return store ? cells_after(*store, 0) : std::string{};
}

/// "ok", or what is wrong; a file that is not there, or has nothing in it yet, is in order.
std::string integrity(const std::string& db) {
  std::error_code none;
  if (!std::filesystem::exists(db) || std::filesystem::file_size(db, none) == 0) return "ok";
  const Outcome outcome = run_line({"query", "--db", db, "--format", "csv", "PRAGMA integrity_check"});
  if (outcome.err == "rooftile: " + db + ": is empty, not a results file\n") return "ok";
  return outcome.code == 0 ? replaced(outcome.out, "integrity_check\nok\n", "ok") : outcome.err;
}

/// Lets the process store `more` cells beside the `known`, or end; what a reader has seen of them by then.
std::string wait_for(Process& process, const std::string& db, std::int64_t known, std::int64_t more) {
  std::optional<analysis::Store> store;
  while (process.running()) {
    if (!store) store = reader_of(db);
    if (store) {
      const auto newest = store->query("SELECT max(id) FROM result").rows.at(0).at(0);
      const auto* last = std::get_if<std::int64_t>(&newest);
      if (last != nullptr && *last >= known + more) break;
    }
    std::this_thread::sleep_for(std::chrono::microseconds{500});
  }
  return store ? cells_after(*store, known) : std::string{};
}

std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

TEST(KilledRun, FiftyTimesLosesNoCommittedCell) {
  const Scratch scratch;
  const std::string file = scratch.write("x.yaml", many_cells);
  const std::string db = scratch / "results.db";
  const std::string log = scratch / "log";
  std::mt19937_64 random{50};
  int in_the_middle = 0;
  std::string before;
  for (int i = 0; i < kills; ++i) {
    Process process{file, db, log};
    // Every tenth dies while it starts; the others soon after they have stored something.
    const bool early = i % 10 == 0;
    const std::int64_t known = count_cells(before);
    const std::string seen =
        before + (early ? "" : wait_for(process, db, known, 1 + static_cast<std::int64_t>(random() % 40)));
    const bool hurry = cells - known < cells / 4;
    std::this_thread::sleep_for(std::chrono::microseconds{random() % (early ? 60'000 : hurry ? 100 : 4'000)});
    process.send(SIGKILL);
    const int status = process.wait();
    ASSERT_EQ(integrity(db), "ok") << "kill " << i;
    const std::string after = all_cells(db);
    ASSERT_TRUE(after.starts_with(seen)) << "kill " << i << ": cells that were seen are gone or have changed";
    if (WIFSIGNALED(status) && after.size() > before.size() && count_cells(after) < cells) ++in_the_middle;
    before = after;
  }
  EXPECT_GE(in_the_middle, least_in_the_middle) << text_of(log);
  RecordProperty("in_the_middle", in_the_middle);

  Process last{file, db, log};
  EXPECT_EQ(last.wait(), 0) << text_of(log);
  const std::string resumed = all_cells(db);
  EXPECT_TRUE(resumed.starts_with(before));
  EXPECT_EQ(count_cells(resumed), cells);
  Process undisturbed{file, scratch / "whole.db", log};
  EXPECT_EQ(undisturbed.wait(), 0) << text_of(log);
  EXPECT_EQ(first_difference(all_cells(scratch / "whole.db"), resumed), "");
}

TEST(KilledRun, CtrlCStoresWhatItSaysAndGoesOn) {
  const Scratch scratch;
  const std::string file = scratch.write("x.yaml", many_cells);
  const std::string db = scratch / "results.db";
  std::string seen;
  {
    Process process{file, db, scratch / "log"};
    seen = wait_for(process, db, 0, 64);
    process.send(SIGINT);
    const int status = process.wait();
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_EQ(WEXITSTATUS(status), 130) << text_of(scratch / "log");
  }
  const std::string kept = all_cells(db);
  EXPECT_TRUE(kept.starts_with(seen));
  EXPECT_LT(count_cells(kept), cells);
  EXPECT_EQ(text_of(scratch / "log"), "rooftile: interrupted; " + std::to_string(cells) +
                                          " cells: " + std::to_string(count_cells(kept)) +
                                          " computed, 0 stored already, 0 infeasible, 0 unsupported; the same command "
                                          "goes on from here\n");
  const Outcome resumed = run_line({"run", file, "--db", db, "--format", "csv"});
  EXPECT_EQ(resumed.code, 0);
  EXPECT_EQ(resumed.out, "experiment,cells,computed,stored_already,infeasible,unsupported\nx," + std::to_string(cells) +
                             "," + std::to_string(cells - count_cells(kept)) + "," + std::to_string(count_cells(kept)) +
                             ",0,0\n");
}

/// The comparisons above fail where they should.
TEST(KilledRun, ALostOrChangedCellIsSeen) {
  const std::string seen = "1|a|1|\n2|b|2|\n";
  EXPECT_TRUE((seen + "3|c|3|\n").starts_with(seen));
  EXPECT_FALSE(std::string{"1|a|1|\n"}.starts_with(seen));
  EXPECT_FALSE(std::string{"1|a|1|\n2|b|3|\n3|c|3|\n"}.starts_with(seen));
  EXPECT_NE(first_difference(seen, "1|a|1|\n2|b|3|\n"), "");
  EXPECT_EQ(count_cells(seen), 2);
}

}  // namespace
}  // namespace rooftile::test
