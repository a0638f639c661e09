// Completion of command lines, written for each shell from the commands as they are declared.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace rooftile::cli {

[[nodiscard]] std::string bash_completion(const std::vector<DescribedCommand>& commands);
[[nodiscard]] std::string zsh_completion(const std::vector<DescribedCommand>& commands);
[[nodiscard]] std::string fish_completion(const std::vector<DescribedCommand>& commands);

}  // namespace rooftile::cli
