// From a graph to something that runs: cuDNN's heuristics name engine configurations, best first; the first one that
// gives a plan on this device is taken, as NVIDIA's own front end does.
//
//   const CudnnHandle handle{library};                                       needs a device
//   CudnnPlan plan = plan_attention(library, handle.raw(), call);            throws CudnnError: nothing takes the call
//   plan.execute(handle.raw(), buffers, workspace);                          plan.text: "composite, engine 8"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "measure/peers/cudnn_graph.hpp"

namespace rooftile::kernels::measure {

/// cuDNN's context on the current device. Throws CudnnError without one.
class CudnnHandle {
 public:
  explicit CudnnHandle(const CudnnLibrary& library);
  CudnnHandle(const CudnnHandle&) = delete;
  CudnnHandle& operator=(const CudnnHandle&) = delete;
  ~CudnnHandle();

  void set_stream(cudaStream_t stream) const;
  [[nodiscard]] cudnnHandle_t raw() const { return raw_; }

 private:
  const CudnnLibrary& library_;
  cudnnHandle_t raw_ = nullptr;
};

/// An engine with the number that cuDNN gives it.
struct EngineConfig {
  Descriptor descriptor;
  std::int64_t engine;  ///< -1: unknown
};

/// What the heuristics propose for a graph, mode A first, then the fallbacks. Without a device: nothing.
[[nodiscard]] std::vector<EngineConfig> engine_configs(const CudnnLibrary& library, const AttentionGraph& graph);

/// A call that is ready to run.
struct CudnnPlan {
  std::string text;  ///< "unified, engine 11"
  std::int64_t workspace_bytes = 0;
  AttentionGraph graph;
  std::optional<Descriptor> config;
  std::optional<Descriptor> plan;
};

/// The unified graph where it covers the call, else the composite one; the first configuration that works. Throws
/// CudnnError with the reason that the last one gave.
[[nodiscard]] CudnnPlan plan_attention(const CudnnLibrary& library, cudnnHandle_t handle, const AttentionCall& call);

/// The addresses as cuDNN takes them; see bound_addresses().
[[nodiscard]] Descriptor bind_addresses(const CudnnLibrary& library, const CudnnPlan& plan, const Buffers& buffers,
                                        const GraphScalars& scalars, void* workspace);

}  // namespace rooftile::kernels::measure
