#include "measure/peers/standard_softmax.hpp"

#include <string_view>

#include "cuda/launch.hpp"
#include "text/standard.hpp"

namespace rooftile::kernels::measure {
namespace {

/// Starts the launch named "softmax" and lets the others pass.
struct SoftmaxLauncher {
  cuda::Launcher all;

  template <class Kernel>
  void launch(const char* name, Grid grid, std::int64_t smem, const typename Kernel::Params& params) {
    if (std::string_view{name} == "softmax") all.launch<Kernel>(name, grid, smem, params);
  }
};

}  // namespace

const char* softmax_refusal(const AttentionCall& call) { return standard::Online::refusal(call); }

Tensors softmax_tensors(const AttentionCall& call) { return standard::Online::tensors(call); }

cudaError_t launch_softmax(const AttentionCall& call, const Buffers& buffers, cudaStream_t stream) {
  SoftmaxLauncher launcher{{.stream = stream}};
  standard::Online::launch(launcher, call, buffers);
  return launcher.all.status;
}

}  // namespace rooftile::kernels::measure
