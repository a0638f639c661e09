#if __has_include(<cudnn.h>)
#include "measure/peers/cudnn_graph.hpp"

#include <algorithm>
#include <cmath>

#include "measure/peers/malformed.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr std::size_t first_version_with_unified = 91301;
constexpr std::size_t first_version_with_infinity = 91000;

using Extent = std::array<std::int64_t, 4>;

/// Strides of [batch, heads, rows, cols] with nothing between.
Extent packed(const Extent& dims) { return {dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3], 1}; }

/// Puts a graph together; operands are places in `parts`.
class GraphBuilder {
 public:
  using Tensor = std::size_t;

  GraphBuilder(const CudnnLibrary& library, const AttentionCall& call)
      : library_(library), tensors_(attention_tensors(call)) {
    element_ = call.element == Element::fp16 ? CUDNN_DATA_HALF : CUDNN_DATA_BFLOAT16;
    scores_ = {call.batch, call.heads, call.seq_q, call.seq_kv};
    rows_ = {call.batch, call.heads, call.seq_q, 1};
  }

  /// Q, K, V or O.
  Tensor matrix(TensorIndex index) {
    const TensorLayout& layout = tensors_[index];
    const std::int64_t matrix = layout.matrix_elements();
    return bound(index, element_, {layout.batch, layout.heads, layout.rows, layout.cols},
                 {layout.heads * matrix, matrix, layout.pitch, 1});
  }
  /// K as the right operand of QKᵀ: the same memory with the last two dimensions exchanged.
  Tensor transposed_k() {
    const TensorLayout& layout = tensors_[tensor_k];
    const std::int64_t matrix = layout.matrix_elements();
    return bound(tensor_k, element_, {layout.batch, layout.heads, layout.cols, layout.rows},
                 {layout.heads * matrix, matrix, 1, layout.pitch});
  }
  Tensor lse() {
    const TensorLayout& layout = tensors_[tensor_lse];
    return bound(tensor_lse, CUDNN_DATA_FLOAT, rows_, {std::int64_t{layout.heads} * layout.pitch, layout.pitch, 1, 1});
  }
  Tensor scalar(GraphTensor id, cudnnDataType_t type) {
    graph_.bound.push_back(id);
    return tensor(id, type, {1, 1, 1, 1}, {1, 1, 1, 1}, false, true);
  }
  /// An intermediate result as large as the scores.
  Tensor scores(cudnnDataType_t type = CUDNN_DATA_FLOAT) {
    return tensor(next_virtual_++, type, scores_, packed(scores_), true, false);
  }
  Tensor scores_as_element() { return scores(element_); }
  /// One number per row of the scores.
  Tensor rows() { return tensor(next_virtual_++, CUDNN_DATA_FLOAT, rows_, packed(rows_), true, false); }

  void matmul(Tensor a, Tensor b, Tensor c);
  void pointwise(cudnnPointwiseMode_t mode, std::vector<Tensor> inputs, Tensor y,
                 cudnnDataType_t precision = CUDNN_DATA_FLOAT);
  void row_index(Tensor like, Tensor y) { index(like, y, 2); }
  void column_index(Tensor like, Tensor y) { index(like, y, 3); }
  void reduce(cudnnReduceTensorOp_t operation, Tensor x, Tensor y);
#if CUDNN_VERSION >= 91301
  void attention(Tensor q, Tensor k, Tensor v, Tensor o, Tensor stats, Tensor scale);
#endif
  AttentionGraph build(std::string_view form, cudnnHandle_t handle);

 private:
  Tensor bound(TensorIndex index, cudnnDataType_t type, const Extent& dims, const Extent& strides) {
    const std::int64_t id = graph_q + static_cast<std::int64_t>(index);
    graph_.bound.push_back(id);
    return tensor(id, type, dims, strides, false, false);
  }
  Tensor tensor(std::int64_t id, cudnnDataType_t type, const Extent& dims, const Extent& strides, bool is_virtual,
                bool by_value);
  void index(Tensor like, Tensor y, std::int64_t axis);
  Descriptor& part(cudnnBackendDescriptorType_t type) { return graph_.parts.emplace_back(library_, type); }
  Descriptor& node(cudnnBackendDescriptorType_t type) { return graph_.nodes.emplace_back(library_, type); }
  [[nodiscard]] const Descriptor& at(Tensor tensor) const { return graph_.parts[tensor]; }

  const CudnnLibrary& library_;
  Tensors tensors_;
  cudnnDataType_t element_;
  Extent scores_;
  Extent rows_;
  std::int64_t next_virtual_ = first_virtual;
  AttentionGraph graph_;
};

GraphBuilder::Tensor GraphBuilder::tensor(std::int64_t id, cudnnDataType_t type, const Extent& dims,
                                          const Extent& strides, bool is_virtual, bool by_value) {
  Descriptor& made = part(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  made.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, {type});
  made.set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, std::span<const std::int64_t>{dims});
  made.set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, std::span<const std::int64_t>{strides});
  made.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, id);
  made.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, std::int64_t{16});
  made.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, is_virtual);
  made.set(CUDNN_ATTR_TENSOR_IS_BY_VALUE, by_value);
  made.finalize("tensor " + std::to_string(id));
  return graph_.parts.size() - 1;
}

void GraphBuilder::matmul(Tensor a, Tensor b, Tensor c) {
  Descriptor& matmul = part(CUDNN_BACKEND_MATMUL_DESCRIPTOR);
  matmul.set(CUDNN_ATTR_MATMUL_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, {CUDNN_DATA_FLOAT});
  matmul.finalize("matmul");
  Descriptor& operation = node(CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_MATMUL_ADESC, at(a));
  operation.set(CUDNN_ATTR_OPERATION_MATMUL_BDESC, at(b));
  operation.set(CUDNN_ATTR_OPERATION_MATMUL_CDESC, at(c));
  operation.set(CUDNN_ATTR_OPERATION_MATMUL_DESC, matmul);
  operation.finalize("operation matmul");
}

/// Inputs: x; x and b; or x, b and the predicate of a selection.
void GraphBuilder::pointwise(cudnnPointwiseMode_t mode, std::vector<Tensor> inputs, Tensor y,
                             cudnnDataType_t precision) {
  Descriptor& pointwise = part(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  pointwise.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, {mode});
  pointwise.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, {precision});
  pointwise.finalize("pointwise " + std::to_string(mode));
  Descriptor& operation = node(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, pointwise);
  constexpr std::array slots{CUDNN_ATTR_OPERATION_POINTWISE_XDESC, CUDNN_ATTR_OPERATION_POINTWISE_BDESC,
                             CUDNN_ATTR_OPERATION_POINTWISE_TDESC};
  for (std::size_t i = 0; i < inputs.size(); ++i) operation.set(slots[i], at(inputs[i]));
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, at(y));
  operation.finalize("operation pointwise " + std::to_string(mode));
}

void GraphBuilder::index(Tensor like, Tensor y, std::int64_t axis) {
  Descriptor& pointwise = part(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  pointwise.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, {CUDNN_POINTWISE_GEN_INDEX});
  pointwise.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, {CUDNN_DATA_INT32});
  pointwise.set(CUDNN_ATTR_POINTWISE_AXIS, axis);
  pointwise.finalize("index");
  Descriptor& operation = node(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, pointwise);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, at(like));
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, at(y));
  operation.finalize("operation index");
}

void GraphBuilder::reduce(cudnnReduceTensorOp_t operation, Tensor x, Tensor y) {
  Descriptor& reduction = part(CUDNN_BACKEND_REDUCTION_DESCRIPTOR);
  reduction.set(CUDNN_ATTR_REDUCTION_OPERATOR, CUDNN_TYPE_REDUCTION_OPERATOR_TYPE, {operation});
  reduction.set(CUDNN_ATTR_REDUCTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, {CUDNN_DATA_FLOAT});
  reduction.finalize("reduction");
  Descriptor& made = node(CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR);
  made.set(CUDNN_ATTR_OPERATION_REDUCTION_DESC, reduction);
  made.set(CUDNN_ATTR_OPERATION_REDUCTION_XDESC, at(x));
  made.set(CUDNN_ATTR_OPERATION_REDUCTION_YDESC, at(y));
  made.finalize("operation reduction");
}

#if CUDNN_VERSION >= 91301
void GraphBuilder::attention(Tensor q, Tensor k, Tensor v, Tensor o, Tensor stats, Tensor scale) {
  Descriptor& operation = node(CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC, at(q));
  operation.set(CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC, at(k));
  operation.set(CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC, at(v));
  operation.set(CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC, at(o));
  operation.set(CUDNN_ATTR_OPERATION_SDPA_FWD_STATSDESC, at(stats));
  operation.set(CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC, at(scale));
  operation.finalize("operation SDPA_FWD");
}
#endif

AttentionGraph GraphBuilder::build(std::string_view form, cudnnHandle_t handle) {
  Descriptor graph{library_, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR};
  if (handle != nullptr) graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, {handle});
  graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, graph_.nodes);
  graph.finalize("operation graph");
  graph_.form = form;
  graph_.graph = std::move(graph);
  std::sort(graph_.bound.begin(), graph_.bound.end());
  return std::move(graph_);
}

/// Scores with everything right of the diagonal at -inf. The diagonal ends in the last row and column: the row's index
/// is moved by seq_kv - seq_q, in the two steps that the engines' pattern has.
GraphBuilder::Tensor causal_scores(GraphBuilder& builder, const AttentionCall& call, GraphBuilder::Tensor scores) {
  auto row = builder.scores(CUDNN_DATA_INT32);
  builder.row_index(scores, row);
  const auto column = builder.scores(CUDNN_DATA_INT32);
  builder.column_index(scores, column);
  if (call.causal_offset() != 0) {
    const auto ahead = builder.scores(CUDNN_DATA_INT32);
    const auto moved = builder.scores(CUDNN_DATA_INT32);
    builder.pointwise(CUDNN_POINTWISE_ADD, {row, builder.scalar(graph_seq_kv, CUDNN_DATA_INT32)}, ahead,
                      CUDNN_DATA_INT32);
    builder.pointwise(CUDNN_POINTWISE_SUB, {ahead, builder.scalar(graph_seq_q, CUDNN_DATA_INT32)}, moved,
                      CUDNN_DATA_INT32);
    row = moved;
  }
  const auto seen = builder.scores(CUDNN_DATA_BOOLEAN);
  builder.pointwise(CUDNN_POINTWISE_CMP_GE, {row, column}, seen, CUDNN_DATA_BOOLEAN);
  const auto masked = builder.scores();
  const auto infinity = builder.scalar(graph_negative_infinity, CUDNN_DATA_FLOAT);
  builder.pointwise(CUDNN_POINTWISE_BINARY_SELECT, {scores, infinity, seen}, masked);
  return masked;
}

}  // namespace

std::string cudnn_refusal(const AttentionCall& call) {
  if (std::string why = malformed(call); !why.empty()) return why;
  if (call.head_dim > 256) return "cuDNN: head_dim above 256";
  if (call.causal && call.seq_q > call.seq_kv) return "cuDNN: causal rows that see no key (seq_q > seq_kv)";
  return {};
}

bool unified_covers([[maybe_unused]] const AttentionCall& call, [[maybe_unused]] std::size_t version) {
#if CUDNN_VERSION >= 91301
  return !call.causal && version >= first_version_with_unified;
#else
  return false;  // built with headers that do not know the operation
#endif
}

AttentionGraph unified_graph(const CudnnLibrary& library, const AttentionCall& call, cudnnHandle_t handle) {
#if CUDNN_VERSION >= 91301
  GraphBuilder builder{library, call};
  const auto q = builder.matrix(tensor_q);
  const auto k = builder.matrix(tensor_k);
  const auto v = builder.matrix(tensor_v);
  const auto o = builder.matrix(tensor_o);
  const auto stats = builder.lse();
  builder.attention(q, k, v, o, stats, builder.scalar(graph_scale, CUDNN_DATA_FLOAT));
  return builder.build("unified", handle);
#else
  throw CudnnError("cuDNN: built with headers older than 9.13.1, which have no SDPA_FWD operation");
#endif
}

AttentionGraph composite_graph(const CudnnLibrary& library, const AttentionCall& call, cudnnHandle_t handle) {
  GraphBuilder builder{library, call};
  const auto products = builder.scores();
  const auto scaled = builder.scores();
  const auto q = builder.matrix(tensor_q);
  builder.matmul(q, builder.transposed_k(), products);
  builder.pointwise(CUDNN_POINTWISE_MUL, {products, builder.scalar(graph_scale, CUDNN_DATA_FLOAT)}, scaled);
  const auto scores = call.causal ? causal_scores(builder, call, scaled) : scaled;

  const auto maximum = builder.rows();
  const auto shifted = builder.scores();
  const auto exponentials = builder.scores();
  const auto sum = builder.rows();
  const auto log_sum = builder.rows();
  const auto probabilities = builder.scores_as_element();
  builder.reduce(CUDNN_REDUCE_TENSOR_MAX, scores, maximum);
  builder.pointwise(CUDNN_POINTWISE_SUB, {scores, maximum}, shifted);
  builder.pointwise(CUDNN_POINTWISE_EXP, {shifted}, exponentials);
  builder.reduce(CUDNN_REDUCE_TENSOR_ADD, exponentials, sum);
  builder.pointwise(CUDNN_POINTWISE_LOG, {sum}, log_sum);
  builder.pointwise(CUDNN_POINTWISE_ADD, {maximum, log_sum}, builder.lse());
  builder.pointwise(CUDNN_POINTWISE_DIV, {exponentials, sum}, probabilities);

  const auto v = builder.matrix(tensor_v);
  builder.matmul(probabilities, v, builder.matrix(tensor_o));
  return builder.build("composite", handle);
}

GraphScalars graph_scalars(const AttentionCall& call, std::size_t version) {
  GraphScalars scalars;
  scalars.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(call.head_dim)));
  if (version < first_version_with_infinity) scalars.negative_infinity = std::numeric_limits<float>::lowest();
  scalars.seq_kv = call.seq_kv;
  scalars.seq_q = call.seq_q;
  return scalars;
}

std::vector<void*> bound_addresses(const AttentionGraph& graph, const Buffers& buffers, const GraphScalars& scalars) {
  // cuDNN's interface takes void* for scalars that it only reads.
  const auto scalar = [](const auto& value) { return const_cast<void*>(static_cast<const void*>(&value)); };
  std::vector<void*> addresses;
  for (const std::int64_t id : graph.bound) {
    switch (id) {
      case graph_scale: addresses.push_back(scalar(scalars.scale)); break;
      case graph_negative_infinity: addresses.push_back(scalar(scalars.negative_infinity)); break;
      case graph_seq_kv: addresses.push_back(scalar(scalars.seq_kv)); break;
      case graph_seq_q: addresses.push_back(scalar(scalars.seq_q)); break;
      default: addresses.push_back(buffers.at(static_cast<std::size_t>(id - graph_q)));
    }
  }
  return addresses;
}

}  // namespace rooftile::kernels::measure
#endif
