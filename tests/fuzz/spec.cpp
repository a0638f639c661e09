// load_spec. A spec that is read can be asked: every call of it is a program or a refusal with its reason.
#include <iterator>
#include <memory>

#include "invariants.hpp"
#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/program.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"

namespace rooftile::fuzz {
namespace {

AttentionShape attention(std::int64_t heads, std::int64_t kv_heads, std::int64_t seq_q, std::int64_t seq_kv, Mask mask,
                         Pass pass, double dropout) {
  return {.batch = 2,
          .heads = heads,
          .kv_heads = kv_heads,
          .seq_q = seq_q,
          .seq_kv = seq_kv,
          .head_dim = 64,
          .dtype = DType::fp16,
          .mask = mask,
          .pass = pass,
          .dropout = dropout};
}

const Workload workloads[] = {attention(8, 8, 1000, 1000, Mask::causal, Pass::fwd, 0),
                              attention(8, 2, 1, 5000, Mask::none, Pass::fwd, 0),
                              attention(4, 4, 512, 512, Mask::key_padding, Pass::fwd_bwd, 0.1),
                              GemmShape{1, 300, 200, 100, DType::fp16}, SoftmaxShape{100, 1000, DType::fp16}};

void check_answers(const KernelSpec& spec) {
  static const Device devices[] = {
      yaml::ProfileCatalogue{{std::string{ROOFTILE_SOURCE_DIR} + "/hw_profiles"}}.load("a100_sxm4_80gb").device,
      yaml::ProfileCatalogue{{std::string{ROOFTILE_SOURCE_DIR} + "/hw_profiles"}}.load("h100_sxm5_80gb").device};
  static const auto program = std::make_unique<Program>();
  for (const Device& device : devices) {
    for (const Workload& workload : workloads) {
      const auto built = build(*program, device, workload, spec);
      if (built) {
        require(!program->launches.empty(), "a program has a launch", spec.name);
      } else {
        require(!built.error().reason.empty() && built.error().status != Status::ok, "a refusal has a reason",
                spec.name);
      }
    }
  }
}

}  // namespace
}  // namespace rooftile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rooftile;
  static const fuzz::ScratchFile file{"spec.yaml"};
  const std::string text = fuzz::text_of(data, size);
  file.write(text);
  try {
    fuzz::check_answers(yaml::load_spec(file.path()));
  } catch (const InputError& error) {
    fuzz::check_refusal(error, text, file.path(), {"the file is empty"});
  }
  return 0;
}
