// rooftile db merge: the sub-command of `db` that brings several databases into one.
#pragma once

#include "cli/command.hpp"

namespace rooftile::cli {

void add_merge(Command command, Context& context);

}  // namespace rooftile::cli
