#include "rooftile/model/sectored_cache.hpp"

#include <algorithm>
#include <stdexcept>

namespace rooftile {

SectoredCache::SectoredCache(std::int64_t capacity_bytes, int ways) {
  if (ways < 1) throw std::invalid_argument{"a cache has at least one way"};
  ways_ = static_cast<std::uint64_t>(ways);
  sets_ = static_cast<std::uint64_t>(std::max<std::int64_t>(1, capacity_bytes / line_bytes / ways));
  lines_.resize(sets_ * ways_);
}

void SectoredCache::flush() {
  for (std::uint64_t& line : lines_) {
    evict(line);
    line &= ~dirty_mask;
  }
}

}  // namespace rooftile
