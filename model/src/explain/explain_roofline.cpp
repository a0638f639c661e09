#include "explain_roofline.hpp"

#include "lines.hpp"
#include "rooftile/model/format_quantity.hpp"

namespace rooftile::explain {

Explanation roofline(const Profile& profile, const Program& program, const Prediction& prediction) {
  ProgramCounts counts;
  count(program, counts);
  Explanation explanation;
  const Device& device = profile.device;
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    const Launch& launch = program.launches[l];
    const LaunchPrediction& part = prediction.launches[l];
    ExplanationSection section{"launch " + std::string{launch.name}, {}};
    add_grid(section, launch, counts.launch[l]);
    add_tensors(section, program, counts.uses_of(l));
    add_work(section, counts.launch[l]);
    section.lines.push_back({"HBM time",
                             format(part.dram_bytes.total(), 4) + " / " + format(device.memory.dram.bandwidth),
                             format(part.dram, 4), cite(profile, {"memory.dram.bandwidth"})});
    section.lines.push_back(
        {"compute time",
         amount(counts.launch[l].work_of(OpKind::mma)) + " FLOP / " + format(matmul_peak(device, program.dtype)),
         format(part.sm, 4), cite(profile, {matmul_rate_leaf(program.dtype), "sm.count", "clock.tensor_boost"})});
    add_host_link(section, profile, part);
    section.lines.push_back({"launch time", "the longer of the two", format(part.time, 4), ""});
    explanation.sections.push_back(std::move(section));
  }
  explanation.sections.push_back(total(program, prediction));
  explanation.sections.push_back(
      {"assumptions",
       {{"HBM traffic", "each launch reads its inputs and writes its outputs once per sweep", "",
         "Williams et al. 2009"},
        {"overlap", "memory and compute of a launch overlap perfectly, launches do not", "", ""}}});
  return explanation;
}

}  // namespace rooftile::explain
