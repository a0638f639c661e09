// Numbers never change silently: what each predictor answers for a few dozen calls is on record, with its version.
// A changed number with an unchanged version fails; after a version bump, UPDATE_GOLDEN=1 records the new numbers.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include "backward_support.hpp"
#include "rooftile/model/predictor.hpp"

namespace rooftile {
namespace {

const std::string golden_file = std::string{ROOFTILE_SOURCE_DIR} + "/tests/model/golden_predictions.csv";

/// "predictor,version,kernel,workload" -> "time_s,dram_read_bytes,dram_write_bytes,bound"; versions by predictor.
struct Golden {
  std::map<std::string, std::string> rows;
  std::map<std::string, int> versions;
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.12g", value);
  return text;
}

/// A call on record: on the device that its kernel is built for.
struct Call {
  std::string kernel;
  KernelSpec spec;
  Workload workload;
  Device device = test::device();
};

/// The descriptions hold commas; they are replaced so that a line has a fixed number of fields.
std::string key_of(const Predictor& predictor, const Call& call) {
  std::string text = describe(call.workload);
  for (char& c : text) c = c == ',' ? ';' : c;
  return std::string{predictor.name()} + "," + call.kernel + "," + text;
}

AttentionShape shape_of(std::int64_t n, std::int64_t d, Mask mask, Pass pass = Pass::fwd) {
  return {.batch = 4,
          .heads = 16,
          .kv_heads = 4,
          .seq_q = n,
          .seq_kv = n == 1 ? 8192 : n,
          .head_dim = d,
          .mask = mask,
          .pass = pass};
}

std::vector<AttentionShape> forward_shapes() {
  std::vector<AttentionShape> shapes;
  for (const std::int64_t n : {1, 100, 512, 4096, 16384}) {
    for (const std::int64_t d : {64, 128}) {
      for (const Mask mask : {Mask::none, Mask::causal}) shapes.push_back(shape_of(n, d, mask));
    }
  }
  return shapes;
}

void add_forward(std::vector<Call>& calls) {
  const std::pair<const char*, KernelSpec> kernels[] = {
      {"rt_flash1", test::flash1_spec()},
      {"rt_flash2 safe", test::flash2_spec()},
      {"rt_split_kv", test::own_split_kv_spec()},
      {"rt_standard safe", test::standard_spec()},
      {"rt_standard fused", test::standard_spec(SoftmaxPasses::fused)},
      {"rt_flash3", test::flash3_spec()},
  };
  for (const auto& [name, spec] : kernels) {
    const bool on_hopper = spec.algorithm == Algorithm::flash3;
    for (const AttentionShape& shape : forward_shapes()) {
      calls.push_back({name, spec, shape, on_hopper ? test::hopper() : test::device()});
    }
  }
}

void add_backward(std::vector<Call>& calls) {
  const std::pair<const char*, KernelSpec> kernels[] = {
      {"flash1_training", test::flash1_training_spec()},
      {"flash2_training", test::flash2_training_spec()},
      {"flash3_training", test::flash3_training_spec()},
      {"standard_training", test::standard_training_spec()},
  };
  for (const auto& [name, spec] : kernels) {
    for (const std::int64_t n : {100, 512, 4096}) {
      for (const Mask mask : {Mask::none, Mask::causal}) {
        const bool on_hopper = spec.algorithm == Algorithm::flash3;
        const Device device = on_hopper ? test::hopper() : test::device();
        for (const Pass pass : {Pass::bwd, Pass::fwd_bwd}) {
          calls.push_back({name, spec, shape_of(n, 128, mask, pass), device});
        }
      }
    }
  }
}

/// The parts of standard attention alone, and K and V kept elsewhere.
void add_parts_and_placements(std::vector<Call>& calls) {
  for (const std::int64_t n : {256, 4096}) {
    calls.push_back({"rt_standard safe", test::standard_spec(), GemmShape{.m = n, .n = n, .k = 128}});
    calls.push_back({"rt_standard safe", test::standard_spec(), SoftmaxShape{.rows = n, .cols = n}});
    KernelSpec pinned = test::own_split_kv_spec(), on_host = test::own_split_kv_spec();
    pinned.kv_placement = Placement::l2;
    on_host.kv_placement = Placement::host;
    calls.push_back({"rt_split_kv pinned", pinned, shape_of(1, 128, Mask::none)});
    calls.push_back({"rt_split_kv on host", on_host, shape_of(1, 128, Mask::none)});
  }
}

Golden computed() {
  std::vector<Call> calls;
  add_forward(calls);
  add_backward(calls);
  add_parts_and_placements(calls);
  Golden golden;
  Program program;
  for (const Predictor* predictor : predictors()) {
    golden.versions[std::string{predictor->name()}] = predictor->version();
    for (const Call& call : calls) {
      test::build_or_throw(program, call.workload, call.spec, {}, call.device);
      const auto p = predictor->predict(call.device, program);
      golden.rows[key_of(*predictor, call)] = p ? number(p->time.value()) + "," + number(p->dram.read.value()) + "," +
                                                      number(p->dram.write.value()) + "," +
                                                      std::string{name_of(p->bound)}
                                                : std::string{",,,"} + std::string{name_of(p.error().status)};
    }
  }
  return golden;
}

Golden recorded() {
  Golden golden;
  std::ifstream file{golden_file};
  std::string line;
  std::getline(file, line);  // header
  while (std::getline(file, line)) {
    const std::size_t version_at = line.rfind(',');
    const std::string version = line.substr(version_at + 1);
    std::size_t key_end = 0;
    for (int comma = 0; comma < 3; ++comma) key_end = line.find(',', key_end) + 1;
    golden.rows[line.substr(0, key_end - 1)] = line.substr(key_end, version_at - key_end);
    golden.versions[line.substr(0, line.find(','))] = std::stoi(version);
  }
  return golden;
}

void record(const Golden& golden) {
  std::ofstream file{golden_file};
  file << "predictor,kernel,workload,time_s,dram_read_bytes,dram_write_bytes,bound,version\n";
  for (const auto& [key, values] : golden.rows) {
    file << key << ',' << values << ',' << golden.versions.at(key.substr(0, key.find(','))) << '\n';
  }
}

/// The predictors whose numbers differ from the record though their version does not.
std::vector<std::string> silent_changes(const Golden& now, const Golden& then) {
  std::map<std::string, int> changed;
  for (const auto& [key, values] : now.rows) {
    const std::string predictor = key.substr(0, key.find(','));
    const auto before = then.rows.find(key);
    const bool same_version =
        then.versions.contains(predictor) && then.versions.at(predictor) == now.versions.at(predictor);
    if (same_version && (before == then.rows.end() || before->second != values)) ++changed[key];
  }
  std::vector<std::string> keys;
  for (const auto& [key, count] : changed) keys.push_back(key);
  return keys;
}

TEST(GoldenValues, ChangeOnlyWithTheVersion) {
  const Golden now = computed();
  const char* update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && std::string{update} == "1") record(now);
  const Golden then = recorded();
  ASSERT_EQ(then.rows.size(), now.rows.size()) << "record the new calls with UPDATE_GOLDEN=1";
  for (const std::string& key : silent_changes(now, then)) {
    ADD_FAILURE() << key << ": " << now.rows.at(key) << ", on record " << then.rows.at(key)
                  << "; raise the predictor's version, then record with UPDATE_GOLDEN=1";
  }
  EXPECT_EQ(now.versions, then.versions) << "record the new version's numbers with UPDATE_GOLDEN=1";
}

TEST(GoldenValues, ASilentChangeIsSeen) {
  const Golden then = recorded();
  Golden now = then;
  now.rows.begin()->second += "1";
  EXPECT_EQ(silent_changes(now, then).size(), 1U);
  for (auto& [predictor, version] : now.versions) ++version;
  EXPECT_TRUE(silent_changes(now, then).empty());
}

/// The claim behind Loop::body_of: the ops are the same, one by one, but for the loop they stand in.
TEST(Programs, RepeatedBodiesAreEqual) {
  Program program;
  for (const AttentionShape& shape : forward_shapes()) {
    for (const KernelSpec& spec : {test::flash2_spec(), test::standard_spec()}) {
      test::build_or_throw(program, shape, spec);
      for (const Launch& launch : program.launches) {
        for (std::size_t l = 0; l < launch.loops.size(); ++l) {
          if (launch.loops[l].body_of < 0) continue;
          std::vector<const TileOp*> own;
          std::vector<const TileOp*> other;
          for (const TileOp& op : program.ops) {
            if (op.loop == static_cast<std::int8_t>(l)) own.push_back(&op);
            if (op.loop == launch.loops[l].body_of) other.push_back(&op);
          }
          ASSERT_EQ(own.size(), other.size());
          ASSERT_FALSE(own.empty());
          const auto distance = own[0] - other[0];
          for (std::size_t i = 0; i < own.size(); ++i) {
            EXPECT_EQ(own[i]->kind, other[i]->kind);
            EXPECT_EQ(own[i]->amount, other[i]->amount);
            EXPECT_EQ(own[i]->tensor, other[i]->tensor);
            ASSERT_EQ(own[i]->after_count, other[i]->after_count);
            for (std::size_t a = 0; a < own[i]->after_count; ++a) {
              EXPECT_EQ(own[i]->after[a].op - distance, other[i]->after[a].op);
              EXPECT_EQ(own[i]->after[a].lag, other[i]->after[a].lag);
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace rooftile
