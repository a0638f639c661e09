// One cell of a batch: which kernel on which GPU for which workload, as a CSV row says it. `predict --cells`, imports
// and measured data share these columns.
//
//   profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout
//   a100_sxm4_80gb,fa2,fwd,fp16,8,16,16,4096,4096,128,causal,
//
// Optional columns: br, bc, warps, stages (tile shape instead of the spec's), l2 (cold | warm), op (attention | gemm |
// softmax) with m, n, k (and batch) or rows, cols.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rooftile/analysis/csv.hpp"
#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model/workload.hpp"

namespace rooftile::analysis {

/// Not `Cell`: that is one field of a Table (report.hpp).
struct BatchCell {
  std::string profile{};
  std::string kernel{};
  Workload workload{};
  SpecOverrides tile{};         ///< zeros: the spec's
  std::optional<L2State> l2{};  ///< nothing: the spec's
};

/// The twelve columns of the batch interface, in its order.
[[nodiscard]] std::span<const std::string_view> batch_columns();
/// The optional ones: br, bc, warps, stages, l2, op, m, n, k, rows, cols.
[[nodiscard]] std::span<const std::string_view> optional_batch_columns();
/// The result columns that follow the input columns: time_s ... notes.
[[nodiscard]] std::span<const std::string_view> output_columns();

/// InputError if the header lacks a column that its ops need. Attention needs all twelve but dropout.
void check_batch_header(const CsvTable& table);

/// Reads one row; names of profiles and kernels are taken as they stand (the caller knows which exist).
/// InputError with file:line:column for what is malformed, including numbers that make no workload (kv_heads 3 of 8).
[[nodiscard]] BatchCell read_cell(const CsvRow& row);

/// The attention shape of a row that has the columns for it, and the tile shape, zeros where it states none. InputError
/// as read_cell().
[[nodiscard]] AttentionShape read_attention_shape(const CsvRow& row);
[[nodiscard]] SpecOverrides read_tile(const CsvRow& row);

/// The value a workload gives for a batch column ("seq_q", "mask", "m", ...); "" where its op does not use the column.
[[nodiscard]] std::string workload_text(const Workload& workload, std::string_view column);

}  // namespace rooftile::analysis
