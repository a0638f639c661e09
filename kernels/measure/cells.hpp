// What is to be measured: one kernel and one workload, as a row of the batch interface says it.
//
//   kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,l2
//   rt_flash2,fwd,fp16,8,16,16,4096,4096,128,causal,cold
//
// `l2` may be absent or empty: both states are measured. The bare names standard and flash2 mean rt_standard and
// rt_flash2. Of the interface's other columns `profile` is skipped and `dropout` is heeded; the rest, and columns of
// the user's own, are skipped with a warning.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/json_line.hpp"
#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::measure {

/// Words are the batch interface's, and valid there; that does not mean that a kernel takes them.
struct Cell {
  std::string kernel;
  std::string pass = "fwd";
  std::string dtype = "fp16";
  int batch = 1;
  int heads = 1;
  int kv_heads = 1;
  int seq_q = 1;
  int seq_kv = 1;
  int head_dim = 64;
  std::string mask = "none";
  std::string l2;  ///< "cold", "warm"; empty: both
  bool dropout = false;
};

/// Adds the eleven columns to a line. `l2` is the state the line is about.
void add_cell(JsonObject& line, const Cell& cell, std::string_view l2);
/// "rt_flash2 fwd fp16 8x16/16 4096x4096 d128 causal", for people.
[[nodiscard]] std::string describe(const Cell& cell);
/// A call of our own kernels as a cell.
[[nodiscard]] Cell cell_of(std::string_view kernel, const AttentionCall& call);

/// The cell as a call, or nothing and why no kernel of this program takes it (fwd+bwd, fp32, dropout ...).
[[nodiscard]] std::optional<AttentionCall> call_of(const Cell& cell, std::string& why);

struct CellFile {
  std::vector<Cell> cells;
  std::vector<std::string> warnings;  ///< about skipped columns
};

/// Reads a CSV; `name` stands in messages. BadInput with file:line:column for whatever is malformed.
[[nodiscard]] CellFile read_cells(std::string_view text, const std::string& name, std::span<const std::string> kernels);

}  // namespace rooftile::kernels::measure
