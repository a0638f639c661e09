// Standard attention as a user of cuBLAS writes it: S = scale · Q Kᵀ and O = P V by cublasGemmStridedBatchedEx (16-bit
// operands and results, fp32 accumulation), and between them the softmax of rt_standard_online, our own kernel (a row
// is read twice, written once; causal mask and LSE included). So it differs from rt_standard_online in the two
// products alone.
#include <optional>

#include "measure/peers/cublas_products.hpp"
#include "measure/peers/make_peers.hpp"
#include "measure/peers/malformed.hpp"
#include "measure/peers/missing_peer.hpp"
#include "measure/peers/standard_softmax.hpp"

#if __has_include(<cublas_v2.h>)
#include <cublas_v2.h>

namespace rooftile::kernels::measure {
namespace {

/// NVIDIA recommends 32 MiB for Hopper and 4 MiB before (cuBLAS documentation, cublasSetWorkspace); with memory of
/// our own the calls can be captured into a graph.
constexpr std::size_t cublas_workspace_bytes = std::size_t{32} << 20;

struct CublasLibrary {
  SharedLibrary library;
  decltype(&::cublasCreate_v2) create = ROOFTILE_SYMBOL(library, cublasCreate_v2);
  decltype(&::cublasDestroy_v2) destroy = ROOFTILE_SYMBOL(library, cublasDestroy_v2);
  decltype(&::cublasGetProperty) property = ROOFTILE_SYMBOL(library, cublasGetProperty);
  decltype(&::cublasSetStream_v2) set_stream = ROOFTILE_SYMBOL(library, cublasSetStream_v2);
  decltype(&::cublasSetWorkspace_v2) set_workspace = ROOFTILE_SYMBOL(library, cublasSetWorkspace_v2);
  decltype(&::cublasGetStatusName) status_name = ROOFTILE_SYMBOL(library, cublasGetStatusName);
  decltype(&::cublasGetStatusString) status_string = ROOFTILE_SYMBOL(library, cublasGetStatusString);
  // The 64-bit variant: its name is not overloaded in the header.
  decltype(&::cublasGemmStridedBatchedEx_64) gemm = ROOFTILE_SYMBOL(library, cublasGemmStridedBatchedEx_64);

  explicit CublasLibrary(const LibrarySearch& search) : library("cublas", std::to_string(CUBLAS_VER_MAJOR), search) {}

  void check(cublasStatus_t status, const char* what) const {
    if (status == CUBLAS_STATUS_SUCCESS) return;
    throw std::runtime_error(std::string{"cuBLAS: "} + what + ": " + status_name(status) + ": " +
                             status_string(status));
  }
};

class CublasStandard final : public Peer {
 public:
  explicit CublasStandard(const LibrarySearch& search) : cublas_(search) {}
  ~CublasStandard() override {
    if (handle_ != nullptr) cublas_.destroy(handle_);
  }

  [[nodiscard]] std::string_view name() const override { return "cublas_standard"; }
  [[nodiscard]] std::string version() const override {
    std::string text = "cuBLAS ";
    for (const libraryPropertyType part : {MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL}) {
      int number = 0;
      cublas_.property(part, &number);
      text += std::to_string(number) + (part == PATCH_LEVEL ? "" : ".");
    }
    return text + ", softmax of rt_standard_online";
  }
  [[nodiscard]] std::string refusal(const AttentionCall& call) override {
    if (std::string why = pass_refusal(*this, call.pass); !why.empty()) return why;
    if (std::string why = malformed(call); !why.empty()) return why;
    if (const char* why = softmax_refusal(call); why != nullptr) return why;
    try {
      make_handle();
      return {};
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }
  [[nodiscard]] Tensors tensors(const AttentionCall& call) const override { return softmax_tensors(call); }
  [[nodiscard]] std::size_t workspace_bytes(const AttentionCall& /*call*/) override { return cublas_workspace_bytes; }
  void prepare(const AttentionCall& call, const Buffers& buffers, void* workspace, cudaStream_t stream) override;
  void launch() override;

 private:
  void make_handle() {
    if (handle_ == nullptr) cublas_.check(cublas_.create(&handle_), "cublasCreate");
  }
  void multiply(const BatchedProduct& product, const char* what);

  CublasLibrary cublas_;
  cublasHandle_t handle_ = nullptr;
  AttentionCall call_;
  Buffers buffers_{};
  cudaStream_t stream_ = nullptr;
  bool prepared_ = false;
};

void CublasStandard::prepare(const AttentionCall& call, const Buffers& buffers, void* workspace, cudaStream_t stream) {
  if (const std::string why = refusal(call); !why.empty()) throw Unavailable(why);
  // In this order: setting the stream takes the handle back to cuBLAS's own workspace.
  cublas_.check(cublas_.set_stream(handle_, stream), "cublasSetStream");
  cublas_.check(cublas_.set_workspace(handle_, workspace, cublas_workspace_bytes), "cublasSetWorkspace");
  call_ = call;
  buffers_ = buffers;
  stream_ = stream;
  prepared_ = true;
}

void CublasStandard::launch() {
  if (!prepared_) throw std::runtime_error("cuBLAS: launch() before prepare()");
  const Tensors all = softmax_tensors(call_);
  multiply(score_product(call_, all[first_workspace]), "Q K^T");
  if (const cudaError_t status = launch_softmax(call_, buffers_, stream_); status != cudaSuccess)
    throw std::runtime_error(std::string{"softmax: "} + cudaGetErrorString(status));
  multiply(output_product(call_, all[first_workspace + 1]), "P V");
}

/// The factor is applied to the fp32 sums, before they are rounded.
void CublasStandard::multiply(const BatchedProduct& product, const char* what) {
  const cudaDataType type = call_.element == Element::fp16 ? CUDA_R_16F : CUDA_R_16BF;
  const ProductOperand& left = product.left;
  const ProductOperand& right = product.right;
  const ProductOperand& result = product.result;
  const float zero = 0;
  cublas_.check(
      cublas_.gemm(handle_, product.left_transposed ? CUBLAS_OP_T : CUBLAS_OP_N, CUBLAS_OP_N, product.m, product.n,
                   product.k, &product.factor, buffers_[left.tensor], type, left.leading, left.stride,
                   buffers_[right.tensor], type, right.leading, right.stride, &zero, buffers_[result.tensor], type,
                   result.leading, result.stride, product.count, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
      what);
}

}  // namespace

std::unique_ptr<Peer> make_cublas_standard(const LibrarySearch& search) {
  try {
    return std::make_unique<CublasStandard>(search);
  } catch (const Unavailable& missing) {
    return std::make_unique<MissingPeer>("cublas_standard", missing.what());
  }
}

}  // namespace rooftile::kernels::measure

#else

namespace rooftile::kernels::measure {

std::unique_ptr<Peer> make_cublas_standard(const LibrarySearch& /*search*/) {
  return std::make_unique<MissingPeer>("cublas_standard", "built without cuBLAS's headers (cublas_v2.h)");
}

}  // namespace rooftile::kernels::measure

#endif
