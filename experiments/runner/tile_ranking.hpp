// The tile shapes of an experiment beside each other: the cells that ask the same but for their tile, and the times
// that are predicted for them.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "question/question.hpp"

namespace rooftile::runner {

class TileRanking {
 public:
  /// `questions` and `catalogues` outlive it. Nothing is predicted yet.
  TileRanking(const std::vector<experiments::Question>& questions, experiments::Catalogues& catalogues);

  /// How many cells differ from this one in their tile alone, itself included.
  [[nodiscard]] std::size_t tiles_of(const experiments::Question& question) const;

  /// The times of all of them in seconds, the shortest first; those that do not fit are left out.
  [[nodiscard]] std::span<const double> times_of(const experiments::Question& question);

 private:
  struct Group {
    std::vector<const experiments::Question*> tiles;
    std::vector<double> times;
    bool answered = false;
  };
  experiments::Answerer answerer_;
  std::unordered_map<std::string, Group> groups_;
};

}  // namespace rooftile::runner
