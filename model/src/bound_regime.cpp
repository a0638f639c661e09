#include "rooftile/model/bound_regime.hpp"

#include "rooftile/model/occupancy.hpp"

namespace rooftile {
namespace {

/// From which part of the time on launches are what decides.
constexpr double most_of_the_time = 0.5;

/// Time that passes in launches with fewer CTAs than places, over that of all launches.
double underfilled_part(const Device& device, const Program& program, const Prediction& prediction) {
  const SmLimits sm{device};
  Seconds underfilled{0}, all{0};
  for (std::size_t l = 0; l < prediction.launches.size(); ++l) {
    const LaunchPrediction& launch = prediction.launches[l];
    const double places = device.sm.count.value() * static_cast<double>(occupancy(sm, program.launches[l]).resident);
    all += launch.time;
    if (static_cast<double>(launch.ctas) < places) underfilled += launch.time;
  }
  return underfilled / all;
}

}  // namespace

BoundRegime bound_regime(const Device& device, const Program& program, const Prediction& prediction) {
  const Seconds overhead{program.forward.call_overhead + program.backward.call_overhead};
  const Seconds launching = prediction.alone_on(Limit::launch) + overhead;
  if (prediction.bound == Limit::launch || launching >= prediction.time * most_of_the_time) return BoundRegime::launch;
  if (underfilled_part(device, program, prediction) > most_of_the_time) return BoundRegime::underfilled;
  const bool behind_the_sms = prediction.bound == Limit::dram || prediction.bound == Limit::l2;
  return behind_the_sms ? BoundRegime::memory : BoundRegime::compute;
}

}  // namespace rooftile
