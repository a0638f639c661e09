// A way to turn a program's counts into time. Two exist:
//   roofline      the textbook one: HBM and one compute peak (Williams, Waterman, Patterson 2009)
//   hierarchical  per level, per unit, occupancy, waves and tail, launch
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "rooftile/model/count.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

struct Explanation;
struct Profile;

class Predictor {
 public:
  virtual ~Predictor() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Bumped whenever a number can change: results of different versions are never compared silently.
  [[nodiscard]] virtual int version() const = 0;
  /// The leaves without which this predictor cannot answer for this dtype ("memory.dram.bandwidth", ...).
  [[nodiscard]] virtual std::vector<std::string_view> needs(const Program& program) const = 0;
  /// Time and bytes of the program on the device, or why it cannot run there. `counts` are those of count(program).
  /// Every leaf that needs() lists must be known; missing_leaves() tells. Thread-safe, allocates nothing on success.
  [[nodiscard]] virtual tl::expected<Prediction, Refusal> predict(const Device& device, const Program& program,
                                                                  const ProgramCounts& counts) const = 0;
  /// The same for a program that has not been counted yet.
  [[nodiscard]] tl::expected<Prediction, Refusal> predict(const Device& device, const Program& program) const;
  /// The arithmetic behind `prediction`, an answer of predict(profile.device, program); explanation.hpp.
  [[nodiscard]] virtual Explanation explain(const Profile& profile, const Program& program,
                                            const Prediction& prediction) const = 0;
};

/// All predictors, in the order in which help lists them. "hierarchical" is the default.
[[nodiscard]] std::span<const Predictor* const> predictors();

/// By name, or nullptr.
[[nodiscard]] const Predictor* find_predictor(std::string_view name);

/// The leaves of `predictor.needs(program)` that the device does not state.
[[nodiscard]] std::vector<std::string_view> missing_leaves(const Predictor& predictor, const Device& device,
                                                           const Program& program);

}  // namespace rooftile
