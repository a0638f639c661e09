// What a simulation can show beside its answer, in rows of their own:
//
//   --tensors          tensor  role   L2 read  L2 written       hit  of what was read  DRAM read  DRAM written
//                      K       input   1.1 GB         0 B    1.0 GB           94.12 %    67.1 MB           0 B
//   --utilisation 10   launch  slice    from     until  dram   l2  smem  tensor  exp2 ...  places
//                      flash2      1     0 s  260.5 us  31 %  ...
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "question/question.hpp"
#include "rooftile/analysis/report.hpp"
#include "rooftile/sim/listener.hpp"

namespace rooftile::cli {

using TableRows = std::vector<std::vector<analysis::Value>>;

class SimulationView {
 public:
  virtual ~SimulationView() = default;
  /// Listens to the simulations to come.
  [[nodiscard]] virtual sim::Listener& listener() = 0;
  [[nodiscard]] virtual const std::vector<analysis::Column>& columns() const = 0;
  /// Of the simulation that was heard last, of this program.
  [[nodiscard]] virtual TableRows rows(const Program& program) const = 0;
};

/// Bytes of each tensor, at L2 and at DRAM, in whole sectors.
[[nodiscard]] std::unique_ptr<SimulationView> tensor_view();
/// How busy everything was in so many equal slices of each launch.
[[nodiscard]] std::unique_ptr<SimulationView> utilisation_view(std::size_t slices);

/// Rows of a view of many simulations, behind the columns of their questions: those that tell them apart for people,
/// all of them for machines. What cannot run has one row with its status and reason.
[[nodiscard]] analysis::Table view_table(const SimulationView& view,
                                         const std::vector<experiments::Question>& questions,
                                         const std::vector<experiments::Answer>& answers,
                                         const std::vector<TableRows>& rows, bool people);

}  // namespace rooftile::cli
