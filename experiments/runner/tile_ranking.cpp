#include "runner/tile_ranking.hpp"

#include <algorithm>

#include "question/columns.hpp"

namespace rooftile::runner {
namespace {

using experiments::Answer;
using experiments::Question;

/// Equal for cells that differ in their tile alone.
std::string without_tile(Question question) {
  question.overrides = {};
  return question.variant + '\n' + command_line(question);
}

}  // namespace

TileRanking::TileRanking(const std::vector<Question>& questions, experiments::Catalogues& catalogues)
    : answerer_{catalogues, experiments::IncompleteProfile::is_an_answer} {
  for (const Question& question : questions) {
    if (question.method != analysis::Method::executed) groups_[without_tile(question)].tiles.push_back(&question);
  }
}

std::size_t TileRanking::tiles_of(const Question& question) const {
  const auto found = groups_.find(without_tile(question));
  return found == groups_.end() ? 0 : found->second.tiles.size();
}

std::span<const double> TileRanking::times_of(const Question& question) {
  Group& group = groups_[without_tile(question)];
  if (!group.answered) {
    for (const Question* tile : group.tiles) {
      const Answer answer = answerer_.answer(*tile);
      if (answer.status == Status::ok) group.times.push_back(answer.prediction.time.value());
    }
    std::sort(group.times.begin(), group.times.end());
    group.answered = true;
  }
  return group.times;
}

}  // namespace rooftile::runner
