// cuDNN's fused attention as a peer: one plan per call, kept until another call is asked for.
#include <optional>

#include "measure/peers/make_peers.hpp"
#include "measure/peers/missing_peer.hpp"

#if __has_include(<cudnn.h>)
#include "measure/peers/cudnn_plan.hpp"

namespace rooftile::kernels::measure {
namespace {

class CudnnSdpa final : public Peer {
 public:
  explicit CudnnSdpa(const LibrarySearch& search) : library_(search) {}

  [[nodiscard]] std::string_view name() const override { return "cudnn_sdpa"; }
  [[nodiscard]] std::string version() const override {
    return "cuDNN " + library_.version_text() + (plan_ ? ", " + plan_->text : "");
  }
  [[nodiscard]] std::string refusal(const AttentionCall& call) override {
    if (std::string why = pass_refusal(*this, call.pass); !why.empty()) return why;
    if (std::string why = cudnn_refusal(call); !why.empty()) return why;
    try {
      plan(call);
      return {};
    } catch (const CudnnError& error) {
      return error.what();
    }
  }
  [[nodiscard]] Tensors tensors(const AttentionCall& call) const override { return attention_tensors(call); }
  [[nodiscard]] std::size_t workspace_bytes(const AttentionCall& call) override {
    if (const std::string why = refusal(call); !why.empty()) throw Unavailable(why);
    return static_cast<std::size_t>(plan(call).workspace_bytes);
  }
  void prepare(const AttentionCall& call, const Buffers& buffers, void* workspace, cudaStream_t stream) override {
    if (const std::string why = refusal(call); !why.empty()) throw Unavailable(why);
    scalars_ = graph_scalars(call, library_.version());
    pack_ = bind_addresses(library_, plan(call), buffers, scalars_, workspace);
    handle_->set_stream(stream);
  }
  void launch() override {
    if (!plan_ || !pack_) throw std::runtime_error("cuDNN: launch() before prepare()");
    library_.check(library_.execute(handle_->raw(), plan_->plan->raw(), pack_->raw()), "cudnnBackendExecute");
  }

 private:
  /// The plan of this call, made if it is not the one at hand.
  CudnnPlan& plan(const AttentionCall& call) {
    if (plan_ && planned_ == call) return *plan_;
    pack_.reset();
    plan_.reset();
    if (!handle_) handle_.emplace(library_);
    plan_ = plan_attention(library_, handle_->raw(), call);
    planned_ = call;
    return *plan_;
  }

  CudnnLibrary library_;
  std::optional<CudnnHandle> handle_;
  AttentionCall planned_;
  std::optional<CudnnPlan> plan_;
  GraphScalars scalars_;
  std::optional<Descriptor> pack_;
};

}  // namespace

std::unique_ptr<Peer> make_cudnn_sdpa(const LibrarySearch& search) {
  try {
    return std::make_unique<CudnnSdpa>(search);
  } catch (const Unavailable& missing) {
    return std::make_unique<MissingPeer>("cudnn_sdpa", missing.what());
  }
}

}  // namespace rooftile::kernels::measure

#else

namespace rooftile::kernels::measure {

std::unique_ptr<Peer> make_cudnn_sdpa(const LibrarySearch& /*search*/) {
  return std::make_unique<MissingPeer>("cudnn_sdpa", "built without cuDNN's headers (cudnn.h)");
}

}  // namespace rooftile::kernels::measure

#endif
