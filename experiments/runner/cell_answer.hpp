// What came out of a cell, predicted, simulated or executed: what expectations are held against.
#pragma once

#include <memory>
#include <optional>

#include "execute/execute.hpp"
#include "question/question.hpp"
#include "rooftile/analysis/result.hpp"

namespace rooftile::runner {

struct CellAnswer {
  std::shared_ptr<const Profile> profile;
  analysis::Outcome status = analysis::Outcome::ok;
  bool built = false;  ///< Answer::built; an execution has no program here
  /// Meaningful if ok. Of an execution: bytes per level, extra memory, FLOP as the papers count.
  Prediction prediction;
  std::optional<experiments::Executed> executed{};  ///< nothing: predicted or simulated

  [[nodiscard]] bool ok() const { return status == analysis::Outcome::ok; }
};

/// Answers a question by the method it asks for. `answerer` holds the program of a prediction or simulation until its
/// next answer.
[[nodiscard]] CellAnswer answer_cell(const experiments::Question& question, experiments::Answerer& answerer,
                                     experiments::Catalogues& catalogues);

}  // namespace rooftile::runner
