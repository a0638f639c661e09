// The table of commands: what is listed here exists, and nothing else does.
#include "cli/commands.hpp"

namespace rooftile::cli {
namespace {

constexpr CommandEntry table[] = {
    {"predict", "time, bytes and bound of a kernel on a GPU", add_predict},
    {"simulate", "the same answers event by event: L2 contents, waves, contention, where the time goes", add_simulate},
    {"explain", "the arithmetic behind a prediction, line by line, with sources", add_explain},
    {"whatif", "the same prediction on changed hardware", add_whatif},
    {"execute", "run our kernels on the CPU: exact bytes, errors, faults", add_execute},
    {"run", "compute an experiment file and keep the answers", add_run},
    {"compare", "predictions beside measurements, with the error", add_compare},
    {"validate", "the error of today's model on measurements, by what decides the time", add_validate},
    {"calibrate", "fit the constants that no data sheet states to measurements", add_calibrate},
    {"query", "SQL over a results database", add_query},
    {"report", "a results database as one page of charts", add_report},
    {"plot", "one chart of the report as a picture", add_plot},
    {"db", "import, merge and export results, what a database holds", add_db},
    {"profile", "list, show, check and make GPU profiles", add_profile},
    {"devices", "the GPUs of this machine and their profiles", add_devices},
    {"completion", "completion of command lines for bash, zsh and fish", add_completion},
    {"version", "version, build, predictors and data directory", add_version},
};

}  // namespace

std::span<const CommandEntry> commands() { return table; }

}  // namespace rooftile::cli
