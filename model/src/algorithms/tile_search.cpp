#include "tile_search.hpp"

#include <cmath>

#include "split_rule.hpp"

namespace rooftile::algorithms {

void search_for_tiles(Launch& launch, const AttentionShape& shape, const Call& call) {
  constexpr double sequences_per_step = 31;
  const Count sms = call.device.sm.count;
  if (call.spec.split_rule != SplitRule::fa3_varlen || !is_known(sms)) return;
  const auto ctas = static_cast<double>(launch.ctas()), sequences = static_cast<double>(shape.batch);
  launch.search_steps = ctas <= sms.value() ? std::floor((sequences - 1) / sequences_per_step)
                                            : sms.value() * sequences / ctas / sequences_per_step;
  launch.search_reads = parts_on_the_device(shape);
}

}  // namespace rooftile::algorithms
