#include "measure/row_choice.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "measure/all_cores.hpp"
#include "rooftile/kernels/element.hpp"
#include "rooftile/kernels/inputs.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr double most_work = 2e9;  // multiply-adds of a call that is judged whole; a core does about 1e9 a second
constexpr std::size_t sampled_heads = 4;  // of a larger one
constexpr std::size_t sampled_rows = 16;  // of each of these

/// Reference and result of the chosen rows of one head.
struct HeadRows {
  Reference exact;
  std::vector<float> o;
  std::vector<float> lse;
};

/// float64 attention of one row, by the keys it sees.
void add_row(const AttentionCall& call, std::span<const std::uint16_t> q, std::span<const std::uint16_t> k,
             std::span<const std::uint16_t> v, int row, Reference& exact) {
  const auto d = static_cast<std::size_t>(call.head_dim);
  const int seen = call.seen_keys(row);
  Reference one{std::vector<double>(d, 0.0), {-std::numeric_limits<double>::infinity()}};
  if (seen > 0) {
    const AttentionCall single{.element = call.element, .seq_kv = seen, .head_dim = call.head_dim};
    const std::size_t keys = static_cast<std::size_t>(seen) * d;
    one = reference(single, q.subspan(static_cast<std::size_t>(row) * d, d), k.first(keys), v.first(keys));
  }
  exact.o.insert(exact.o.end(), one.o.begin(), one.o.end());
  exact.lse.insert(exact.lse.end(), one.lse.begin(), one.lse.end());
}

HeadRows judge_head(const AttentionCall& call, const RowChoice& choice, const HeadData& data) {
  HeadRows result;
  if (choice.whole) {
    AttentionCall single = call;
    single.batch = single.heads = single.kv_heads = 1;
    result.exact = reference(single, data.q, data.k, data.v);
  } else {
    for (const int row : choice.rows) add_row(call, data.q, data.k, data.v, row, result.exact);
  }
  const auto d = static_cast<std::size_t>(call.head_dim);
  for (const int row : choice.rows) {
    for (std::size_t c = 0; c < d; ++c)
      result.o.push_back(value_of(call.element, data.o[static_cast<std::size_t>(row) * d + c]));
    result.lse.push_back(data.lse[static_cast<std::size_t>(row)]);
  }
  return result;
}

}  // namespace

std::vector<int> choose_some(std::int64_t all, std::size_t count, std::uint64_t seed) {
  std::vector<int> chosen;
  if (static_cast<std::uint64_t>(all) <= count) {
    chosen.resize(static_cast<std::size_t>(all));
    std::iota(chosen.begin(), chosen.end(), 0);
    return chosen;
  }
  chosen = {0, static_cast<int>(all - 1)};
  for (std::uint64_t i = 0; chosen.size() < count; ++i) {
    const auto next = static_cast<int>(mixed(seed + i) % static_cast<std::uint64_t>(all));
    if (std::find(chosen.begin(), chosen.end(), next) == chosen.end()) chosen.push_back(next);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

RowChoice choose_rows(const AttentionCall& call, std::uint64_t seed) {
  const std::int64_t heads = std::int64_t{call.batch} * call.heads;
  const double work = 2.0 * double(heads) * call.seq_q * double(call.seq_kv) * call.head_dim;
  const bool whole = work <= most_work;
  constexpr auto everything = static_cast<std::size_t>(-1);
  return {choose_some(heads, whole ? everything : sampled_heads, seed),
          choose_some(call.seq_q, whole ? everything : sampled_rows, seed + 1), whole};
}

Accuracy judge_rows(const AttentionCall& call, const RowChoice& choice, std::span<const HeadData> data) {
  std::vector<HeadRows> heads(data.size());
  on_all_cores(heads.size(), [&](std::size_t i) { heads[i] = judge_head(call, choice, data[i]); });
  HeadRows all;
  for (const HeadRows& head : heads) {
    all.exact.o.insert(all.exact.o.end(), head.exact.o.begin(), head.exact.o.end());
    all.exact.lse.insert(all.exact.lse.end(), head.exact.lse.begin(), head.exact.lse.end());
    all.o.insert(all.o.end(), head.o.begin(), head.o.end());
    all.lse.insert(all.lse.end(), head.lse.begin(), head.lse.end());
  }
  return accuracy(call, all.exact, all.o, all.lse);
}

}  // namespace rooftile::kernels::measure
