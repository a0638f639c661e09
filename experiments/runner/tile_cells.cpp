#include "runner/tile_cells.hpp"

#include "rooftile/model/tile_candidates.hpp"

namespace rooftile::runner {

using experiments::Question;

std::vector<Question> with_tiles(Question question, TileSet tiles, const yaml::Node& entry,
                                 experiments::Catalogues& catalogues) {
  if (tiles == TileSet::own) return {std::move(question)};
  const auto spec = catalogues.spec(question.kernel);
  const auto& shape = std::get<AttentionShape>(question.workload);
  if (shape.pass != Pass::fwd) entry.fail("`tiles:` is for pass fwd: a backward's shapes have no grid");
  const auto profile = catalogues.profile(question.profile, question.settings);
  const auto candidates = tile_candidates(*spec, profile->device, shape);
  if (!candidates) return tiles == TileSet::all ? std::vector{std::move(question)} : std::vector<Question>{};
  if (candidates->empty()) {
    entry.fail("`tiles:` is for flash2, flash3 and split_kv; " + spec->name + " is " +
               std::string{name_of(spec->algorithm)});
  }
  std::vector<Question> questions;
  for (const TileCandidate& candidate : *candidates) {
    if (candidate.refused && tiles == TileSet::feasible) continue;
    question.overrides = candidate.tile;
    question.own_tile = candidate.own;
    questions.push_back(question);
  }
  return questions;
}

}  // namespace rooftile::runner
