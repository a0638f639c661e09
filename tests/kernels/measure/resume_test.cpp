// What a result file holds when the program comes back to it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "measure/bad_input.hpp"
#include "measure/result_file.hpp"

namespace rooftile::kernels::measure {
namespace {

/// A folder that goes with the test.
class ResultFiles : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) / (std::string("measure_resume_") + test->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return (folder_ / "out.jsonl").string(); }
  void write(const std::string& text) const { std::ofstream(path(), std::ios::binary) << text; }
  [[nodiscard]] std::string text() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::filesystem::path folder_;
};

Cell cell() { return cell_of("rt_flash2", {.batch = 2, .heads = 4, .kv_heads = 2, .seq_q = 8, .seq_kv = 9}); }

JsonObject time_line(std::string_view l2, std::string_view timer, std::string_view status) {
  JsonObject line;
  line.add("kind", "time").add("run", "1");
  add_cell(line, cell(), l2);
  line.add("timer", timer).add("status", status).add("reason", "").add("samples_s", std::vector{1e-3, 2e-3});
  return line;
}

const std::string run_text = R"({"kind":"run","run":"1","device":{"uuid":"GPU-7","name":"H100"}})"
                             "\n";

TEST_F(ResultFiles, OnlyGoodLinesOfTheSameCellTimerAndStateCount) {
  write(run_text + time_line("cold", "cuda_event", "ok").text() + "\n" +
        time_line("warm", "cuda_event", "failed").text() + "\n");
  const ResultFile file(path(), true);
  EXPECT_TRUE(file.done(cell_key("time", cell(), "cold", "cuda_event")));
  EXPECT_FALSE(file.done(cell_key("time", cell(), "warm", "cuda_event")));
  EXPECT_TRUE(file.existing().tried.contains(cell_key("time", cell(), "warm", "cuda_event")));
  EXPECT_FALSE(file.done(cell_key("time", cell(), "cold", "graph_replay")));
  EXPECT_FALSE(file.done(cell_key("verify", cell(), "cold", "float64")));
  Cell other = cell();
  other.seq_kv = 10;
  EXPECT_FALSE(file.done(cell_key("time", other, "cold", "cuda_event")));
  EXPECT_EQ(file.existing().device, "GPU-7");
  EXPECT_EQ(file.existing().lines, 3U);
}

TEST_F(ResultFiles, AHalfWrittenLastLineIsDroppedAndWritingGoesOn) {
  const std::string whole = run_text + time_line("cold", "cuda_event", "ok").text() + "\n";
  const std::string next = time_line("warm", "cuda_event", "ok").text();
  for (const std::size_t cut :
       {std::size_t{1}, next.size() / 2, next.size()}) {  // the last: only the newline is missing
    write(whole + next.substr(0, cut));
    {
      ResultFile file(path(), true);
      EXPECT_FALSE(file.done(cell_key("time", cell(), "warm", "cuda_event")));
      file.append(time_line("warm", "cuda_event", "ok"));
      EXPECT_TRUE(file.done(cell_key("time", cell(), "warm", "cuda_event")));
    }
    EXPECT_EQ(text(), whole + next + "\n") << cut;
  }
}

TEST_F(ResultFiles, AFirstLineThatWasCutOffBeginsAgain) {
  write(R"({"kind":"run","ru)");
  { ResultFile file(path(), true); }
  EXPECT_EQ(text(), "");
}

TEST_F(ResultFiles, LinesAreOnTheDiskWhenAppendReturns) {
  ResultFile file(path(), false);
  file.append(time_line("cold", "cuda_event", "ok"));
  EXPECT_EQ(text(), time_line("cold", "cuda_event", "ok").text() + "\n");
}

TEST_F(ResultFiles, AnExistingFileWantsResume) {
  write(run_text);
  EXPECT_THROW(ResultFile(path(), false), BadInput);
  EXPECT_EQ(text(), run_text);
}

TEST_F(ResultFiles, SomebodyElsesFileIsLeftAlone) {
  for (const std::string other : {"kernel,pass\nx,y\n", "{\"no\":\"kind\"}\n{\"kind\":\"run\"}\n", "a half line"}) {
    write(other);
    EXPECT_THROW(ResultFile(path(), true), BadInput) << other;
    EXPECT_EQ(text(), other);
  }
}

TEST_F(ResultFiles, APlaceThatCannotBeWrittenIsBadInput) {
  EXPECT_THROW(ResultFile(path() + "/no/such/folder", false), BadInput);
}

TEST_F(ResultFiles, MicroBenchmarksAreToldApartByTheirParameters) {
  const auto line = [](int warps) {
    JsonObject parameters;
    parameters.add("warps", warps);
    JsonObject object;
    object.add("kind", "micro").add("run", "1").add("name", "shuffle").add("parameters", parameters);
    object.add("status", "ok").add("reason", "").add("value", 1.0);
    return object;
  };
  write(run_text + line(8).text() + "\n");
  const ResultFile file(path(), true);
  EXPECT_TRUE(file.done(micro_key("shuffle", R"({"warps":8})")));
  EXPECT_FALSE(file.done(micro_key("shuffle", R"({"warps":16})")));
}

TEST(ResultStream, CountsWhatItWrote) {
  std::ostringstream out;
  ResultFile file(out);
  EXPECT_FALSE(file.done(cell_key("time", cell(), "cold", "cuda_event")));
  file.append(time_line("cold", "cuda_event", "failed"));
  EXPECT_TRUE(file.done(cell_key("time", cell(), "cold", "cuda_event")));  // not twice in one invocation
}

}  // namespace
}  // namespace rooftile::kernels::measure
