// JSON lines of the measuring program. What is read can be stored, and storing it again changes nothing.

#include "rooftile/analysis/measurements.hpp"
#include "invariants.hpp"

namespace rooftile::fuzz {
namespace {

using analysis::Measurements;

const std::string name = "visit.jsonl";

std::string profile_of(std::string_view device) {
  if (device == "NVIDIA H100 80GB HBM3") return "h100_sxm5_80gb";
  throw InputError{unknown_name_message("device", device, {"NVIDIA H100 80GB HBM3"})};
}

void check_measurements(const Measurements& found) {
  for (const analysis::MeasuredResult& result : found.results) {
    require(result.run < found.runs.size(), "a result has its run", name);
    require(check(result.row.key.workload).has_value(), "a result has a workload", name);
    require(!result.row.key.source.empty(), "an observation has a source", name);
  }
  analysis::Store store = analysis::Store::in_memory();
  const analysis::PutReport first = store.put_measurements(found);
  require(first.added == found.rows() && first.unchanged == 0, "every row is stored", name);
  const analysis::PutReport again = store.put_measurements(found);
  require(again.added == 0 && again.unchanged == found.rows(), "storing again changes nothing", name);
}

}  // namespace
}  // namespace rooftile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rooftile;
  const std::string text = fuzz::text_of(data, size);
  try {
    fuzz::check_measurements(analysis::parse_measurements(
        text, fuzz::name, {.profile_of = fuzz::profile_of, .kernels = {"rt_flash2", "rt_standard", "cudnn_sdpa"}}));
  } catch (const InputError& error) {
    fuzz::check_refusal(error, text, fuzz::name, {"holds no line"});
  }
  return 0;
}
