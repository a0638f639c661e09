// Which numbers of a GPU decide a time: every number of the profile is lowered and raised by a tenth, one at a time.
//
//   elasticity = ln(t_higher / t_lower) / ln(x_higher / x_lower)      the exponent of t ~ x^elasticity around x
//
//   memory.dram.bandwidth  2039 GB/s   +11.1 %  -9.1 %   -1.00        bound by DRAM: twice as fast, half the time
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "question/question.hpp"
#include "rooftile/model/device_leaves.hpp"

namespace rooftile::experiments {

/// The relative step. Whole numbers move by at least 1, and no number leaves the range that a profile allows; what was
/// used instead stands in Nudged::value.
inline constexpr double sensitivity_step = 0.1;

/// The question on a GPU with one other number.
struct Nudged {
  double value = 0;  ///< base units
  Status status = Status::ok;
  std::string reason{};  ///< empty if ok
  Seconds time{};        ///< this and the bound only if ok
  Limit bound{};
};

struct LeafEffect {
  const DeviceLeaf* leaf = nullptr;
  std::string text{};                       ///< as the profile states it: "2039 GB/s"
  double value = 0;                         ///< base units
  std::optional<Nudged> lower{}, higher{};  ///< nothing where the number is at the end of its range
  /// Nothing unless two of the three times are known.
  std::optional<double> elasticity{};

  /// Of the time at `nudged` against that of the profile as it is; nothing where there is no time.
  [[nodiscard]] static std::optional<double> change(const std::optional<Nudged>& nudged, Seconds base);
};

struct Sensitivity {
  Question question{};
  Answer base{};                      ///< without status ok there is nothing else
  std::vector<LeafEffect> effects{};  ///< those that change the answer, the largest change of time first
  int without_effect = 0;             ///< further numbers of the profile
};

/// Throws InputError as Answerer::answer.
[[nodiscard]] Sensitivity sensitivity(const Question& question, Answerer& answerer);

}  // namespace rooftile::experiments
