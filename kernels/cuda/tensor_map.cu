// BoxedTensor as a CUtensorMap. The encoder is a function of the driver; it is asked for at run time, so that programs
// start where no driver is installed (CUDA runtime API, cudaGetDriverEntryPointByVersion).
#include <cuda.h>
#include <cuda_runtime_api.h>

#include <cstring>

#include "cuda/launch.hpp"

namespace rooftile::kernels::cuda {
namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

cudaError_t find_encoder(Encode& encode) {
  constexpr unsigned first_with_tma = 12000;  // CUDA 12.0
  void* entry = nullptr;
  cudaDriverEntryPointQueryResult found{};
  const cudaError_t status =
      cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &entry, first_with_tma, cudaEnableDefault, &found);
  if (status != cudaSuccess) return status;
  if (found != cudaDriverEntryPointSuccess) return cudaErrorNotSupported;
  encode = reinterpret_cast<Encode>(entry);
  return cudaSuccess;
}

}  // namespace

cudaError_t encode(const BoxedTensor& tensor, TensorMap& map) {
  static_assert(sizeof(CUtensorMap) == sizeof map.bytes && alignof(CUtensorMap) <= alignof(TensorMap));
  Encode encoder = nullptr;
  if (const cudaError_t status = find_encoder(encoder); status != cudaSuccess) return status;
  const auto row = static_cast<cuuint64_t>(tensor.cols) * 2;  // bytes
  const auto rows = static_cast<cuuint64_t>(tensor.rows);
  const cuuint64_t extents[] = {static_cast<cuuint64_t>(tensor.cols), rows, static_cast<cuuint64_t>(tensor.planes)};
  const cuuint64_t strides[] = {row, row * rows};  // of rows and planes
  const cuuint32_t box[] = {box_cols, static_cast<cuuint32_t>(tensor.box_rows), 1};
  const cuuint32_t every[] = {1, 1, 1};
  CUtensorMap encoded;
  const CUresult result =  // 16 bits are moved as they are, whatever they mean
      encoder(&encoded, CU_TENSOR_MAP_DATA_TYPE_UINT16, 3, tensor.base, extents, strides, box, every,
              CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_128B,
              CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS) return cudaErrorInvalidValue;
  std::memcpy(map.bytes, &encoded, sizeof encoded);
  return cudaSuccess;
}

}  // namespace rooftile::kernels::cuda
