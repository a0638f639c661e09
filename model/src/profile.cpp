#include "rooftile/model/profile.hpp"

namespace rooftile {

const StatedLeaf* Profile::find(std::string_view path) const {
  for (const StatedLeaf& leaf : leaves) {
    if (leaf.path == path) return &leaf;
  }
  return nullptr;
}

}  // namespace rooftile
