// A row of a view from left to right, as the values that its columns mean.
#pragma once

#include <optional>
#include <string>

#include "rooftile/analysis/store.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/names.hpp"

namespace rooftile::analysis {

/// Reads the columns of one row from left to right.
class RowReader {
 public:
  explicit RowReader(const RowCursor& row) : row_{row} {}
  std::string text() { return std::string{row_.text(at_++)}; }
  std::int64_t integer() { return row_.integer(at_++); }
  double number() { return row_.number(at_++); }
  /// The schema's CHECKs allow no other names: another one is damage that the pages do not show.
  template <class E>
  E name() {
    const std::string found = text();
    if (const auto value = from_name<E>(found)) return *value;
    throw InputError{"the results file is damaged: " + unknown_name_message(EnumNames<E>::kind, found, all_names<E>())};
  }
  template <class E>
  std::optional<E> name_or_nothing() {
    return from_name<E>(row_.text(at_++));
  }

 private:
  const RowCursor& row_;
  int at_ = 0;
};

/// From the columns op, pass, dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, dropout, m, n, k, rows,
/// cols of a view.
[[nodiscard]] inline Workload read_workload(RowReader& in) {
  const Op op = in.name<Op>();
  AttentionShape a;
  a.pass = in.name_or_nothing<Pass>().value_or(Pass::fwd);
  a.dtype = in.name<DType>();
  a.batch = in.integer();
  a.heads = in.integer();
  a.kv_heads = in.integer();
  a.seq_q = in.integer();
  a.seq_kv = in.integer();
  a.head_dim = in.integer();
  a.mask = in.name_or_nothing<Mask>().value_or(Mask::none);
  a.dropout = in.number();
  GemmShape g{.batch = a.batch, .dtype = a.dtype};
  g.m = in.integer();
  g.n = in.integer();
  g.k = in.integer();
  SoftmaxShape s{.dtype = a.dtype};
  s.rows = in.integer();
  s.cols = in.integer();
  if (op == Op::gemm) return g;
  if (op == Op::softmax) return s;
  return a;
}

}  // namespace rooftile::analysis
