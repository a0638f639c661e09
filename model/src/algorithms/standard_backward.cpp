// Standard attention, backward, as automatic differentiation makes it: the softmax weights (and the dropout mask) that
// the forward pass left in memory are read back, the gradients of the N² matrices are written and read in turn.
//
//   dP = dO Vᵀ    dV = Pᵀ dO    dS = P ∘ (dP − rowsum(P ∘ dP))    dQ = dS K    dK = dSᵀ Q
//
//   each launch's distinct inputs and outputs once, elements (B·H = 1), before a recipe's extra passes:
//   dP: N² + 2Nd | dV: N² + 2Nd | softmax: 3 fused, 5 two sweeps, 6 or 7 with a product kernel | dQ, dK: N² + 2Nd each
//   = 7N² + 8Nd with the fused softmax backward
//
// P (behind dropout, too) stands between the passes: extra memory O(N²). With GQA, dK and dV are sums over a group:
// inside the product, or, where the recipe repeats K and V for every query head, in a kernel behind it.
#include <algorithm>

#include "rooftile/model/tile_table.hpp"
#include "standard_recipe.hpp"

namespace rooftile::algorithms {
namespace {

/// A kernel that a framework runs over a gradient behind its product: the scale of the scores, the sum over the query
/// heads of a group (of a K or V that was repeated for each of them), the copy into one tensor of all three.
enum class Step : std::uint8_t { scale, sum, gather };

struct Gradient {
  const char* name;
  const char* stages[3];   ///< tensors between the product and the gradient
  const char* kernels[3];  ///< by Step
  bool of_keys;            ///< [batch, kv_heads, seq_kv, d], else [batch, heads, seq_q, d]
  bool is_scaled;          ///< S = scale·QKᵀ: dQ and dK carry the scale
};

/// One call being written.
class StandardBackward {
 public:
  StandardBackward(ProgramWriter& writer, const AttentionShape& s, const AttentionShape& with_pad, const Heads& h,
                   const Call& c)
      : w_{writer}, shape_{s}, scored_{with_pad}, heads_{h}, call_{c} {}

  [[nodiscard]] Matrix tensor(const char* name, TensorRole role, std::int64_t head_count, std::int64_t rows) const {
    return {w_.held(name, role, size_of(shape_.dtype), {shape_.batch, head_count, rows, shape_.head_dim}), rows,
            shape_.head_dim, head_count != shape_.heads};
  }
  [[nodiscard]] Matrix scores(const char* name) const {
    return {w_.held(name, TensorRole::workspace, size_of(shape_.dtype),
                    {shape_.batch, shape_.heads, shape_.seq_q, scored_.seq_kv}),
            shape_.seq_q, scored_.seq_kv};
  }

  void product(const char* name, Matrix a, Matrix b, Matrix c, Product kind) const {
    gemm_launch(w_, name, heads_, a, b, c, kind, tile_, shape_.dtype);
  }

  /// dS from dP: an elementwise product first where the framework makes one.
  void softmax(ScoreBuffers& gradient) const {
    const SoftmaxBackward kind = call_.spec.softmax_backward;
    const bool is_product = kind == SoftmaxBackward::product_fused || kind == SoftmaxBackward::product_two_sweeps;
    const bool short_rows = is_product && scored_.seq_kv <= softmax_warp_columns;
    const bool two_sweeps =
        (kind == SoftmaxBackward::two_sweeps || kind == SoftmaxBackward::product_two_sweeps) && !short_rows;
    const Matrix p = scores("P");
    if (is_product) {
      Elementwise multiply{.name = "softmax_product"};
      multiply.reads.push_back(gradient.current().tensor);
      multiply.reads.push_back(p.tensor);
      multiply.writes.push_back(gradient.next().tensor);
      elementwise_launch(w_, heads_, shape_.seq_q, scored_.seq_kv, multiply);
    }
    const Matrix from = gradient.current();
    softmax_backward_launch(w_, heads_, {p, from, gradient.next(), is_product, two_sweeps}, call_.spec.row_kernels,
                            shape_.dtype);
  }

  /// Where the product of a gradient writes: the gradient itself, or what the kernels behind it turn into it.
  [[nodiscard]] Matrix begin(const Gradient& g) const { return stage(g, steps_of(g), 0); }
  /// The kernels behind the product.
  void finish(const Gradient& g) const {
    const Steps steps = steps_of(g);
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const auto launch = steps[k] == Step::sum      ? sum_group_launch
                          : steps[k] == Step::gather ? permute_launch
                                                     : map_launch;
      launch(w_, g.kernels[static_cast<std::size_t>(steps[k])], heads_, stage(g, steps, k), stage(g, steps, k + 1));
    }
  }

 private:
  using Steps = InlineVector<Step, 3>;
  [[nodiscard]] Steps steps_of(const Gradient& g) const {
    Steps steps;
    const bool scales = call_.spec.scales_gradients || (g.of_keys && call_.spec.scales_k);
    if (g.is_scaled && scales) steps.push_back(Step::scale);
    if (g.of_keys && call_.spec.expands_kv && shape_.group() > 1) steps.push_back(Step::sum);
    if (call_.spec.gathers_gradients) steps.push_back(Step::gather);
    return steps;
  }
  /// What step k reads and step k - 1, or the product, writes: a gradient per query head until it is summed.
  [[nodiscard]] Matrix stage(const Gradient& g, const Steps& steps, std::size_t k) const {
    const bool summed_later = std::find(steps.begin() + k, steps.end(), Step::sum) != steps.end();
    const std::int64_t head_count = g.of_keys && !summed_later ? shape_.kv_heads : shape_.heads;
    const std::int64_t rows = g.of_keys ? shape_.seq_kv : shape_.seq_q;
    if (k == steps.size()) return tensor(g.name, TensorRole::output, head_count, rows);
    return tensor(g.stages[k], TensorRole::workspace, head_count, rows);
  }

  ProgramWriter& w_;
  const AttentionShape& shape_;
  const AttentionShape& scored_;
  const Heads& heads_;
  const Call& call_;
  TileRow tile_ = product_tile(call_);
};

constexpr Gradient grad_q{"dQ", {"dQ_1", "dQ_2", "dQ_3"}, {"scale_dq", "", "gather_dq"}, false, true},
    grad_k{"dK", {"dK_1", "dK_2", "dK_3"}, {"scale_dk", "sum_dk", "gather_dk"}, true, true},
    grad_v{"dV", {"dV_1", "dV_2", "dV_3"}, {"", "sum_dv", "gather_dv"}, true, false};

}  // namespace

void standard_backward(Program& program, const AttentionShape& s, const Call& call) {
  ProgramWriter w = ProgramWriter::behind(program);
  const Heads heads{s.batch, s.kv_heads, s.group()};
  const AttentionShape scored = padded(s, call.spec.score_padding);
  const StandardBackward kernel{w, s, scored, heads, call};
  const Operands read = held_operands(w, s, call.spec, standard_inputs(w, s));
  const Matrix grad_o = kernel.tensor("dO", TensorRole::input, s.heads, s.seq_q);
  const Matrix weights = kernel.scores(weights_of_pv(call.spec, s));
  ScoreBuffers gradient{w, scored, "dS", "dS2"};
  ExtraPasses extra{w, heads, scored, call.spec, Pass::bwd};

  kernel.product("dp", grad_o, read.v, gradient.current(), Product::abt);
  kernel.product("dv", weights, grad_o, kernel.begin(grad_v), Product::atb);
  kernel.finish(grad_v);
  extra.run(ExtraPass::Place::after_softmax, gradient);
  kernel.softmax(gradient);
  extra.run(ExtraPass::Place::before_softmax, gradient);
  kernel.product("dq", gradient.current(), read.k, kernel.begin(grad_q), Product::ab);
  kernel.finish(grad_q);
  kernel.product("dk", gradient.current(), read.q, kernel.begin(grad_k), Product::atb);
  kernel.finish(grad_k);
}

}  // namespace rooftile::algorithms
