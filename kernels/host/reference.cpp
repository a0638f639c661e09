#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "rooftile/kernels/accuracy.hpp"
#include "rooftile/kernels/element.hpp"

namespace rooftile::kernels {
namespace {

using Size = std::size_t;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Attention of one (batch, head) after another. K is kept transposed, so that every inner loop runs over neighbours
/// and can be vectorised without changing the order of a sum.
class Rows {
 public:
  explicit Rows(const AttentionCall& call)
      : call_{call},
        d_{static_cast<Size>(call.head_dim)},
        keys_{static_cast<Size>(call.seq_kv)},
        scale_{1 / std::sqrt(static_cast<double>(call.head_dim))},
        k_(d_ * keys_),
        v_(d_ * keys_),
        p_(keys_),
        start_(keys_) {}

  /// The keys of a sequence that are kept; nullptr: all of them.
  void take_mask(const std::uint8_t* keeps) {
    for (Size j = 0; j < keys_; ++j) start_[j] = keeps == nullptr || keeps[j] != 0 ? 0 : -infinity;
  }
  void take_keys(const std::uint16_t* k, const std::uint16_t* v) {
    for (Size j = 0; j < keys_; ++j) {
      for (Size c = 0; c < d_; ++c) {
        k_[c * keys_ + j] = value_of(call_.element, k[j * d_ + c]) * scale_;
        v_[j * d_ + c] = value_of(call_.element, v[j * d_ + c]);
      }
    }
  }

  /// O of row `row` into `o`; returns its LSE. `head` counts over the batch.
  double attend(Size head, Size row, const std::uint16_t* q, double* o) {
    const auto seen = static_cast<Size>(call_.seen_keys(static_cast<int>(row)));
    std::fill_n(o, d_, 0.0);
    if (seen == 0) return -infinity;

    std::copy_n(start_.begin(), seen, p_.begin());
    for (Size c = 0; c < d_; ++c) {
      const double factor = value_of(call_.element, q[c]);
      const double* const k = &k_[c * keys_];
      for (Size j = 0; j < seen; ++j) p_[j] += factor * k[j];
    }
    const double largest = *std::max_element(p_.begin(), p_.begin() + static_cast<std::ptrdiff_t>(seen));
    if (largest == -infinity) return -infinity;  // all keys are padding
    double sum = 0;
    for (Size j = 0; j < seen; ++j) sum += p_[j] = std::exp(p_[j] - largest);
    for (Size j = 0; j < seen; ++j) {
      const double weight = p_[j] / sum * kept_share(call_.dropout, head, row, j);
      const double* const v = &v_[j * d_];
      for (Size c = 0; c < d_; ++c) o[c] += weight * v[c];
    }
    return largest + std::log(sum);
  }

 private:
  const AttentionCall& call_;
  Size d_, keys_;
  double scale_;
  std::vector<double> k_, v_;  ///< [head_dim, seq_kv] times the scale, [seq_kv, head_dim]
  std::vector<double> p_;
  std::vector<double> start_;  ///< what scores begin with: -inf for padding
};

/// O of one row: adds to the two sums of squares; false if a number is no number or a blind row is not zero.
bool judge_row(const double* exact, const float* got, Size count, bool blind, Accuracy& error, double& squares) {
  for (Size c = 0; c < count; ++c) {
    const double difference = got[c] - exact[c];
    if (std::isnan(difference) || (blind && got[c] != 0.0f)) return false;
    error.relative += difference * difference;
    error.max_absolute = std::max(error.max_absolute, std::abs(difference));
    squares += exact[c] * exact[c];
  }
  return true;
}

}  // namespace

Reference reference(const AttentionCall& call, std::span<const std::uint16_t> q, std::span<const std::uint16_t> k,
                    std::span<const std::uint16_t> v, std::span<const std::uint8_t> key_mask) {
  const Tensors tensors = attention_tensors(call);
  const auto elements = [&](TensorIndex tensor) { return static_cast<Size>(tensors[tensor].elements()); };
  if (q.size() != elements(tensor_q) || k.size() != elements(tensor_k) || v.size() != elements(tensor_v))
    throw std::invalid_argument{"reference: Q, K or V is not of the call's size"};
  const Size keys = static_cast<Size>(call.seq_kv);
  if (key_mask.size() != (call.key_padding ? static_cast<Size>(call.batch) * keys : 0))
    throw std::invalid_argument{"reference: the padding mask is not of the call's size"};

  const Size d = static_cast<Size>(call.head_dim), rows = static_cast<Size>(call.seq_q);
  const Size key_matrix = static_cast<Size>(tensors[tensor_k].matrix_elements());
  const Size heads = static_cast<Size>(call.batch) * static_cast<Size>(call.heads);
  Reference exact{std::vector<double>(heads * rows * d), std::vector<double>(heads * rows)};
  Rows of_head{call};
  for (Size head = 0; head < heads; ++head) {  // over batch and heads: batch · kv_heads · group
    const Size group = static_cast<Size>(call.group()), of_sequence = static_cast<Size>(call.heads);
    if (head % of_sequence == 0) of_head.take_mask(call.key_padding ? &key_mask[head / of_sequence * keys] : nullptr);
    if (head % group == 0) of_head.take_keys(&k[head / group * key_matrix], &v[head / group * key_matrix]);
    for (Size row = head * rows; row < (head + 1) * rows; ++row) {
      exact.lse[row] = of_head.attend(head, row - head * rows, &q[row * d], &exact.o[row * d]);
    }
  }
  return exact;
}

Accuracy accuracy(const AttentionCall& call, const Reference& exact, std::span<const float> o,
                  std::span<const float> lse) {
  if (o.size() != exact.o.size() || lse.size() != exact.lse.size())
    throw std::invalid_argument{"accuracy: O or LSE is not of the reference's size"};
  const Size d = static_cast<Size>(call.head_dim);
  Accuracy error;
  double squares = 0;
  for (Size row = 0; row < lse.size(); ++row) {
    const bool blind = exact.lse[row] == -infinity;
    const double difference = blind ? 0 : std::abs(lse[row] - exact.lse[row]);
    if (std::isnan(difference) || (blind && lse[row] != -std::numeric_limits<float>::infinity()))
      return {nan, nan, nan};
    if (!judge_row(&exact.o[row * d], &o[row * d], d, blind, error, squares)) return {nan, nan, nan};
    error.lse = std::max(error.lse, difference);
  }
  error.relative = squares > 0 ? std::sqrt(error.relative / squares) : 0;
  return error;
}

}  // namespace rooftile::kernels
