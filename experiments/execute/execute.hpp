// A question answered by running the kernel's own text on the CPU: exact bytes at every level, exact numerics, and what
// the kernel does wrong, beside what its Program says.
//
//   PreparedExecution prepared{question, options, catalogues};    builds the Program, chooses what the CPU shall play
//   prepared.seconds()                                            about how long run() takes on one core
//   Executed answer = std::move(prepared).run();
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "execute/agreement.hpp"
#include "question/question.hpp"
#include "rooftile/analysis/result.hpp"
#include "rooftile/kernels/accuracy.hpp"
#include "rooftile/kernels/execution.hpp"

namespace rooftile::experiments {

/// How the CPU plays the GPU; what is left out follows from the profile.
struct ExecuteOptions {
  std::uint64_t seed = 0;                   ///< of the order of warps; 0: in turn
  std::uint64_t input_seed = 1;             ///< of Q, K and V, and of what key padding keeps
  std::uint64_t dropout_seed = 1;           ///< of the weights that are dropped
  std::optional<std::int64_t> resident;     ///< CTAs in flight; else what the profile's GPU holds
  std::optional<std::int64_t> l2_capacity;  ///< bytes, 0: no L2; else the profile's
};

struct Executed {
  std::shared_ptr<const Profile> profile;
  std::shared_ptr<const KernelSpec> spec;
  std::string kernel;  ///< of ours: "rt_flash2"
  kernels::HostOptions host;
  analysis::Outcome status = analysis::Outcome::ok;
  std::string reason;   ///< empty if ok
  std::string remarks;  ///< what was decided for the user: fewer CTAs in flight than the GPU holds
  kernels::Execution record;
  kernels::Accuracy error;
  kernels::Tolerance tolerance{};
  std::string judged = "O";  ///< what the errors are of; "a gradient": the worst of dQ, dK and dV
  std::vector<CountPair> counts;
  Bytes extra_memory = Bytes::unknown();

  /// True once the kernel has run, whatever came out.
  [[nodiscard]] bool ran() const { return !record.launches.empty(); }
  /// A backward pass reads the LSE of the forward one.
  [[nodiscard]] bool writes_lse() const { return judged == "O"; }
  /// Bytes of all launches.
  [[nodiscard]] Traffic dram() const;  ///< unknown without an L2
  [[nodiscard]] Traffic l2() const;
  [[nodiscard]] Traffic smem() const;
  /// Sum of a member over all launches.
  [[nodiscard]] std::int64_t total(std::int64_t kernels::LaunchExecution::*member) const;
  /// "relative_error 3.1e-04; lse_error 2e-06; 216 CTAs in flight; ..."
  [[nodiscard]] std::string notes() const;
};

/// One execution that is about to be made.
class PreparedExecution {
 public:
  /// InputError as Answerer::answer.
  PreparedExecution(const Question& question, const ExecuteOptions& options, Catalogues& catalogues);
  ~PreparedExecution();
  PreparedExecution(PreparedExecution&&) noexcept;

  /// What is known before it runs: status, reason, kernel, host.
  [[nodiscard]] const Executed& executed() const;
  /// Estimate for one core; 0 for what cannot run.
  [[nodiscard]] double seconds() const;
  /// Runs the kernel, compares with float64 and with the Program. Does nothing for what cannot run.
  [[nodiscard]] Executed run() &&;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rooftile::experiments
