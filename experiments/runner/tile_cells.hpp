// A question asked with more tiles than one: `tiles: feasible` of an experiment.
#pragma once

#include <vector>

#include "question/question.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"
#include "runner/workload_grid.hpp"

namespace rooftile::runner {

/// The question with every tile of the set, each stated whole; the question itself for TileSet::own. A call that the
/// kernel refuses whatever its tile has none that fits; where all are asked for it is asked as it stands, and its
/// answer says why. InputError at `entry` for a kernel or a pass whose shapes have no grid.
[[nodiscard]] std::vector<experiments::Question> with_tiles(experiments::Question question, TileSet tiles,
                                                            const yaml::Node& entry,
                                                            experiments::Catalogues& catalogues);

}  // namespace rooftile::runner
