#include "rooftile/model/counter.hpp"

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

using Lives = InlineVector<Life, max_tensors>;

/// From the first launch that uses a tensor to the last; one that is read before it is written was left by the forward.
void find_lives(const Program& program, const ProgramCounts& counts, Lives& lives) {
  for (std::size_t t = 0; t < program.tensors.size(); ++t) lives.push_back({});
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

void count_planned(const Program& program, const CountPlan& plan, ProgramCounts& counts) {
  counts.uses.clear();
  for (std::size_t l = 0; l < program.launches.size(); ++l) count_launch(program, l, plan, counts);
  count_memory(program, counts);
}

}  // namespace

void count(const Program& program, ProgramCounts& counts) {
  CountPlan plan;
  plan.make(program, counts);
  count_planned(program, plan, counts);
}

struct Counter::State {
  CountPlan plan;
  ProgramCounts counts;
};

Counter::Counter() : state_{std::make_unique<State>()} {}
Counter::Counter(Counter&&) noexcept = default;
Counter& Counter::operator=(Counter&&) noexcept = default;
Counter::~Counter() = default;

const ProgramCounts& Counter::count(const Program& program) {
  state_->plan.follow(program, state_->counts);
  count_planned(program, state_->plan, state_->counts);
  return state_->counts;
}

std::int64_t entries(const Launch& launch, int loop) {
  Selection entered;
  entered.edge_loop = static_cast<std::int8_t>(loop);
  return NestCounter{launch}.executions(loop, entered);
}

}  // namespace rooftile
