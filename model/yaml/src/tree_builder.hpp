// yaml-cpp's event stream to a tree of Nodes. Events, not YAML::Node: only they show duplicate keys, anchors and tags.
#pragma once

#include <string>

#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::yaml {

[[nodiscard]] Node build_tree(const std::string& text, const std::string& name);

}  // namespace rooftile::yaml
