#include "rooftile/model/count.hpp"

#include <algorithm>

#include "launch_counter.hpp"
#include "nest.hpp"

namespace rooftile {
namespace {

/// Whole tensors, and the workspace alive at once.
void count_memory(const Program& program, ProgramCounts& counts) {
  const std::size_t launches = program.launches.size();
  std::array<double, max_launches> alive;
  std::fill_n(alive.begin(), launches, 0.0);
  counts.inputs_and_outputs = counts.tensors = Bytes{0};
  counts.placements = 0;
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    const auto bytes = static_cast<double>(program.tensors[t].bytes());
    counts.tensors += Bytes{bytes};
    counts.placements |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(program.tensors[t].placement));
    if (program.tensors[t].role != TensorRole::workspace) {
      counts.inputs_and_outputs += Bytes{bytes};
      continue;
    }
    std::size_t first = launches;
    std::size_t last = 0;
    for (std::size_t l = 0; l < launches; ++l) {
      const std::span<const TensorUse> uses = counts.uses_of(l);
      const auto use = std::find_if(uses.begin(), uses.end(),
                                    [t](const TensorUse& u) { return u.tensor == static_cast<std::int8_t>(t); });
      if (use == uses.end()) continue;
      if (first == launches) first = use->stored == 0 ? 0 : l;  // never written: left by the forward
      last = l;
    }
    for (std::size_t l = first; l <= last; ++l) alive[l] += bytes;
  }
  counts.workspace = Bytes{launches == 0 ? 0 : *std::max_element(alive.begin(), alive.begin() + launches)};
}

/// What is touched of inputs and outputs by the launch that touches most of each.
void count_compulsory(const Program& program, ProgramCounts& counts) {
  std::array<std::int64_t, max_tensors> most;
  std::fill_n(most.begin(), program.tensors.size(), 0);
  for (const TensorUse& use : counts.uses) {
    std::int64_t& touched = most[static_cast<std::size_t>(use.tensor)];
    touched = std::max(touched, use.touched);
  }
  std::int64_t total = 0;
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    if (program.tensors[t].role != TensorRole::workspace) total += most[t];
  }
  counts.compulsory = Bytes{static_cast<double>(total)};
}

}  // namespace

void count(const Program& program, ProgramCounts& counts) {
  counts.uses.clear();
  counts.cycles.clear();
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    count_launch(program, program.launches[l], counts.launch[l], counts);
  }
  count_memory(program, counts);
  count_compulsory(program, counts);
}

std::int64_t entries(const Launch& launch, int loop) {
  Selection entered;
  entered.edge_loop = static_cast<std::int8_t>(loop);
  return NestCounter{launch}.executions(loop, entered);
}

}  // namespace rooftile
