// Values of an experiment file that may stand alone or in a list.
//
//   kernels: fa2                kernels: [fa2, rt_flash2]
#pragma once

#include <vector>

#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::runner {

/// A scalar or the items of a list, each with its own place. An empty list is refused.
[[nodiscard]] inline std::vector<const yaml::Node*> items_of(const yaml::Node& node) {
  if (node.kind() != yaml::NodeKind::list) return {&node};
  std::vector<const yaml::Node*> items;
  for (const yaml::Node& item : node.as_list()) items.push_back(&item);
  if (items.empty()) node.fail("the list is empty");
  return items;
}

/// The same of a key that may be absent: then there are none.
[[nodiscard]] inline std::vector<const yaml::Node*> items_of(const yaml::Node* node) {
  return node == nullptr ? std::vector<const yaml::Node*>{} : items_of(*node);
}

}  // namespace rooftile::runner
