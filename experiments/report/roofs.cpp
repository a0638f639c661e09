// The roofs of a GPU from its profile.
#include "report/model_charts.hpp"
#include "rooftile/model/error.hpp"

namespace rooftile::experiments {
namespace {

using analysis::Roof;

double if_stated(double value) { return value > 0 ? value : 0; }  // what a profile does not state is NaN

std::vector<Roof> roofs(const Device& device, DType dtype) {
  const double sms = device.sm.count.value(), clock = device.clock.tensor_boost.value();
  const double dram = device.memory.dram.bandwidth.value(), tensor = matmul_peak(device, dtype).value();
  const double sustained = device.clock.tensor_sustained.value() / clock;
  const std::string type{name_of(dtype)};
  std::vector<Roof> all{
      {"DRAM", true, if_stated(dram), if_stated(dram * device.memory.dram.sustained_fraction.value())},
      {"L2", true, if_stated(device.memory.l2.bandwidth.value() * device.clock.boost.value()), 0},
      {"shared memory", true, if_stated(device.memory.smem.bandwidth.value() * sms * clock), 0},
      {(dtype == DType::fp32 ? "FMA units " : "tensor cores ") + type, false, if_stated(tensor),
       if_stated(tensor * sustained)}};
  if (dtype != DType::fp32) {
    all.push_back({"FMA units fp32", false, if_stated(2 * device.sm.rates.fma_fp32.value() * sms * clock), 0});
  }
  std::erase_if(all, [](const Roof& roof) { return roof.datasheet == 0; });
  return all;
}

}  // namespace

std::vector<analysis::RoofsOf> roofs_of(const analysis::Store& store, Catalogues& catalogues,
                                        std::vector<std::string>& notes) {
  std::vector<analysis::RoofsOf> all;
  store.for_each(
      "SELECT profile, dtype FROM (SELECT profile, dtype, count(*) AS n FROM v_result WHERE latest = 1 AND status = "
      "'ok' AND "
      "method IN ('predicted', 'simulated') GROUP BY profile, dtype) GROUP BY profile HAVING max(n) ORDER BY profile",
      [&](const analysis::RowCursor& row) {
        const std::string profile{row.text(0)};
        try {
          const auto dtype = from_name<DType>(row.text(1)).value();
          all.push_back({profile, roofs(catalogues.profile(profile)->device, dtype)});
        } catch (const InputError&) {
          notes.push_back("No roofline of " + profile + ": there is no profile of this name.");
        }
      });
  return all;
}

}  // namespace rooftile::experiments
