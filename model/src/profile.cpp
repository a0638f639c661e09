#include "rooftile/model/profile.hpp"

#include <limits>

namespace rooftile {

const StatedLeaf* Profile::find(std::string_view path) const {
  for (const StatedLeaf& leaf : leaves) {
    if (leaf.path == path) return &leaf;
  }
  return nullptr;
}

Knowledge knowledge(const Profile& profile) {
  Knowledge known;
  for (const DeviceLeaf& leaf : device_leaves()) {
    const StatedLeaf* stated = profile.find(leaf.path);
    if (stated == nullptr) {
      known.unstated.push_back(leaf.path);
      continue;
    }
    ++known.count[static_cast<std::size_t>(stated->kind)];
    if (stated->kind == Kind::assumed) known.assumed.push_back(leaf.path);
  }
  return known;
}

double LeafDifference::ratio() const {
  if (a == nullptr || b == nullptr || a->value == 0) return std::numeric_limits<double>::quiet_NaN();
  return b->value / a->value;
}

std::vector<LeafDifference> differences(const Profile& a, const Profile& b) {
  std::vector<LeafDifference> found;
  for (const DeviceLeaf& leaf : device_leaves()) {
    const StatedLeaf* in_a = a.find(leaf.path);
    const StatedLeaf* in_b = b.find(leaf.path);
    const bool same = in_a == nullptr || in_b == nullptr ? in_a == in_b : in_a->value == in_b->value;
    if (!same) found.push_back({leaf.path, in_a, in_b});
  }
  return found;
}

}  // namespace rooftile
