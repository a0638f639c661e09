// Definition of cuda::launch(): a kernel of a text, compiled for the GPU. Included by the generated instance files
// alone.
//
//   ROOFTILE_INSTANTIATE(rooftile::kernels::flash2::Instances<rooftile::kernels::fp16>)
#pragma once

#include <cuda_runtime.h>

#include <tuple>
#include <type_traits>

#include "cuda/launch.hpp"
#include "isa/device_sm90.cuh"

namespace rooftile::kernels::cuda {

/// CTAs of an SM that a kernel is compiled for: one where registers move between its warps, or ptxas drops setmaxnreg
/// (C7508); 0: whatever its registers allow.
template <class Kernel>
inline constexpr int ctas_per_sm = sm90a_only<Kernel> ? 1 : 0;

/// What the GPU runs. Registers are left to ptxas (up to 255): the tile table says how many it takes.
template <class Kernel>
__global__ void __launch_bounds__(Kernel::warps* warp_size, ctas_per_sm<Kernel>)
    kernel(const __grid_constant__ typename Kernel::Params params) {
  std::conditional_t<sm90a_only<Kernel>, DeviceSm90, Device> device;
  Kernel::run(device, params);
}

template <class Kernel>
cudaError_t launch(Grid grid, std::int64_t smem, const typename Kernel::Params& params, cudaStream_t stream,
                   const cudaAccessPolicyWindow* window) {
  constexpr std::int64_t smem_without_asking = 48 * 1024;  // CUDA C++ Programming Guide, "Shared Memory" of sm_80
  const void* const function = reinterpret_cast<const void*>(&kernel<Kernel>);
  if (smem > smem_without_asking) {
    const cudaError_t status =
        cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(smem));
    if (status != cudaSuccess) return status;
  }
  void* arguments[] = {const_cast<typename Kernel::Params*>(&params)};
  const dim3 ctas(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y), static_cast<unsigned>(grid.z));
  cudaLaunchConfig_t config{};
  config.gridDim = ctas;
  config.blockDim = dim3(Kernel::warps * warp_size);
  config.dynamicSmemBytes = static_cast<std::size_t>(smem);
  config.stream = stream;
  // An attribute of the launch, not of the stream: a graph that captures it keeps it, and other kernels go without.
  cudaLaunchAttribute attribute{};
  if (window != nullptr) {
    attribute.id = cudaLaunchAttributeAccessPolicyWindow;
    attribute.val.accessPolicyWindow = *window;
    config.attrs = &attribute;
    config.numAttrs = 1;
  }
  return cudaLaunchKernelExC(&config, function, arguments);
}

/// Holds the address of launch<K> for each K of a list: instantiating it compiles them all.
template <class List>
struct Compiled;
template <class... Kernel>
struct Compiled<Kernels<Kernel...>> {
  static const std::tuple<decltype(&launch<Kernel>)...> launches;
};
template <class... Kernel>
const std::tuple<decltype(&launch<Kernel>)...> Compiled<Kernels<Kernel...>>::launches{&launch<Kernel>...};

}  // namespace rooftile::kernels::cuda

#define ROOFTILE_INSTANTIATE(...) template struct rooftile::kernels::cuda::Compiled<__VA_ARGS__>;
