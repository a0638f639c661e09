// rooftile simulate: what predict answers, event by event, and where the time of every place for a CTA went.
#include <memory>

#include "cli/ask.hpp"
#include "cli/commands.hpp"

namespace rooftile::cli {

void add_simulate(Command& command, Context& context) {
  auto options = std::make_shared<AskOptions>();
  add_ask_options(command, *options, analysis::Method::simulated);
  command.flag("--stalls", options->stalls, "where the time of the places for CTAs went: what they waited for");
  command.flag("--tensors", options->tensors,
               "bytes of each tensor: asked of L2, found there, read from and written to DRAM");
  command.option("--utilisation", options->utilisation, "how busy everything was in N equal slices of each launch")
      .placeholder("N");
  command.option("--trace", options->trace, "timeline of SMs 0 to 3, for ui.perfetto.dev or chrome://tracing")
      .placeholder("FILE")
      .files();
  command.examples(
      {"rooftile simulate -p a100_sxm4_80gb -k flash2 --batch 2 --heads 16 --seq 2048 --head-dim 128 --mask causal",
       "rooftile simulate -p a100_sxm4_80gb -k standard,flash2 --heads 8 --seq 512:2048:x2 --head-dim 64 --stalls",
       "rooftile simulate -p a100_sxm4_80gb -k standard --heads 8 --seq 2048 --head-dim 64 --tensors",
       "rooftile simulate -p a100_sxm4_80gb -k flash2 --heads 16 --seq 4096 --head-dim 64 --utilisation 10",
       "rooftile simulate -p a100_sxm4_80gb,h100_sxm5_80gb -k flash2 --heads 8 --seq 512 --head-dim 64 --format csv"});
  command.action([options, &context] { return ask(*options, analysis::Method::simulated, context); });
}

}  // namespace rooftile::cli
