// One prediction from the installed data, printed: what a program of somebody else would do with rooftile.
#include <cstdio>

#include "rooftile/analysis/fit.hpp"
#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/format_quantity.hpp"
#include "rooftile/model/predictor.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"

int main() {
  const std::filesystem::path data = DATA;
  const rooftile::Profile profile = rooftile::yaml::ProfileCatalogue({data / "hw_profiles"}).load("a100_sxm4_80gb");
  const rooftile::KernelSpec spec = rooftile::yaml::SpecCatalogue({data / "kernels" / "specs"}).load("rt_flash2");

  rooftile::AttentionShape shape;
  shape.batch = 8;
  shape.heads = shape.kv_heads = 16;
  shape.seq_q = shape.seq_kv = 4096;
  shape.head_dim = 128;

  rooftile::Program program;
  if (const auto built = rooftile::build(program, profile.device, shape, spec); !built) {
    std::printf("no program: %s\n", built.error().reason.c_str());
    return 1;
  }
  const auto prediction = rooftile::find_predictor("hierarchical")->predict(profile.device, program);
  if (!prediction) {
    std::printf("no prediction: %s\n", prediction.error().reason.c_str());
    return 1;
  }
  // what analysis brings along must link, too: one constant, fitted to a straight line
  const rooftile::analysis::FitConstant slope{"slope", 1, 0.1, 10};
  const auto fitted = rooftile::analysis::fit({&slope, 1}, 4, [](auto values, auto residuals) {
    for (double& residual : residuals) residual = values[0] - 2;
  });
  std::printf("slope %.2f\n", fitted.values[0]);
  std::printf("%s on %s: %s\n", spec.name.c_str(), profile.name.c_str(), rooftile::format(prediction->time).c_str());
  return 0;
}
