// rooftile predict: one row per question, or a readable card for a single one.
#include <memory>

#include "cli/ask.hpp"
#include "cli/commands.hpp"

namespace rooftile::cli {

void add_predict(Command& command, Context& context) {
  auto options = std::make_shared<AskOptions>();
  add_ask_options(command, *options, analysis::Method::predicted);
  command.examples(
      {"rooftile predict -p a100_sxm4_80gb -k fa2 --batch 8 --heads 16 --seq 4096 --head-dim 128 --mask causal",
       "rooftile predict -p a100_sxm4_80gb,l40s -k fa2,pytorch_eager --heads 16 --seq 512:16384:x2 --head-dim 64 "
       "--format csv",
       "rooftile predict -p a100_sxm4_80gb -k standard,flash2 --heads 16 --seq 128:8192:x2 --head-dim 64 --across "
       "kernel"});
  command.action([options, &context] { return ask(*options, analysis::Method::predicted, context); });
}

}  // namespace rooftile::cli
