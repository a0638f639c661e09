// What the tests of analysis/ share: a folder that goes away, sample keys and rows, the message of an error.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "rooftile/analysis/store.hpp"
#include "rooftile/model/error.hpp"

namespace rooftile::analysis::testing {

/// A fresh folder, removed with everything in it. Others may look inside: one test reads as another user.
class TempFolder {
 public:
  TempFolder() {
    std::string name = ::testing::TempDir() + "rooftile-XXXXXX";
    path_ = mkdtemp(name.data());
    chmod(path_.c_str(), 0755);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream{path, std::ios::binary} << text;
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream{path, std::ios::binary}.rdbuf();
  return text.str();
}

/// The message of the InputError that `action` throws; says so if it throws none.
template <class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "(no InputError)";
}

/// What every cell of the batch interface says of an attention workload.
inline const std::string batch_header =
    "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout";

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

inline AttentionShape shape(std::int64_t seq = 1024) {
  AttentionShape s;
  s.batch = 2;
  s.heads = 8;
  s.kv_heads = 4;
  s.seq_q = seq;
  s.seq_kv = seq;
  s.head_dim = 128;
  s.mask = Mask::causal;
  return s;
}

inline ResultKey predicted_key(std::int64_t seq = 1024) {
  ResultKey key;
  key.profile = {"a100_sxm4_80gb", "hash-1", "name: a100_sxm4_80gb\n"};
  key.workload = shape(seq);
  key.kernel = "fa2";
  key.method = Method::predicted;
  key.predictor = "hierarchical";
  key.predictor_version = 1;
  key.l2 = L2State::warm;
  return key;
}

inline ResultKey published_key(std::int64_t seq = 1024) {
  ResultKey key = predicted_key(seq);
  key.profile = {"a100_sxm4_80gb", "", ""};
  key.method = Method::published;
  key.predictor = "";
  key.predictor_version = 0;
  key.source = "a paper, table 1";
  return key;
}

inline ResultRow row(ResultKey key, double time_s) {
  ResultRow result;
  result.flops = paper_flops(key.workload);
  result.key = std::move(key);
  result.time = Seconds{time_s};
  result.dram_read = Bytes{6e6};
  result.dram_write = Bytes{2e6};
  result.bound = Limit::tensor;
  return result;
}

inline RunInfo run_info() {
  return {.command = "test", .argv = {"rooftile", "it's \"x\""}, .build = {"0.1.0", "GNU", "Debug"}};
}

/// A query's answer as lines "a|b|c": text as it is, numbers shortest, NULL as "-".
std::string answer(const Store& store, std::string_view sql);

}  // namespace rooftile::analysis::testing
