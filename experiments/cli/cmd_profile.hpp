// rooftile profile diff|known|from-measurements|from-device: the sub-commands of `profile` that have a file of their
// own.
#pragma once

#include "cli/command.hpp"

namespace rooftile::cli {

void add_profile_diff(Command command, Context& context);
void add_profile_known(Command command, Context& context);
void add_profile_from_measurements(Command command, Context& context);
void add_profile_from_device(Command command, Context& context);

}  // namespace rooftile::cli
