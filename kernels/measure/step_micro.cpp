#include <algorithm>

#include "measure/cuda_check.hpp"
#include "measure/micro/micro.hpp"
#include "measure/steps.hpp"

namespace rooftile::kernels::measure {
namespace {

/// Whether a good line of this benchmark, with whatever parameters, was there before.
bool measured_before(const ExistingLines& existing, std::string_view name) {
  const std::string start = micro_key(name, "");
  const auto at = existing.done.lower_bound(start);
  return at != existing.done.end() && at->starts_with(start);
}

}  // namespace

void micro_step(Session& session) {
  std::vector<Item> items;
  for (const MicroName& micro : micro_names()) {
    const std::string name(micro.name);
    const auto run = [&session, name] {
      const Outcome outcome = session.attempt([&] {
        run_micro_benchmarks(session.keeper(), session.device(), {session.run(), {name}},
                             [&](const JsonObject& line) { session.write(line); });
      });
      if (!outcome.ok()) session.say("  " + name + ": " + outcome.reason);
    };
    items.push_back({.label = name + ": " + std::string(micro.summary),
                     .done = [&session, name] { return measured_before(session.out().existing(), name); },
                     .work = run});
  }
  session.each("micro", std::move(items));
}

}  // namespace rooftile::kernels::measure
