// How a kernel of a text starts on the GPU; the counterpart of host/launch.hpp. Declared here for whoever launches;
// defined in cuda/launch_impl.cuh, which only the generated instance files include.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "isa/isa.hpp"

namespace rooftile::kernels::cuda {

/// Starts one kernel, with this access policy window unless it is null. Raises the dynamic shared memory limit of the
/// kernel where it needs more than 48 KiB.
template <class Kernel>
cudaError_t launch(Grid grid, std::int64_t smem, const typename Kernel::Params& params, cudaStream_t stream,
                   const cudaAccessPolicyWindow* window);

/// What TMA is told of a tensor; fails where there is no driver that knows TMA.
cudaError_t encode(const BoxedTensor& tensor, TensorMap& map);

/// What standard::launch(), flash2::launch() ... get to launch with on the GPU (text/README.md).
struct Launcher {
  cudaStream_t stream = nullptr;
  const cudaAccessPolicyWindow* window = nullptr;  ///< which lines every launch keeps in L2; null: none
  cudaError_t status = cudaSuccess;                ///< of the first launch that failed; later ones are not started

  /// How a kernel's Params name a tensor that TMA moves.
  [[nodiscard]] TensorMap tensor_map(const BoxedTensor& tensor) {
    TensorMap map{};
    if (status == cudaSuccess) status = cuda::encode(tensor, map);
    return map;
  }

  template <class Kernel>
  void launch(const char* /*name*/, Grid grid, std::int64_t smem, const typename Kernel::Params& params) {
    if (status == cudaSuccess) status = cuda::launch<Kernel>(grid, smem, params, stream, window);
  }
};

}  // namespace rooftile::kernels::cuda
