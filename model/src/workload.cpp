#include "rooftile/model/workload.hpp"

namespace rooftile {
namespace {

constexpr std::int64_t largest_extent = (std::int64_t{1} << 31) - 1;
constexpr double largest_matrix = 0x1p58;  // bytes; tile re-reads stay below 2^63

std::optional<std::string> bad_extent(std::string_view name, std::int64_t value) {
  if (value >= 1 && value <= largest_extent) return std::nullopt;
  return std::string{name} + " " + std::to_string(value) + " is not between 1 and 2147483647";
}

template <class... Extents>
std::optional<std::string> first_bad_extent(Extents... named) {
  std::optional<std::string> bad;
  const auto look = [&bad](const std::pair<std::string_view, std::int64_t>& extent) {
    if (!bad) bad = bad_extent(extent.first, extent.second);
  };
  (look(named), ...);
  return bad;
}

using Extent = std::pair<std::string_view, std::int64_t>;

tl::expected<void, std::string> check_shape(const AttentionShape& s) {
  if (auto bad =
          first_bad_extent(Extent{"batch", s.batch}, Extent{"heads", s.heads}, Extent{"kv_heads", s.kv_heads},
                           Extent{"seq_q", s.seq_q}, Extent{"seq_kv", s.seq_kv}, Extent{"head_dim", s.head_dim})) {
    return tl::unexpected{*bad};
  }
  if (s.heads % s.kv_heads != 0) {
    return tl::unexpected{"kv_heads " + std::to_string(s.kv_heads) + " does not divide heads " +
                          std::to_string(s.heads)};
  }
  if (!(s.dropout >= 0 && s.dropout < 1)) {
    return tl::unexpected{"dropout " + std::to_string(s.dropout) + " is not a probability in [0, 1)"};
  }
  const auto product = [](auto... x) { return (1.0 * ... * static_cast<double>(x)); };
  const double scores = product(s.batch, s.heads, s.seq_q, s.seq_kv, size_of(s.dtype));
  const double queries = product(s.batch, s.heads, s.seq_q, s.head_dim, size_of(s.dtype));
  const double keys = product(s.batch, s.heads, s.seq_kv, s.head_dim, size_of(s.dtype));
  if (scores > largest_matrix || queries > largest_matrix || keys > largest_matrix) {
    return tl::unexpected<std::string>{"the matrices of this shape exceed 2^58 bytes"};
  }
  return {};
}

tl::expected<void, std::string> check_shape(const GemmShape& s) {
  if (auto bad = first_bad_extent(Extent{"batch", s.batch}, Extent{"m", s.m}, Extent{"n", s.n}, Extent{"k", s.k})) {
    return tl::unexpected{*bad};
  }
  const double largest = static_cast<double>(s.batch) * static_cast<double>(s.m) * static_cast<double>(s.n) *
                         static_cast<double>(s.k) * static_cast<double>(size_of(s.dtype));
  if (largest > largest_matrix) return tl::unexpected<std::string>{"batch·m·n·k of this shape exceeds 2^58 bytes"};
  return {};
}

tl::expected<void, std::string> check_shape(const SoftmaxShape& s) {
  if (auto bad = first_bad_extent(Extent{"rows", s.rows}, Extent{"cols", s.cols})) return tl::unexpected{*bad};
  const double matrix =
      static_cast<double>(s.rows) * static_cast<double>(s.cols) * static_cast<double>(size_of(s.dtype));
  if (matrix > largest_matrix) return tl::unexpected<std::string>{"the matrix of this shape exceeds 2^58 bytes"};
  return {};
}

Flops flops(const AttentionShape& s) {
  const double mask_factor = s.mask == Mask::causal ? 0.5 : 1.0;
  const double pass_factor = s.pass == Pass::fwd ? 1.0 : s.pass == Pass::bwd ? 2.5 : 3.5;
  return Flops{4.0 * static_cast<double>(s.batch) * static_cast<double>(s.heads) * static_cast<double>(s.seq_q) *
               static_cast<double>(s.seq_kv) * static_cast<double>(s.head_dim) * mask_factor * pass_factor};
}
Flops flops(const GemmShape& s) {
  return Flops{2.0 * static_cast<double>(s.batch) * static_cast<double>(s.m) * static_cast<double>(s.n) *
               static_cast<double>(s.k)};
}
Flops flops(const SoftmaxShape& s) { return Flops{5.0 * static_cast<double>(s.rows) * static_cast<double>(s.cols)}; }

std::string text(std::int64_t value) { return std::to_string(value); }

std::string describe_shape(const AttentionShape& s) {
  std::string line = "batch " + text(s.batch) + ", heads " + text(s.heads);
  if (s.kv_heads != s.heads) line += "/" + text(s.kv_heads);
  line += ", seq " + text(s.seq_q);
  if (s.seq_kv != s.seq_q) line += " x " + text(s.seq_kv);
  line += ", d " + text(s.head_dim) + ", " + std::string{name_of(s.dtype)};
  if (s.mask != Mask::none) line += ", " + std::string{name_of(s.mask)};
  if (s.dropout > 0) line += ", dropout";
  return line + ", " + std::string{name_of(s.pass)};
}
std::string describe_shape(const GemmShape& s) {
  return "gemm " + text(s.m) + " x " + text(s.n) + " x " + text(s.k) + ", batch " + text(s.batch) + ", " +
         std::string{name_of(s.dtype)};
}
std::string describe_shape(const SoftmaxShape& s) {
  return "softmax " + text(s.rows) + " x " + text(s.cols) + ", " + std::string{name_of(s.dtype)};
}

}  // namespace

DType dtype_of(const Workload& workload) {
  return std::visit([](const auto& shape) { return shape.dtype; }, workload);
}

Flops paper_flops(const Workload& workload) {
  return std::visit([](const auto& shape) { return flops(shape); }, workload);
}

tl::expected<void, std::string> check(const Workload& workload) {
  return std::visit([](const auto& shape) { return check_shape(shape); }, workload);
}

std::string describe(const Workload& workload) {
  return std::visit([](const auto& shape) { return describe_shape(shape); }, workload);
}

}  // namespace rooftile
