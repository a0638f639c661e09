// Many questions at once: `predict --cells FILE.csv`, `simulate --cells FILE.csv`.
//
//   profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,id       columns in any order
//   a100_sxm4_80gb,fa2,fwd,fp16,8,16,16,4096,4096,128,causal,,r17                              others pass through
//
// The answer has the input columns as they stand, then time_s,flop,dram_read_bytes, ... ,expected_error,notes: one row
// per input row, in order. What cannot run says so in status and reason and the rest goes on; what cannot be read is an
// InputError before anything is computed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "question/catalogues.hpp"
#include "question/question.hpp"
#include "rooftile/analysis/csv.hpp"
#include "rooftile/analysis/report.hpp"

namespace rooftile::runner {

/// What holds for all rows of a file.
struct CellOptions {
  std::string predictor = "hierarchical";
  std::vector<experiments::Setting> settings;             ///< --set
  analysis::Method method = analysis::Method::predicted;  ///< or simulated
  bool stalls = false;                                    ///< of simulations: the columns of stall_columns(), too
};

/// The question of every row. InputError with file:line:column for malformed rows, unknown profiles, kernels and
/// predictors, and for columns that the answer would repeat (time_s, status, ...).
[[nodiscard]] std::vector<experiments::Question> read_questions(const analysis::CsvTable& cells,
                                                                const CellOptions& options,
                                                                experiments::Catalogues& catalogues);

/// Reads and answers a file on all cores. The table's name is that of the command, "predict" or "simulate".
[[nodiscard]] analysis::Table answer_file(const std::filesystem::path& file, const CellOptions& options,
                                          experiments::Catalogues& catalogues);

}  // namespace rooftile::runner
