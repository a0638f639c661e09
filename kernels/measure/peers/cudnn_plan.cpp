#if __has_include(<cudnn.h>)
#include "measure/peers/cudnn_plan.hpp"

#include <utility>

namespace rooftile::kernels::measure {
namespace {

/// cuDNN's number of the engine behind a configuration; -1 where it does not tell, which is no reason not to use it.
std::int64_t engine_number(const Descriptor& config) {
  try {
    return config.list(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR)
        .at(0)
        .integer(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
  } catch (const std::exception&) {
    return -1;
  }
}

void add_configs(const CudnnLibrary& library, const AttentionGraph& graph, cudnnBackendHeurMode_t mode,
                 std::vector<EngineConfig>& configs) {
  Descriptor heuristics{library, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR};
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, *graph.graph);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, {mode});
  heuristics.finalize("heuristics");
  for (Descriptor& config : heuristics.list(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR)) {
    const std::int64_t number = engine_number(config);
    configs.push_back({std::move(config), number});
  }
}

/// Makes a plan of `graph` with the first configuration that takes it; nullopt with `why` if none does.
std::optional<CudnnPlan> plan_graph(const CudnnLibrary& library, cudnnHandle_t handle, AttentionGraph graph,
                                    std::string& why) {
  why = "cuDNN: no engine for the " + std::string{graph.form} + " graph";
  for (EngineConfig& config : engine_configs(library, graph)) {
    try {
      Descriptor plan{library, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR};
      plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, {handle});
      plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config.descriptor);
      plan.finalize("plan with engine " + std::to_string(config.engine));
      CudnnPlan made;
      made.text = std::string{graph.form} + ", engine " + std::to_string(config.engine);
      made.workspace_bytes = plan.integer(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
      made.graph = std::move(graph);
      made.config = std::move(config.descriptor);
      made.plan = std::move(plan);
      return made;
    } catch (const CudnnError& error) {
      why = error.what();
    }
  }
  return std::nullopt;
}

}  // namespace

CudnnHandle::CudnnHandle(const CudnnLibrary& library) : library_(library) {
  library_.check(library_.create(&raw_), "cudnnCreate");
}

CudnnHandle::~CudnnHandle() { library_.destroy(raw_); }

void CudnnHandle::set_stream(cudaStream_t stream) const {
  library_.check(library_.set_stream(raw_, stream), "cudnnSetStream");
}

std::vector<EngineConfig> engine_configs(const CudnnLibrary& library, const AttentionGraph& graph) {
  std::vector<EngineConfig> configs;
  add_configs(library, graph, CUDNN_HEUR_MODE_A, configs);
  add_configs(library, graph, CUDNN_HEUR_MODE_FALLBACK, configs);
  return configs;
}

CudnnPlan plan_attention(const CudnnLibrary& library, cudnnHandle_t handle, const AttentionCall& call) {
  std::string why_unified;
  if (unified_covers(call, library.version())) {
    auto plan = plan_graph(library, handle, unified_graph(library, call, handle), why_unified);
    if (plan) return std::move(*plan);
    why_unified += "; ";
  }
  std::string why;
  auto plan = plan_graph(library, handle, composite_graph(library, call, handle), why);
  if (!plan) throw CudnnError(why_unified + why);
  return std::move(*plan);
}

Descriptor bind_addresses(const CudnnLibrary& library, const CudnnPlan& plan, const Buffers& buffers,
                          const GraphScalars& scalars, void* workspace) {
  const std::vector<void*> addresses = bound_addresses(plan.graph, buffers, scalars);
  Descriptor pack{library, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR};
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, std::span<const std::int64_t>{plan.graph.bound});
  pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, std::span<void* const>{addresses});
  pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, {workspace});
  pack.finalize("addresses");
  return pack;
}

}  // namespace rooftile::kernels::measure
#endif
