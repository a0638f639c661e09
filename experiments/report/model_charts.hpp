// Charts of a results database for which the model is asked: roofs of the GPUs, what bounds the largest calls, which
// numbers of a GPU decide their time. Profiles and kernels that are no longer in the catalogues are left out, and said.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "question/question.hpp"
#include "rooftile/analysis/charts.hpp"

namespace rooftile::experiments {

/// Roofs of every GPU that has computed results, for the type of elements that most of them have.
[[nodiscard]] std::vector<analysis::RoofsOf> roofs_of(const analysis::Store& store, Catalogues& catalogues,
                                                      std::vector<std::string>& notes);

/// The largest attention call of each kernel on each GPU, those with the most results first: how long each of its
/// launches takes and what bounds it; of those that are short, what the simulator says their CTAs waited for; and, of
/// the first `tornados` of them, what a tenth more or less of each number does.
[[nodiscard]] std::vector<analysis::Chart> call_charts(const analysis::Store& store, Catalogues& catalogues,
                                                       std::size_t tornados, std::vector<std::string>& notes);

}  // namespace rooftile::experiments
