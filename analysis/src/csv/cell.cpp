#include "rooftile/analysis/cell.hpp"

#include <algorithm>
#include <array>

#include "shape_words.hpp"

namespace rooftile::analysis {
namespace {

using namespace std::string_view_literals;

constexpr std::array batch{"profile"sv,  "kernel"sv, "pass"sv,   "dtype"sv,    "batch"sv, "heads"sv,
                           "kv_heads"sv, "seq_q"sv,  "seq_kv"sv, "head_dim"sv, "mask"sv,  "dropout"sv};
constexpr std::array optional_batch{"op"sv, "m"sv,  "n"sv,     "k"sv,      "rows"sv, "cols"sv,
                                    "br"sv, "bc"sv, "warps"sv, "stages"sv, "l2"sv};
constexpr std::array output{"time_s"sv,        "flop"sv,           "dram_read_bytes"sv, "dram_write_bytes"sv,
                            "l2_read_bytes"sv, "l2_write_bytes"sv, "smem_bytes"sv,      "bound"sv,
                            "status"sv,        "reason"sv,         "expected_error"sv,  "notes"sv};

/// What each op cannot do without, beside profile and kernel.
constexpr std::array attention_needs{"pass"sv,  "dtype"sv,  "batch"sv,    "heads"sv, "kv_heads"sv,
                                     "seq_q"sv, "seq_kv"sv, "head_dim"sv, "mask"sv};
constexpr std::array gemm_needs{"dtype"sv, "m"sv, "n"sv, "k"sv};
constexpr std::array softmax_needs{"dtype"sv, "rows"sv, "cols"sv};

std::span<const std::string_view> needs(Op op) {
  switch (op) {
    case Op::attention: return attention_needs;
    case Op::gemm: return gemm_needs;
    case Op::softmax: return softmax_needs;
  }
  return {};
}

/// A number in a column of another op means that `op` was forgotten: better said than ignored.
void refuse_extents_of_other_ops(const CsvRow& row, Op op) {
  for (const Op other : {Op::gemm, Op::softmax}) {
    if (other == op) continue;
    for (const std::string_view column : needs(other)) {
      if (column == "dtype" || !row.states(column)) continue;
      row.fail(column,
               "belongs to op " + std::string{name_of(other)} + ", but this row's op is " + std::string{name_of(op)});
    }
  }
}

double read_dropout(const CsvRow& row) {
  const double dropout = row.number_if_stated("dropout").value_or(0);
  if (dropout < 0 || dropout >= 1) {
    row.fail("dropout", "'" + row.text("dropout") + "' is not a probability in [0, 1)");
  }
  return dropout;
}

/// A workload that makes sense.
template <class Shape>
Shape sound(const CsvRow& row, const Shape& shape) {
  if (const auto good = check(Workload{shape}); !good) throw InputError(row.where(""), good.error());
  return shape;
}

Workload read_workload(const CsvRow& row, Op op) {
  switch (op) {
    case Op::attention: return read_attention_shape(row);
    case Op::gemm: {
      const DType dtype = row.name<DType>("dtype");
      return sound(row, GemmShape{row.positive_integer_or("batch", 1), row.positive_integer("m"),
                                  row.positive_integer("n"), row.positive_integer("k"), dtype});
    }
    case Op::softmax: {
      const DType dtype = row.name<DType>("dtype");
      return sound(row, SoftmaxShape{row.positive_integer("rows"), row.positive_integer("cols"), dtype});
    }
  }
  return {};
}

/// The text of one column; empty where the shape has no such member.
std::string text_of(const AttentionShape& shape, std::string_view column) {
  if (column == "pass") return std::string{name_of(shape.pass)};
  if (column == "dtype") return std::string{name_of(shape.dtype)};
  if (column == "mask") return std::string{name_of(shape.mask)};
  if (column == "dropout") return shape.dropout == 0 ? "" : shortest_text(shape.dropout);
  if (column == "batch") return std::to_string(shape.batch);
  if (column == "heads") return std::to_string(shape.heads);
  if (column == "kv_heads") return std::to_string(shape.kv_heads);
  if (column == "seq_q") return std::to_string(shape.seq_q);
  if (column == "seq_kv") return std::to_string(shape.seq_kv);
  if (column == "head_dim") return std::to_string(shape.head_dim);
  return {};
}
std::string text_of(const GemmShape& shape, std::string_view column) {
  if (column == "dtype") return std::string{name_of(shape.dtype)};
  if (column == "batch") return std::to_string(shape.batch);
  if (column == "m") return std::to_string(shape.m);
  if (column == "n") return std::to_string(shape.n);
  if (column == "k") return std::to_string(shape.k);
  return {};
}
std::string text_of(const SoftmaxShape& shape, std::string_view column) {
  if (column == "dtype") return std::string{name_of(shape.dtype)};
  if (column == "rows") return std::to_string(shape.rows);
  if (column == "cols") return std::to_string(shape.cols);
  return {};
}

}  // namespace

std::span<const std::string_view> batch_columns() { return batch; }
std::span<const std::string_view> optional_batch_columns() { return optional_batch; }
std::span<const std::string_view> output_columns() { return output; }

void check_batch_header(const CsvTable& table) {
  table.require(std::array{"profile"sv, "kernel"sv});
  std::array<bool, 3> used{};
  for (const CsvRow row : table) used[static_cast<std::size_t>(row.name_or("op", Op::attention))] = true;
  if (table.empty()) used[static_cast<std::size_t>(Op::attention)] = !table.has("op");
  for (const Op op : {Op::attention, Op::gemm, Op::softmax}) {
    if (used[static_cast<std::size_t>(op)]) table.require(needs(op));
  }
}

AttentionShape read_attention_shape(const CsvRow& row) {
  AttentionShape shape = attention_shape_of(row);
  shape.dropout = read_dropout(row);
  return sound(row, shape);
}

SpecOverrides read_tile(const CsvRow& row) {
  return {.br = row.positive_integer_or("br", 0),
          .bc = row.positive_integer_or("bc", 0),
          .warps = row.positive_integer_or("warps", 0),
          .stages = row.positive_integer_or("stages", 0)};
}

BatchCell read_cell(const CsvRow& row) {
  BatchCell cell;
  cell.profile = row.required_text("profile");
  cell.kernel = row.required_text("kernel");
  const Op op = row.name_or("op", Op::attention);
  refuse_extents_of_other_ops(row, op);
  cell.workload = read_workload(row, op);
  cell.tile = read_tile(row);
  if (row.states("l2")) cell.l2 = row.name<L2State>("l2");
  return cell;
}

std::string workload_text(const Workload& workload, std::string_view column) {
  if (column == "op") return std::string{name_of(op_of(workload))};
  return std::visit([column](const auto& shape) { return text_of(shape, column); }, workload);
}

}  // namespace rooftile::analysis
