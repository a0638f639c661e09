#include "rooftile/model/count.hpp"

#include <algorithm>

#include "launch_counter.hpp"
#include "nest.hpp"

namespace rooftile {
namespace {

/// A tensor over the whole call.
struct Life {
  std::size_t first = max_launches;  ///< launch in which it is there already
  std::size_t last = 0;
  std::int64_t most_touched = 0;  ///< by the launch that touches most of it
};

using Lives = std::array<Life, max_tensors>;

/// From the first launch that uses a tensor to the last; one that is read before it is written was left by the forward.
void find_lives(const Program& program, const ProgramCounts& counts, Lives& lives) {
  std::fill_n(lives.begin(), program.tensors.size(), Life{});
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    for (const TensorUse& use : counts.uses_of(l)) {
      Life& life = lives[static_cast<std::size_t>(use.tensor)];
      if (life.first == max_launches) life.first = use.stored == 0 ? 0 : l;
      life.last = l;
      life.most_touched = std::max(life.most_touched, use.touched);
    }
  }
}

/// Whole tensors, the workspace alive at once, and what must be moved of inputs and outputs.
void count_memory(const Program& program, ProgramCounts& counts) {
  Lives lives;
  find_lives(program, counts, lives);
  std::array<double, max_launches> alive;
  std::fill_n(alive.begin(), program.launches.size(), 0.0);
  std::int64_t compulsory = 0;
  counts.inputs_and_outputs = counts.tensors = Bytes{0};
  counts.placements = 0;
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    const Tensor& tensor = program.tensors[t];
    const auto bytes = static_cast<double>(tensor.bytes());
    counts.tensors += Bytes{bytes};
    counts.placements |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(tensor.placement));
    if (tensor.role == TensorRole::workspace) {
      for (std::size_t l = lives[t].first; l <= lives[t].last; ++l) alive[l] += bytes;
    } else {
      counts.inputs_and_outputs += Bytes{bytes};
      compulsory += lives[t].most_touched;
    }
  }
  counts.workspace = Bytes{0};
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    counts.workspace = std::max(counts.workspace, Bytes{alive[l]});
  }
  counts.compulsory = Bytes{static_cast<double>(compulsory)};
}

}  // namespace

void count(const Program& program, ProgramCounts& counts) {
  counts.uses.clear();
  counts.cycles.clear();
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    count_launch(program, program.launches[l], counts.launch[l], counts);
  }
  count_memory(program, counts);
}

std::int64_t entries(const Launch& launch, int loop) {
  Selection entered;
  entered.edge_loop = static_cast<std::int8_t>(loop);
  return NestCounter{launch}.executions(loop, entered);
}

}  // namespace rooftile
