// Tiny kernels on the machine: one launch, its record, and what is wrong with it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/machine.hpp"
#include "isa/host.hpp"

namespace rooftile::kernels::host {

using f32 = Warp::f32;
using u32 = Warp::u32;
using i32 = Warp::i32;
using pred = Warp::pred;

using Body = std::function<void(Warp&)>;

/// A launch of one CTA without tensors.
inline Execution run_cta(int warps, std::int64_t smem, const Body& body, const HostOptions& options = {}) {
  Machine machine{options};
  machine.run("test", {1, 1, 1}, warps, smem, body);
  return machine.finish();
}

/// The same of one warp with 256 bytes of shared memory.
inline Execution run_warp_record(const Body& body) { return run_cta(1, 256, body); }

/// One warp that does nothing wrong.
inline LaunchExecution run_warp(std::int64_t smem, const Body& body) {
  const Execution record = run_cta(1, smem, body);
  for (const Fault& fault : record.faults) ADD_FAILURE() << fault.text << " at " << fault.where;
  return record.launches.at(0);
}

/// A matrix of floats or 16-bit elements.
inline TensorLayout matrix(const char* name, int rows, int cols, int pitch, int element_bytes = 4) {
  return {name, TensorRole::input, element_bytes, 1, 1, rows, cols, pitch};
}

/// The kinds of the faults, in order.
inline std::vector<FaultKind> kinds(const Execution& record) {
  std::vector<FaultKind> found;
  for (const Fault& fault : record.faults) found.push_back(fault.kind);
  return found;
}

/// Expects exactly one fault, of this kind, whose text has these words in it and whose place is in `file`.
inline void expect_fault(const Execution& record, FaultKind kind, const std::string& words, const std::string& file) {
  ASSERT_EQ(record.faults.size(), 1u) << (record.faults.empty() ? "none" : record.faults.back().text);
  const Fault& fault = record.faults[0];
  EXPECT_EQ(fault.kind, kind) << fault.text;
  EXPECT_NE(fault.text.find(words), std::string::npos) << fault.text;
  EXPECT_EQ(fault.where.rfind(file + ":", 0), 0u) << fault.where;
  EXPECT_EQ(fault.launch, "test");
}

inline void expect_none(const Execution& record) {
  for (const Fault& fault : record.faults) ADD_FAILURE() << fault.text << " at " << fault.where;
}

}  // namespace rooftile::kernels::host
