// The textbook roofline (Williams, Waterman, Patterson 2009, CACM 52(4)): one memory level, one compute peak.
//
//   time of a launch = max(HBM bytes / HBM bandwidth, FLOP / peak)        time of a call = sum over its launches
//
// HBM bytes are the swept bytes of TensorUse: each launch reads its inputs and writes its outputs once per sweep;
// atomics read what they write. FLOP are those the launch executes on the matrix units, padding and masked blocks
// included.
#include <algorithm>

#include "../explain/explain_roofline.hpp"
#include "predictors.hpp"
#include "rooftile/model/host_link.hpp"
#include "rooftile/model/occupancy.hpp"
#include "rooftile/model/totals.hpp"

namespace rooftile {
namespace {

class Roofline final : public Predictor {
 public:
  using Predictor::predict;

  [[nodiscard]] std::string_view name() const override { return "roofline"; }
  [[nodiscard]] int version() const override { return 4; }

  [[nodiscard]] std::vector<std::string_view> needs(const Program& program) const override {
    std::vector<std::string_view> paths{"clock.tensor_boost", "sm.count", "memory.dram.bandwidth",
                                        matmul_rate_leaf(program.dtype)};
    if (program.keeps(Placement::host)) paths.emplace_back("memory.host.link");
    return paths;
  }

  [[nodiscard]] tl::expected<Prediction, Refusal> predict(const Device& device, const Program& program,
                                                          const ProgramCounts& counts) const override {
    if (auto refused = fits(device, program, counts); !refused) return tl::unexpected{refused.error()};
    const FlopsPerSecond peak = matmul_peak(device, program.dtype);

    tl::expected<Prediction, Refusal> result{tl::in_place};
    Totals totals{program, counts, *result};
    for (std::size_t l = 0; l < program.launches.size(); ++l) {
      LaunchPrediction& part = totals.begin(l);
      for (const TensorUse& use : counts.uses_of(l)) {
        part.dram_bytes.read += Bytes{static_cast<double>(use.swept_loads + use.swept_updates)};
        part.dram_bytes.write += Bytes{static_cast<double>(use.swept_stores)};
      }
      fetch_from_host(part, program, counts.uses_of(l));
      part.dram = part.dram_bytes.total() / device.memory.dram.bandwidth;
      part.sm = Flops{counts.launch[l].work_of(OpKind::mma)} / peak;
      part.bound = part.sm > part.dram ? Limit::tensor : Limit::dram;
      part.time = std::max(part.sm, part.dram);
      overlap_fetch(part, device);
      totals.add_alone(Limit::dram, part.dram);
      totals.add_alone(Limit::tensor, part.sm);
      totals.add(part);
    }
    totals.finish();
    return result;
  }

  [[nodiscard]] Explanation explain(const Profile& profile, const Program& program,
                                    const Prediction& prediction) const override {
    return explain::roofline(profile, program, prediction);
  }
};

}  // namespace

const Predictor& roofline_predictor() {
  static const Roofline predictor;
  return predictor;
}

}  // namespace rooftile
