// float64 gradients of attention, row by row of Q (Dao et al. 2022, appendix B.2):
//
//   dv_j += z_ij p_ij do_i     ds_ij = p_ij (z_ij do_i · v_j - D_i)     dq_i += scale ds_ij k_j     dk_j += scale ds_ij
//   q_i
//
// with z_ij the factor of dropout (dropout.hpp), 1 where there is none; D_i = sum_j p_ij z_ij do_i · v_j = do_i · o_i.
#include "rooftile/kernels/gradients.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "rooftile/kernels/element.hpp"

namespace rooftile::kernels {
namespace {

using Size = std::size_t;

/// The query heads of one K/V head after another. Inner loops run over neighbours, so that they can be vectorised
/// without changing the order of a sum.
class GradientRows {
 public:
  explicit GradientRows(const AttentionCall& call)
      : call_{call},
        d_{static_cast<Size>(call.head_dim)},
        keys_{static_cast<Size>(call.seq_kv)},
        scale_{1 / std::sqrt(static_cast<double>(call.head_dim))},
        k_(keys_ * d_),
        k_columns_(keys_ * d_),
        v_columns_(keys_ * d_),
        p_(keys_),
        dp_(keys_),
        z_(keys_),
        q_row_(d_),
        grad_row_(d_),
        first_q_(d_),
        first_k_(keys_ * d_) {}

  void take_keys(const std::uint16_t* k, const std::uint16_t* v) {
    for (Size j = 0; j < keys_; ++j) {
      for (Size c = 0; c < d_; ++c) {
        k_[j * d_ + c] = k_columns_[c * keys_ + j] = value_of(call_.element, k[j * d_ + c]);
        v_columns_[c * keys_ + j] = value_of(call_.element, v[j * d_ + c]);
      }
    }
    std::ranges::fill(first_k_, 0.0);
  }

  /// Row `row` of query head `head` of the batch: adds to dK and dV of the K/V head, sets dQ of the row; `first_part`
  /// grows by the square norm of scale · (P dP) K.
  void add_row(Size head, Size row, const std::uint16_t* q, const std::uint16_t* grad_o, double* dq, double* dk,
               double* dv, double& first_part) {
    const auto seen = static_cast<Size>(call_.seen_keys(static_cast<int>(row)));
    for (Size c = 0; c < d_; ++c) {
      q_row_[c] = value_of(call_.element, q[c]);
      grad_row_[c] = value_of(call_.element, grad_o[c]);
    }
    if (seen == 0) return;
    const double delta = weigh(head, row, seen);
    std::ranges::fill(first_q_, 0.0);
    for (Size j = 0; j < seen; ++j) {
      const double first = scale_ * p_[j] * dp_[j], ds = first - scale_ * p_[j] * delta;
      const double* const k = &k_[j * d_];
      for (Size c = 0; c < d_; ++c) {
        dq[c] += ds * k[c];
        dk[j * d_ + c] += ds * q_row_[c];
        dv[j * d_ + c] += z_[j] * p_[j] * grad_row_[c];
        first_q_[c] += first * k[c];
        first_k_[j * d_ + c] += first * q_row_[c];
      }
    }
    for (const double value : first_q_) first_part += value * value;
  }

  /// Square norm of scale · (P dP)ᵀ Q over the rows since take_keys().
  [[nodiscard]] double first_part_of_keys() const {
    double squares = 0;
    for (const double value : first_k_) squares += value * value;
    return squares;
  }

 private:
  /// p, z and z dp of the row; returns D.
  double weigh(Size head, Size row, Size seen) {
    std::fill_n(p_.begin(), seen, 0.0);
    std::fill_n(dp_.begin(), seen, 0.0);
    for (Size c = 0; c < d_; ++c) {
      const double q = q_row_[c] * scale_, grad = grad_row_[c];
      const double* const k = &k_columns_[c * keys_];
      const double* const v = &v_columns_[c * keys_];
      for (Size j = 0; j < seen; ++j) {
        p_[j] += q * k[j];
        dp_[j] += grad * v[j];
      }
    }
    const double largest = *std::max_element(p_.begin(), p_.begin() + static_cast<std::ptrdiff_t>(seen));
    double sum = 0, delta = 0;
    for (Size j = 0; j < seen; ++j) sum += p_[j] = std::exp(p_[j] - largest);
    for (Size j = 0; j < seen; ++j) {
      z_[j] = kept_share(call_.dropout, head, row, j);
      dp_[j] *= z_[j];
      delta += (p_[j] /= sum) * dp_[j];
    }
    return delta;
  }

  const AttentionCall& call_;
  Size d_, keys_;
  double scale_;
  std::vector<double> k_, k_columns_, v_columns_;  ///< [seq_kv, head_dim] and [head_dim, seq_kv]
  std::vector<double> p_, dp_, z_, q_row_, grad_row_, first_q_, first_k_;
};

/// ‖got - exact‖ over the larger of ‖exact‖ and `least`.
double relative_error(std::span<const double> exact, std::span<const float> got, double least, double& max_absolute) {
  if (exact.size() != got.size()) throw std::invalid_argument{"gradient_accuracy: a tensor is not of the right size"};
  double error = 0, squares = 0;
  for (Size i = 0; i < exact.size(); ++i) {
    const double difference = got[i] - exact[i];
    if (std::isnan(difference)) return std::numeric_limits<double>::quiet_NaN();
    max_absolute = std::max(max_absolute, std::abs(difference));
    error += difference * difference;
    squares += exact[i] * exact[i];
  }
  if (error == 0) return 0;
  return std::sqrt(error) / std::max(std::sqrt(squares), least);
}

}  // namespace

Gradients gradients(const AttentionCall& call, std::span<const std::uint16_t> q, std::span<const std::uint16_t> k,
                    std::span<const std::uint16_t> v, std::span<const std::uint16_t> grad_o) {
  const Size d = static_cast<Size>(call.head_dim), rows = static_cast<Size>(call.seq_q);
  const Size kv_heads = static_cast<Size>(call.batch) * static_cast<Size>(call.kv_heads);
  const Size group = static_cast<Size>(call.group()), matrix = static_cast<Size>(call.seq_kv) * d;
  const Size queries = kv_heads * group * rows * d, keys = kv_heads * matrix;
  if (q.size() != queries || grad_o.size() != queries || k.size() != keys || v.size() != keys)
    throw std::invalid_argument{"gradients: Q, K, V or dO is not of the call's size"};

  Gradients exact{std::vector<double>(queries), std::vector<double>(keys), std::vector<double>(keys)};
  GradientRows of_head{call};
  for (Size kv_head = 0; kv_head < kv_heads; ++kv_head) {
    of_head.take_keys(&k[kv_head * matrix], &v[kv_head * matrix]);
    double* const dk = &exact.k[kv_head * matrix];
    double* const dv = &exact.v[kv_head * matrix];
    for (Size row = 0; row < group * rows; ++row) {
      const Size at = (kv_head * group * rows + row) * d;
      of_head.add_row(kv_head * group + row / rows, row % rows, &q[at], &grad_o[at], &exact.q[at], dk, dv,
                      exact.q_scale);
    }
    exact.k_scale += of_head.first_part_of_keys();
  }
  exact.q_scale = std::sqrt(exact.q_scale);
  exact.k_scale = std::sqrt(exact.k_scale);
  return exact;
}

GradientAccuracy gradient_accuracy(const Gradients& exact, std::span<const float> q, std::span<const float> k,
                                   std::span<const float> v) {
  GradientAccuracy error;
  error.q = relative_error(exact.q, q, exact.q_scale, error.max_absolute);
  error.k = relative_error(exact.k, k, exact.k_scale, error.max_absolute);
  error.v = relative_error(exact.v, v, 0, error.max_absolute);
  return error;
}

Accuracy overall(const GradientAccuracy& error) {
  const double sum = error.q + error.k + error.v;  // NaN if one is
  return {std::isnan(sum) ? sum : std::max({error.q, error.k, error.v}), std::isnan(sum) ? sum : error.max_absolute, 0};
}

}  // namespace rooftile::kernels
