#include "question/sensitivity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rooftile::experiments {
namespace {

/// Below this a change is rounding, not effect.
constexpr double no_change = 1e-9;

std::optional<double> nudged_value(const DeviceLeaf& leaf, double value, double step) {
  double next = value * (1 + step);
  if (leaf.whole) {
    next = std::round(next);
    if (next == value) next += step > 0 ? 1 : -1;
  }
  next = std::clamp(next, leaf.least, leaf.most);
  if (value == 0 || next == value) return std::nullopt;
  return next;
}

/// Asks the question with single numbers changed.
class Prober {
 public:
  Prober(const Question& question, const Answer& base, Answerer& answerer)
      : question_{question}, base_{base}, answerer_{answerer} {}

  [[nodiscard]] LeafEffect probe(const StatedLeaf& stated) {
    LeafEffect effect{.leaf = find_leaf(stated.path), .text = stated.text, .value = stated.value};
    effect.lower = ask(*effect.leaf, nudged_value(*effect.leaf, stated.value, -sensitivity_step));
    effect.higher = ask(*effect.leaf, nudged_value(*effect.leaf, stated.value, sensitivity_step));
    effect.elasticity = elasticity(effect);
    return effect;
  }

 private:
  std::optional<Nudged> ask(const DeviceLeaf& leaf, std::optional<double> value) {
    if (!value) return std::nullopt;
    auto changed = std::make_shared<Profile>(*base_.profile);
    *leaf.storage(changed->device) = *value;
    const Answer answer = answerer_.answer(question_, std::move(changed));
    return Nudged{.value = *value,
                  .status = answer.status,
                  .reason = answer.reason,
                  .time = answer.prediction.time,
                  .bound = answer.prediction.bound};
  }

  [[nodiscard]] std::optional<double> elasticity(const LeafEffect& effect) const {
    const Nudged here{.value = effect.value, .time = base_.prediction.time};
    const auto side = [&here](const std::optional<Nudged>& nudged) {
      return nudged && nudged->status == Status::ok ? *nudged : here;
    };
    const Nudged lower = side(effect.lower);
    const Nudged higher = side(effect.higher);
    if (lower.value == higher.value) return std::nullopt;
    return std::log(higher.time / lower.time) / std::log(higher.value / lower.value);
  }

  const Question& question_;
  const Answer& base_;
  Answerer& answerer_;
};

/// The larger of the two changes of time; one after which the kernel cannot run is larger than any.
double size_of(const LeafEffect& effect, Seconds base) {
  double size = 0;
  for (const auto& nudged : {effect.lower, effect.higher}) {
    if (nudged && nudged->status != Status::ok) return std::numeric_limits<double>::infinity();
    size = std::max(size, std::abs(LeafEffect::change(nudged, base).value_or(0)));
  }
  return size;
}

}  // namespace

std::optional<double> LeafEffect::change(const std::optional<Nudged>& nudged, Seconds base) {
  if (!nudged || nudged->status != Status::ok) return std::nullopt;
  return nudged->time / base - 1;
}

Sensitivity sensitivity(const Question& question, Answerer& answerer) {
  Sensitivity result{.question = question, .base = answerer.answer(question)};
  if (result.base.status != Status::ok) return result;
  Prober prober{question, result.base, answerer};
  const Seconds base = result.base.prediction.time;
  for (const StatedLeaf& stated : result.base.profile->leaves) {
    LeafEffect effect = prober.probe(stated);
    if (size_of(effect, base) < no_change) {
      ++result.without_effect;
    } else {
      result.effects.push_back(std::move(effect));
    }
  }
  std::ranges::stable_sort(result.effects, std::ranges::greater{},
                           [base](const LeafEffect& effect) { return size_of(effect, base); });
  return result;
}

}  // namespace rooftile::experiments
