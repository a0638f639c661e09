// "8.0" to ComputeCapability{8, 0}.
#pragma once

#include "rooftile/model/device.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::yaml {

[[nodiscard]] inline ComputeCapability read_capability(const Node& node) {
  const std::string& text = node.as_text();
  const std::size_t dot = text.find('.');
  const bool digits = text.find_first_not_of("0123456789.") == std::string::npos;
  if (!digits || dot == 0 || dot == std::string::npos || dot > 2 || text.size() != dot + 2 || text[dot + 1] == '.') {
    node.fail("'" + text + "' is no compute capability; expected major.minor, as in \"8.0\"");
  }
  return {std::stoi(text.substr(0, dot)), text[dot + 1] - '0'};
}

}  // namespace rooftile::yaml
