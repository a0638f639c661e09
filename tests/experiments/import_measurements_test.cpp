// rooftile db import of what rooftile-measure writes. The numbers in these lines are made up.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness.hpp"
#include "measurement_lines.hpp"
#include "rooftile/analysis/csv.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

std::vector<json> whole_visit() {
  json failed = time_line("host_clock");
  for (const char* key : {"time_s", "q1_s", "q3_s"}) failed[key] = nullptr;
  failed["samples_s"] = json::array();
  failed["samples_clock_hz"] = json::array();
  failed["status"] = "failed";
  failed["reason"] = "launch failed";
  json wrong = verify_line("host");
  wrong["status"] = "failed";
  wrong["reason"] = "3 of 16 tiles differ";
  wrong.update({{"tiles", 16}, {"tiles_differing", 3}, {"tile_difference", 0.25}});
  return {run_line_of(),
          verify_line(),
          wrong,
          micro_line(),
          time_line(),
          time_line("graph_replay"),
          failed,
          counter_line("dram", 3e6, 1e6),
          counter_line("l2", 9e6, 2e6)};
}

Outcome import(const std::string& file, const std::string& db) { return run_line({"db", "import", file, "--db", db}); }

TEST(ImportMeasurements, ClocksStandBesideEachOther) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  json traced = time_line("cupti");
  for (const char* time : {"time_s", "q1_s", "q3_s"}) traced[time] = 1e-4;
  ASSERT_EQ(import(scratch.write("clocks.jsonl", text_of({run_line_of(), time_line(), traced})), db).code, 0);
  const Outcome shown = run_line({"query", "--db", db, "--canned", "clocks", "--format", "csv"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  const auto table = analysis::CsvTable::parse(shown.out, "stdout");
  ASSERT_EQ(table.size(), 2U) << shown.out;
  EXPECT_EQ(table[0].text("timer"), "cuda_event");
  EXPECT_EQ(table[0].text("of_events"), "1");
  EXPECT_EQ(table[1].text("timer"), "cupti");
  EXPECT_EQ(table[1].text("time_ms"), "0.1");
  EXPECT_EQ(table[1].text("of_events"), "0.8");
}

TEST(ImportMeasurements, EveryLineFindsItsTable) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  const Outcome outcome = import(scratch.write("visit.jsonl", text_of(whole_visit())), db);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(scratch.strip(outcome.out)
                .find("visit.jsonl: 3 times, 1 cells with counters, 1 micro-benchmarks, 2 "
                      "verifications (1 failed)"),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(scratch.strip(outcome.out).find("failed verification, visit.jsonl:3: rt_flash2 against host, "),
            std::string::npos)
      << outcome.out;

  EXPECT_EQ(answer(db,
                   "select profile, kernel, method, timer, l2, status, reason, time_s, flop from v_result "
                   "where timer <> '' order by id"),
            "h100_sxm5_80gb,rt_flash2,measured,cuda_event,cold,ok,,0.000125,8589934592\n"
            "h100_sxm5_80gb,rt_flash2,measured,graph_replay,cold,ok,,0.000125,8589934592\n"
            "h100_sxm5_80gb,rt_flash2,measured,host_clock,cold,failed,launch failed,,8589934592\n");
  EXPECT_EQ(answer(db,
                   "select dram_read_bytes, dram_write_bytes, l2_read_bytes, l2_write_bytes, time_s from v_result "
                   "where timer = ''"),
            "3e+06,1e+06,9e+06,2e+06,\n");
  EXPECT_EQ(answer(db, "select name, value, unit from counter order by name"),
            "dram__bytes_read.sum,3e+06,B\nl2__bytes_read.sum,9e+06,B\n");
  EXPECT_EQ(answer(db,
                   "select r.timer, s.idx, s.time_s, s.sm_clock_hz from sample s join result r on r.id = "
                   "s.result_id where r.timer = 'cuda_event' order by idx"),
            "cuda_event,0,0.00012,1.7e+09\ncuda_event,1,0.000125,\ncuda_event,2,0.00013,1.71e+09\n");
  EXPECT_EQ(answer(db, "select q1_s, q3_s, power_w, temperature_c, throttled, discarded from series limit 1"),
            "0.00012,0.00013,512.5,60,1,2\n");
  EXPECT_EQ(answer(db, "select against, status, tiles, tiles_differing, relative_error from v_verification"),
            "float64,ok,,,3e-04\nhost,failed,16,3,3e-04\n");
  EXPECT_EQ(answer(db, "select profile, name, parameters ->> '$.bytes_in_flight', value, unit from v_micro"),
            "h100_sxm5_80gb,dram_read,65536,3e+12,B/s\n");
  EXPECT_EQ(
      answer(db,
             "select r.uuid, r.started_at, r.driver, g.name, g.properties ->> '$.memory_bus_bits', "
             "r.argv ->> '$[1]' from run r join gpu g on g.id = r.gpu_id"),
      uuid + ",2026-01-02T03:04:05Z,\"580.65, CUDA driver 13000, runtime 13000\",NVIDIA H100 80GB HBM3,5120,all\n");
}

/// A call is verified before it is timed, too: of several verifications in a run a failure is kept.
TEST(ImportMeasurements, OneFailedVerificationIsWhatCounts) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  json failed = verify_line();
  failed["status"] = "failed";
  failed["reason"] = "relative error 0.5";
  const std::string text = text_of({run_line_of(), verify_line(), failed, verify_line()});
  ASSERT_EQ(import(scratch.write("a.jsonl", text), db).code, 0);
  EXPECT_EQ(answer(db, "select status, reason from v_verification"), "failed,relative error 0.5\n");
}

TEST(ImportMeasurements, TwiceAddsNothing) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  const std::string file = scratch.write("visit.jsonl", text_of(whole_visit()));
  ASSERT_EQ(import(file, db).code, 0);
  const std::string counts =
      "select (select count(*) from run), (select count(*) from result), (select count(*) from sample), (select "
      "count(*) from counter), (select count(*) from micro), (select count(*) from verification)";
  const std::string before = answer(db, counts);
  const Outcome again = run_line({"db", "import", file, "--db", db, "--format", "csv"});
  ASSERT_EQ(again.code, 0) << again.err;
  const auto table = analysis::CsvTable::parse(again.out, "stdout");
  EXPECT_EQ(table[0].text("rows"), "7");
  EXPECT_EQ(table[0].text("added"), "0");
  EXPECT_EQ(table[0].text("unchanged"), "7");
  EXPECT_EQ(answer(db, counts), before);
}

TEST(ImportMeasurements, AFileThatHasGrownBringsWhatIsNew) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  ASSERT_EQ(import(scratch.write("visit.jsonl", text_of({run_line_of(), time_line()})), db).code, 0);
  const Outcome more =
      run_line({"db", "import", scratch.write("visit.jsonl", text_of(whole_visit())), "--db", db, "--format", "csv"});
  ASSERT_EQ(more.code, 0) << more.err;
  const auto table = analysis::CsvTable::parse(more.out, "stdout");
  EXPECT_EQ(table[0].text("added"), "6");
  EXPECT_EQ(table[0].text("unchanged"), "1");
}

TEST(ImportMeasurements, OtherNumbersOfTheSameRunAreRefused) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  const std::string file = scratch.write("visit.jsonl", text_of(whole_visit()));
  ASSERT_EQ(import(file, db).code, 0);
  std::vector<json> lines = whole_visit();
  lines[3]["value"] = 4e12;
  const Outcome outcome = import(scratch.write("visit.jsonl", text_of(lines)), db);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(scratch.strip(outcome.err),
            "rooftile: visit.jsonl:4: micro-benchmark dram_read: stored already with other numbers; an observation is "
            "never overwritten\n");
}

/// Whatever is missing of counters is said in the notes; a cell of which nothing could be read has failed.
TEST(ImportMeasurements, RefusedCountersAreKeptAsSuch) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  json refused = counter_line("l2", 1, 1);
  refused["status"] = "refused";
  refused["reason"] = "ERR_NVGPUCTRPERM";
  refused["metrics"] = json::object();
  refused["l2_read_bytes"] = refused["l2_write_bytes"] = nullptr;
  ASSERT_EQ(import(scratch.write("a.jsonl", text_of({run_line_of(), counter_line("dram", 3, 1), refused})), db).code,
            0);
  EXPECT_EQ(answer(db, "select status, dram_read_bytes, l2_read_bytes, notes from v_result"),
            "ok,3,,l2 counters refused: ERR_NVGPUCTRPERM\n");
  const std::string other = scratch / "other.db";
  ASSERT_EQ(import(scratch.write("b.jsonl", text_of({run_line_of(), refused})), other).code, 0);
  EXPECT_EQ(answer(other, "select status, reason from v_result"), "failed,l2 counters refused: ERR_NVGPUCTRPERM\n");
}

TEST(ImportMeasurements, SkippedLinesAndAnUnfinishedOneAreCountedOnly) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  json skipped = cell("time");
  skipped.update({{"timer", "cuda_event"}, {"status", "skipped"}, {"reason", "budget"}});
  const std::string text = text_of({run_line_of(), time_line("host_clock"), skipped}) + R"({"kind":"time","ru)";
  const Outcome outcome = import(scratch.write("a.jsonl", text), db);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(scratch.strip(outcome.out).find("a.jsonl: 1 times, 1 skipped; the last line has no end and is left out"),
            std::string::npos)
      << outcome.out;
  EXPECT_EQ(answer(db, "select count(*) from result"), "1\n");
}

/// Measured rows live in git as CSV: what is exported is imported again as the same rows.
TEST(ImportMeasurements, ExportedRowsComeBack) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  std::vector<json> lines = whole_visit();
  json peer = time_line();
  peer["kernel"] = "cudnn_sdpa";
  lines.push_back(peer);
  ASSERT_EQ(import(scratch.write("visit.jsonl", text_of(lines)), db).code, 0);
  const std::string csv = scratch / "measured.csv";
  ASSERT_EQ(run_line({"db", "export", "--db", db, "--method", "measured", "-o", csv}).code, 0);
  const auto table = analysis::CsvTable::read(csv);
  ASSERT_EQ(table.size(), 5U);
  for (const char* column : {"time_s", "timer", "dram_read_bytes", "dram_write_bytes", "l2_read_bytes", "source"})
    EXPECT_TRUE(table.has(column)) << column;
  const std::string back = scratch / "back.db";
  const Outcome outcome = import(csv, back);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string sql =
      "select profile, kernel, timer, source, time_s, dram_read_bytes, l2_write_bytes, status, reason, notes from "
      "v_result order by id";
  EXPECT_EQ(answer(back, sql), answer(db, sql));
  EXPECT_EQ(import(csv, db).code, 0);  // the rows that came as JSON lines are these
  EXPECT_EQ(answer(db, "select count(*) from result"), "5\n");
}

/// Measured bytes stand beside predicted ones, measured times too.
TEST(ImportMeasurements, PredictionsStandBesideThem) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  ASSERT_EQ(import(scratch.write("visit.jsonl", text_of(whole_visit())), db).code, 0);
  const std::string experiment = scratch.write(
      "x.yaml",
      "schema: rooftile.experiment/1\nname: x\ndescription: y\nprofiles: [h100_sxm5_80gb]\nkernels: [rt_flash2]\n"
      "workloads:\n  - {batch: 2, heads: 16, kv_heads: 4, seq: 1024, head_dim: 128, mask: causal}\n");
  ASSERT_EQ(run_line({"run", experiment, "--db", db}).code, 0);
  EXPECT_EQ(answer(db, "select timer, observed_ms, method from v_compare order by timer"),
            "cuda_event,0.125,predicted\ngraph_replay,0.125,predicted\n");
  EXPECT_EQ(answer(db,
                   "select method, observed_dram_read_gb, abs(dram_read_ratio - dram_read_gb * 1e9 / 3e6) < 1e-9 "
                   "from v_bytes"),
            "predicted,0.003,1\n");
}

TEST(ImportMeasurements, ADeviceWithoutAProfileNeedsOneNamed) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  json run = run_line_of();
  run["device"]["name"] = "NVIDIA H100 80GB HBM2";
  const std::string file = scratch.write("a.jsonl", text_of({run, time_line()}));
  const Outcome outcome = import(file, db);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(scratch.strip(outcome.err)
                  .starts_with("rooftile: a.jsonl:1: device.name: unknown device 'NVIDIA H100 80GB HBM2'; allowed: "))
      << outcome.err;
  EXPECT_NE(outcome.err.find("did you mean 'NVIDIA H100 80GB HBM3'?; name it under device_names of its profile, or say "
                             "which with --profile"),
            std::string::npos)
      << outcome.err;
  ASSERT_EQ(run_line({"db", "import", file, "--db", db, "--profile", "l40s"}).code, 0);
  EXPECT_EQ(answer(db, "select profile from v_result"), "l40s\n");
}

struct BrokenMeasurement {
  const char* name;
  std::string text;  ///< stands behind a run line and a good time line
  const char* message;
};

std::string changed(json line, const std::string& key, const json& value) {
  line[key] = value;
  return line.dump();
}
std::string without(json line, const std::string& key) {
  line.erase(key);
  return line.dump();
}

const BrokenMeasurement broken_measurements[] = {
    {"no_json", "{\"kind\":\"time\",", "is not JSON"},
    {"nested", "{\"kind\":" + std::string(200'000, '[') + "}", "is nested more than 32 deep"},
    {"inner_key_twice", "{\"a\":{\"b\":1,\"b\":1}}", "key 'b' stands twice"},
    {"quartile", changed(time_line("host_clock"), "q1_s", 0), "q1_s: 0 is not above zero"},
    {"count_beyond_2_63", changed(verify_line("float64"), "tiles", 18446744073709551615U),
     "tiles: 18446744073709551615 is not a whole number below 2^63"},
    {"negative_count", changed(verify_line("float64"), "tiles_differing", -1), "tiles_differing: -1 is negative"},
    {"micro_sample", changed(micro_line(), "samples", json{1e12, nullptr}), "samples: null is not a finite number"},
    {"no_kind", "{}", "missing key 'kind'"},
    {"kind", changed(time_line(), "kind", "tim"),
     "kind: unknown kind 'tim'; allowed: run, verify, micro, time, counter; did you mean 'time'?"},
    {"run_twice", run_line_of().dump(), "run: stands in an earlier line already"},
    {"no_run", changed(time_line(), "run", "nobody"), "run: no line of kind 'run' before this one says 'nobody'"},
    {"kernel", changed(time_line(), "kernel", "rt_flash9"), "unknown kernel 'rt_flash9'; allowed: "},
    {"seq", changed(time_line(), "seq_q", -5), "seq_q: -5 is not a positive integer"},
    {"seq_text", changed(time_line(), "seq_q", "1k"), "seq_q: \"1k\" is not a positive integer"},
    {"kv_heads", changed(time_line("host_clock"), "kv_heads", 3), "kv_heads 3 does not divide heads 16"},
    {"mask", changed(time_line(), "mask", "casual"),
     "mask: unknown mask 'casual'; allowed: none, causal, key_padding; did you mean 'causal'?"},
    {"timer", changed(time_line(), "timer", "stopwatch"),
     "unknown timer 'stopwatch'; allowed: cuda_event, graph_replay, host_clock, cupti"},
    {"time_zero", changed(time_line("host_clock"), "time_s", 0), "time_s: 0 is not above zero"},
    {"time_null", changed(time_line("host_clock"), "time_s", nullptr), "time_s: null; a value is expected"},
    {"samples", changed(time_line("host_clock"), "samples_s", json{1.2e-4, -1}), "samples_s: -1 is not above zero"},
    {"no_samples", changed(time_line("host_clock"), "samples_s", json::array()),
     "samples_clock_hz: 3 clocks of 0 samples"},
    {"clocks", changed(time_line("host_clock"), "samples_clock_hz", json{1e9}),
     "samples_clock_hz: 1 clocks of 3 samples"},
    {"no_status", without(time_line("host_clock"), "status"), "missing key 'status'"},
    {"no_reason", changed(time_line("host_clock"), "status", "failed"), "reason: status failed needs a reason"},
    {"a_reason", changed(time_line("host_clock"), "reason", "x"), "reason: status ok takes no reason"},
    {"unknown_key", changed(time_line("host_clock"), "time_ms", 1), "unknown key 'time_ms'; allowed: "},
    {"twice", time_line().dump(), "says what line 2 has said"},
    {"no_bytes", without(counter_line("dram", 1, 1), "dram_read_bytes"),
     "a counter line of level dram needs dram_read_bytes and dram_write_bytes"},
    {"bytes", counter_line("dram", -1, 1).dump(), "dram_read_bytes: -1 is negative"},
    {"level", changed(counter_line("dram", 1, 1), "level", "l1"), "level: unknown level 'l1'; allowed: dram, l2"},
    {"no_value", without(micro_line(), "value"), "missing key 'value'"},
    {"against", changed(verify_line(), "against", "numpy"), "unknown against 'numpy'; allowed: float64, host"},
};

TEST(ImportMeasurements, BrokenLinesAreRefusedAndNothingIsWritten) {
  for (const BrokenMeasurement& broken : broken_measurements) {
    const Scratch scratch;
    const std::string db = scratch / "results.db";
    const std::string text = text_of({run_line_of(), time_line()}) + broken.text + "\n";
    const Outcome outcome = import(scratch.write("a.jsonl", text), db);
    EXPECT_EQ(outcome.code, 2) << broken.name;
    EXPECT_EQ(outcome.out, "") << broken.name;
    EXPECT_TRUE(scratch.strip(outcome.err).starts_with(std::string{"rooftile: a.jsonl:3: "} + broken.message))
        << broken.name << ": " << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(db)) << broken.name;
  }
}

TEST(ImportMeasurements, AFileThatCannotBeReadIsRefused) {
  const Scratch scratch;
  const Outcome outcome = import(scratch / "none.jsonl", scratch / "results.db");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(scratch.strip(outcome.err), "rooftile: none.jsonl: cannot be read: No such file or directory\n");
}

TEST(ImportMeasurements, AFileWithoutLinesIsNoMeasurement) {
  const Scratch scratch;
  const Outcome outcome = import(scratch.write("a.jsonl", "\n"), scratch / "results.db");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(scratch.strip(outcome.err),
            "rooftile: a.jsonl: holds no line: rooftile-measure writes at least one of kind 'run'\n");
}

}  // namespace
}  // namespace rooftile::test
