// What a kernel did wrong, collected: each line of the text counts once per kind.
#pragma once

#include <string>
#include <vector>

#include "host/where.hpp"
#include "rooftile/kernels/execution.hpp"

namespace rooftile::kernels::host {

/// Ends a run that has too many faults: thrown in the warp that made the last one, caught by the machine.
struct StopRun {};

class Faults {
 public:
  explicit Faults(int most) : most_(most) {}

  /// Names of the launch that runs from now on.
  void begin_launch(std::string name) { launch_ = std::move(name); }
  /// Records a fault. Throws StopRun when there are more than allowed.
  void add(FaultKind kind, std::string text, const Where& where);
  /// The same for the machine itself, which no exception may leave.
  void note(FaultKind kind, std::string text, const Where& where);

  [[nodiscard]] bool too_many() const { return static_cast<int>(found_.size()) > most_; }
  [[nodiscard]] std::vector<Fault> take() { return std::move(found_); }

 private:
  int most_;
  std::string launch_;
  std::vector<Fault> found_;
};

/// "text/flash2.hpp:141": file and line, the file as seen from the folder kernels/.
[[nodiscard]] std::string place_of(const Where& where);

}  // namespace rooftile::kernels::host
