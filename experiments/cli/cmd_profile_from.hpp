// rooftile profile from-measurements|from-device: the sub-commands of `profile` that write one.
#pragma once

#include "cli/command.hpp"

namespace rooftile::cli {

void add_profile_from_measurements(Command command, Context& context);
void add_profile_from_device(Command command, Context& context);

}  // namespace rooftile::cli
