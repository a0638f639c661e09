// cuDNN checks a graph of operations when it is finalised, without a device: every kind of call must pass.
#if __has_include(<cudnn.h>)
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "library_support.hpp"
#include "measure/peers/cudnn_plan.hpp"

namespace rooftile::kernels::measure {
namespace {

class CudnnGraph : public testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    cudnn_ = load<CudnnLibrary>(why);
    if (!cudnn_) GTEST_SKIP() << why;
  }
  std::unique_ptr<CudnnLibrary> cudnn_;
};

std::int64_t engines(const AttentionGraph& graph) {
  return graph.graph->integer(CUDNN_ATTR_OPERATIONGRAPH_ENGINE_GLOBAL_COUNT);
}

/// MHA, GQA and MQA, both types, every head dim of our kernels, lengths that fill no tile.
std::vector<AttentionCall> calls(bool causal) {
  std::vector<AttentionCall> all;
  for (const Element element : {Element::fp16, Element::bf16}) {
    for (const int head_dim : {64, 128, 256}) {
      for (const int kv_heads : {1, 4, 16}) all.push_back({element, 2, 16, kv_heads, 1024, 1024, head_dim, causal});
      all.push_back({element, 2, 16, 4, 1000, 1021, head_dim, causal});
    }
  }
  return all;
}

TEST_F(CudnnGraph, UnmaskedCallsFinaliseInBothForms) {
  for (const AttentionCall& call : calls(false)) {
    const AttentionGraph composite = composite_graph(*cudnn_, call);
    EXPECT_EQ(composite.nodes.size(), 10U);
    EXPECT_GT(engines(composite), 0);
    if (!unified_covers(call, cudnn_->version())) continue;
    const AttentionGraph unified = unified_graph(*cudnn_, call);
    EXPECT_EQ(unified.nodes.size(), 1U);
    EXPECT_GT(engines(unified), 0);
  }
}

TEST_F(CudnnGraph, CausalCallsFinaliseAsAComposite) {
  for (const AttentionCall& call : calls(true)) {
    EXPECT_FALSE(unified_covers(call, cudnn_->version()));
    const AttentionGraph graph = composite_graph(*cudnn_, call);
    EXPECT_EQ(graph.nodes.size(), call.seq_q == call.seq_kv ? 14U : 16U);
    EXPECT_GT(engines(graph), 0);
  }
}

TEST_F(CudnnGraph, BindsEveryTensorOnce) {
  using Ids = std::vector<std::int64_t>;
  const AttentionCall square{Element::fp16, 1, 4, 2, 256, 256, 64, false};
  EXPECT_EQ(composite_graph(*cudnn_, square).bound, (Ids{graph_q, 2, 3, 4, graph_lse, graph_scale}));
  AttentionCall causal = square;
  causal.causal = true;
  EXPECT_EQ(composite_graph(*cudnn_, causal).bound,
            (Ids{graph_q, 2, 3, 4, graph_lse, graph_scale, graph_negative_infinity}));
  causal.seq_q = 128;
  EXPECT_EQ(composite_graph(*cudnn_, causal).bound,
            (Ids{graph_q, 2, 3, 4, graph_lse, graph_scale, graph_negative_infinity, graph_seq_kv, graph_seq_q}));
}

TEST_F(CudnnGraph, AWrongShapeIsRefusedWithItsReason) {
  const AttentionCall uneven{Element::fp16, 1, 4, 3, 256, 256, 64, false};
  try {
    const AttentionGraph graph = composite_graph(*cudnn_, uneven);
    FAIL() << "4 heads shared 3 K/V heads";
  } catch (const CudnnError& error) {
    EXPECT_EQ(std::string{error.what()}.rfind("cuDNN: ", 0), 0U) << error.what();
    EXPECT_NE(std::string{error.what()}.find("CUDNN_STATUS_"), std::string::npos) << error.what();
  }
}

TEST_F(CudnnGraph, WithoutADeviceThereIsNoPlanAndTheReasonIsSaid) {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess && count > 0) GTEST_SKIP() << "there is a device";
  EXPECT_TRUE(engine_configs(*cudnn_, composite_graph(*cudnn_, {})).empty());
  EXPECT_THROW(CudnnHandle{*cudnn_}, CudnnError);
  try {
    const CudnnPlan plan = plan_attention(*cudnn_, nullptr, {});
    FAIL() << "planned without a device: " << plan.text;
  } catch (const CudnnError& error) {
    EXPECT_NE(std::string{error.what()}.find("cuDNN: no engine for the composite graph"), std::string::npos)
        << error.what();
  }
}

TEST_F(CudnnGraph, AddressesFollowTheIdentifiers) {
  const AttentionCall call{Element::fp16, 1, 4, 2, 128, 256, 64, true};
  const AttentionGraph graph = composite_graph(*cudnn_, call);
  const GraphScalars scalars = graph_scalars(call, cudnn_->version());
  Buffers buffers{};
  for (std::size_t i = 0; i < buffers.size(); ++i) buffers[i] = reinterpret_cast<void*>(0x1000 * (i + 1));
  const std::vector<const void*> expected{buffers[tensor_q],          buffers[tensor_k],   buffers[tensor_v],
                                          buffers[tensor_o],          buffers[tensor_lse], &scalars.scale,
                                          &scalars.negative_infinity, &scalars.seq_kv,     &scalars.seq_q};
  const std::vector<void*> addresses = bound_addresses(graph, buffers, scalars);
  EXPECT_TRUE(std::equal(addresses.begin(), addresses.end(), expected.begin(), expected.end()));
  CudnnPlan plan;
  plan.graph.bound = graph.bound;
  EXPECT_NO_THROW(static_cast<void>(bind_addresses(*cudnn_, plan, buffers, scalars, nullptr)));
}

TEST(CudnnScalars, FollowTheCallAndTheVersion) {
  const AttentionCall call{Element::fp16, 1, 4, 2, 128, 256, 64, true};
  const GraphScalars scalars = graph_scalars(call, 91900);
  EXPECT_FLOAT_EQ(scalars.scale, 0.125F);
  EXPECT_TRUE(std::isinf(scalars.negative_infinity));
  EXPECT_EQ(scalars.seq_kv - scalars.seq_q, call.causal_offset());
  EXPECT_EQ(graph_scalars(call, 90800).negative_infinity, std::numeric_limits<float>::lowest());
}

TEST(CudnnRefusal, CallsThatNoEngineIsAskedFor) {
  AttentionCall call{Element::fp16, 1, 4, 2, 256, 256, 128, true};
  EXPECT_EQ(cudnn_refusal(call), "");
  call.seq_q = 257;
  EXPECT_EQ(cudnn_refusal(call), "cuDNN: causal rows that see no key (seq_q > seq_kv)");
  call.causal = false;
  EXPECT_EQ(cudnn_refusal(call), "");
  call.head_dim = 512;
  EXPECT_EQ(cudnn_refusal(call), "cuDNN: head_dim above 256");
  call.head_dim = 100;
  EXPECT_EQ(cudnn_refusal(call), "head_dim must be a multiple of 8 (16-byte rows)");
  call.kv_heads = 3;
  EXPECT_EQ(cudnn_refusal(call), "heads must be a multiple of kv_heads");
  call.batch = 0;
  EXPECT_EQ(cudnn_refusal(call), "every size must be at least 1");
}

}  // namespace
}  // namespace rooftile::kernels::measure
#endif
