// The functions behind the table of commands.cpp: one per command, in cmd_<name>.cpp.
#pragma once

#include "cli/command.hpp"

namespace rooftile::cli {

void add_predict(Command& command, Context& context);
void add_simulate(Command& command, Context& context);
void add_explain(Command& command, Context& context);
void add_whatif(Command& command, Context& context);
void add_execute(Command& command, Context& context);
void add_run(Command& command, Context& context);
void add_calibrate(Command& command, Context& context);
void add_compare(Command& command, Context& context);
void add_validate(Command& command, Context& context);
void add_query(Command& command, Context& context);
void add_report(Command& command, Context& context);
void add_plot(Command& command, Context& context);
void add_db(Command& command, Context& context);
void add_profile(Command& command, Context& context);
void add_devices(Command& command, Context& context);
void add_completion(Command& command, Context& context);
void add_version(Command& command, Context& context);

}  // namespace rooftile::cli
