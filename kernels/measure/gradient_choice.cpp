#include "measure/gradient_choice.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "measure/all_cores.hpp"
#include "measure/row_choice.hpp"
#include "measure/samples.hpp"
#include "rooftile/kernels/element.hpp"

namespace rooftile::kernels::measure {
namespace {

using Size = std::size_t;

constexpr double most_gradient_work = 2e9;  // multiply-adds of a call that is judged whole
constexpr double float64_products = 7;      // of N² d that gradients() takes
constexpr int sampled_query_heads = 4;      // of a larger call, where their groups are not larger
constexpr Size fewest_kv_heads = 2;         // the first and the last
constexpr Size sampled_gradient_rows = 16;  // of dQ in each query head, of dK and dV in each K/V head

/// Exact numbers, those that were found, and the largest error of LSE: of a part of what was chosen or of all.
struct Judged {
  Gradients exact;  // q_scale and k_scale: squares until all parts are together
  std::vector<float> q, k, v;
  double lse = 0;
  double max_absolute = 0;  // of rows; a whole group's stands in its GradientAccuracy
};

/// The larger of two errors; NaN if one is.
double worse(double one, double other) { return std::isnan(one) || one > other ? one : other; }

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

std::vector<float> values_of(Element element, std::span<const std::uint16_t> bits) {
  std::vector<float> values(bits.size());
  std::transform(bits.begin(), bits.end(), values.begin(), [&](std::uint16_t one) { return value_of(element, one); });
  return values;
}

double dot(const float* a, const float* b, Size count) {
  double sum = 0;
  for (Size c = 0; c < count; ++c) sum += double{a[c]} * double{b[c]};
  return sum;
}

/// sum += factor · row
void add(std::vector<double>& sum, double factor, const float* row) {
  for (Size c = 0; c < sum.size(); ++c) sum[c] += factor * double{row[c]};
}

double square_norm(std::span<const double> row) {
  double squares = 0;
  for (const double value : row) squares += value * value;
  return squares;
}

/// Adds a row, exact and found, in units of its norm or of `least` where that is larger; returns that unit. A row of
/// zeros that must be zeros stays as it is.
double append_row(std::vector<double>& exact, std::vector<float>& found, std::span<const double> exact_row,
                  std::span<const float> found_row, double least, double& max_absolute) {
  const double norm = std::max(std::sqrt(square_norm(exact_row)), least);
  const double unit = norm > 0 ? norm : 1;
  for (Size c = 0; c < exact_row.size(); ++c) {
    const double value = double{found_row[c]};
    exact.push_back(exact_row[c] / unit);
    found.push_back(static_cast<float>(value / unit));
    max_absolute = std::max(max_absolute, std::abs(value - exact_row[c]));
  }
  return unit;
}

/// One group with all its numbers as float, for rows of its gradients.
class Group {
 public:
  Group(const AttentionCall& call, const GroupData& data)
      : call_(call),
        data_(data),
        d_(static_cast<Size>(call.head_dim)),
        scale_(1 / std::sqrt(static_cast<double>(call.head_dim))),
        k_(values_of(call.element, data.k)),
        v_(values_of(call.element, data.v)) {
    for (const QueryHeadData& member : data.members) members_.push_back(read(member));
  }

  /// Row `row` of dQ of one member.
  void add_query(Size member, int row, Judged& to) const {
    const QueryHeadData& found = data_.members[member];
    const Member& head = members_[member];
    const Size at = static_cast<Size>(row) * d_;
    std::vector<double> sum(d_), first(d_);
    const double lse = sum_query(&head.q[at], &head.grad_o[at], static_cast<Size>(call_.seen_keys(row)), sum, first);
    const std::vector<float> grad_q = values_of(call_.element, std::span(found.grad_q).subspan(at, d_));
    const double least = std::sqrt(square_norm(first));
    const double unit = append_row(to.exact.q, to.q, sum, grad_q, least, to.max_absolute);
    to.exact.q_scale += least / unit * least / unit;
    const double written = double{found.lse[static_cast<Size>(row)]};
    to.lse = worse(written == lse ? 0 : std::isinf(lse) ? nan : std::abs(written - lse), to.lse);
  }

  /// Row `key` of dK and dV.
  void add_key(int key, Judged& to) const {
    const Size at = static_cast<Size>(key) * d_;
    std::vector<double> grad_k(d_), grad_v(d_), first(d_);
    const int first_row = call_.causal ? std::max(key - call_.causal_offset(), 0) : 0;
    for (Size member = 0; member < members_.size(); ++member) {
      const Member& head = members_[member];
      for (Size row = static_cast<Size>(first_row); row < static_cast<Size>(call_.seq_q); ++row) {
        const float* const q = &head.q[row * d_];
        const float* const grad_o = &head.grad_o[row * d_];
        const double p = std::exp(scale_ * dot(q, &k_[at], d_) - double{data_.members[member].lse[row]});
        const double dp = dot(grad_o, &v_[at], d_);
        add(grad_v, p, grad_o);
        add(grad_k, scale_ * p * (dp - head.delta[row]), q);
        add(first, scale_ * p * dp, q);
      }
    }
    const std::vector<float> found_k = values_of(call_.element, std::span(data_.grad_k).subspan(at, d_));
    const std::vector<float> found_v = values_of(call_.element, std::span(data_.grad_v).subspan(at, d_));
    const double least = std::sqrt(square_norm(first));
    const double unit = append_row(to.exact.k, to.k, grad_k, found_k, least, to.max_absolute);
    to.exact.k_scale += least / unit * least / unit;
    append_row(to.exact.v, to.v, grad_v, found_v, 0, to.max_absolute);
  }

 private:
  struct Member {
    std::vector<float> q, grad_o;
    std::vector<double> delta;  ///< rowsum(dO O)
  };

  [[nodiscard]] Member read(const QueryHeadData& member) const {
    Member head{values_of(call_.element, member.q), values_of(call_.element, member.grad_o), {}};
    const std::vector<float> o = values_of(call_.element, member.o);
    for (Size at = 0; at < o.size(); at += d_) head.delta.push_back(dot(&o[at], &head.grad_o[at], d_));
    return head;
  }

  /// dQ of a row that sees `seen` keys, and its first part, scale · (P dP) K; returns LSE.
  double sum_query(const float* q, const float* grad_o, Size seen, std::vector<double>& sum,
                   std::vector<double>& first) const {
    if (seen == 0) return -std::numeric_limits<double>::infinity();
    std::vector<double> p(seen), dp(seen);
    for (Size j = 0; j < seen; ++j) {
      p[j] = scale_ * dot(q, &k_[j * d_], d_);
      dp[j] = dot(grad_o, &v_[j * d_], d_);
    }
    const double largest = *std::max_element(p.begin(), p.end());
    double total = 0, delta = 0;
    for (double& value : p) total += value = std::exp(value - largest);
    for (Size j = 0; j < seen; ++j) delta += (p[j] /= total) * dp[j];
    for (Size j = 0; j < seen; ++j) {
      add(sum, scale_ * p[j] * (dp[j] - delta), &k_[j * d_]);
      add(first, scale_ * p[j] * dp[j], &k_[j * d_]);
    }
    return largest + std::log(total);
  }

  const AttentionCall& call_;
  const GroupData& data_;
  Size d_;
  double scale_;
  std::vector<float> k_, v_;
  std::vector<Member> members_;
};

/// One group, all rows.
Judged judge_whole(const AttentionCall& call, const GroupData& data) {
  AttentionCall group = call;
  group.batch = group.kv_heads = 1;
  group.heads = call.group();
  std::vector<std::uint16_t> q, grad_o;
  std::vector<float> o, lse;
  Judged part;
  for (const QueryHeadData& member : data.members) {
    append(q, member.q);
    append(grad_o, member.grad_o);
    append(o, values_of(call.element, member.o));
    append(lse, member.lse);
    append(part.q, values_of(call.element, member.grad_q));
  }
  part.k = values_of(call.element, data.grad_k);
  part.v = values_of(call.element, data.grad_v);
  part.exact = gradients(group, q, data.k, data.v, grad_o);
  part.exact.q_scale *= part.exact.q_scale;
  part.exact.k_scale *= part.exact.k_scale;
  part.lse = accuracy(group, reference(group, q, data.k, data.v), o, lse).lse;
  return part;
}

/// The chosen rows of every group, in parts: dQ of a query head, or a row of dK and dV.
std::vector<Judged> judge_rows_of(const AttentionCall& call, const GradientChoice& choice,
                                  std::span<const GroupData> data) {
  std::vector<std::optional<Group>> groups(data.size());
  on_all_cores(data.size(), [&](Size i) { groups[i].emplace(call, data[i]); });
  const auto members = static_cast<Size>(call.group());
  const Size parts_of_group = members + choice.keys.size();
  std::vector<Judged> parts(data.size() * parts_of_group);
  on_all_cores(parts.size(), [&](Size i) {
    const Group& group = *groups[i / parts_of_group];
    const Size part = i % parts_of_group;
    if (part >= members) return group.add_key(choice.keys[part - members], parts[i]);
    for (const int row : choice.rows) group.add_query(part, row, parts[i]);
  });
  return parts;
}

Judged together(const std::vector<Judged>& parts) {
  Judged all;
  for (const Judged& part : parts) {
    append(all.exact.q, part.exact.q);
    append(all.exact.k, part.exact.k);
    append(all.exact.v, part.exact.v);
    all.exact.q_scale += part.exact.q_scale;
    all.exact.k_scale += part.exact.k_scale;
    append(all.q, part.q);
    append(all.k, part.k);
    append(all.v, part.v);
    all.lse = worse(part.lse, all.lse);
    all.max_absolute = std::max(all.max_absolute, part.max_absolute);
  }
  all.exact.q_scale = std::sqrt(all.exact.q_scale);
  all.exact.k_scale = std::sqrt(all.exact.k_scale);
  return all;
}

}  // namespace

GradientChoice choose_gradients(const AttentionCall& call, std::uint64_t seed) {
  const std::int64_t kv_heads = std::int64_t{call.batch} * call.kv_heads;
  const double work = float64_products * call.batch * call.heads * double(call.seq_q) * call.seq_kv * call.head_dim;
  const bool whole = work <= most_gradient_work;
  constexpr auto everything = static_cast<Size>(-1);
  const Size some = std::max(static_cast<Size>(sampled_query_heads / call.group()), fewest_kv_heads);
  return {choose_some(kv_heads, whole ? everything : some, seed),
          choose_some(call.seq_q, whole ? everything : sampled_gradient_rows, seed + 1),
          choose_some(call.seq_kv, whole ? everything : sampled_gradient_rows, seed + 2), whole};
}

Accuracy judge_gradients(const AttentionCall& call, const GradientChoice& choice, std::span<const GroupData> groups) {
  std::vector<Judged> parts(groups.size());
  if (choice.whole) {
    on_all_cores(groups.size(), [&](Size i) { parts[i] = judge_whole(call, groups[i]); });
  } else {
    parts = judge_rows_of(call, choice, groups);
  }
  const Judged all = together(parts);
  Accuracy error = overall(gradient_accuracy(all.exact, all.q, all.k, all.v));
  if (!choice.whole && !std::isnan(error.relative)) error.max_absolute = all.max_absolute;
  error.lse = all.lse;
  return error;
}

}  // namespace rooftile::kernels::measure
