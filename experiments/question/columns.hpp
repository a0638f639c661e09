// A question and its answer as columns: the names of the batch interface, the same in predict, simulate, --cells and
// run.
//
//   profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout | time_s,flop,...,notes
#pragma once

#include <string>
#include <vector>

#include "question/question.hpp"
#include "rooftile/analysis/report.hpp"

namespace rooftile::experiments {

/// The input columns. `ops` says which kinds of workload occur: attention alone has exactly the twelve; others add
/// op,m,n,k or op,rows,cols. Columns br, bc, predictor, l2
/// follow where any question states one that is not the default.
[[nodiscard]] std::vector<analysis::Column> question_columns(const std::vector<Question>& questions);
/// The cells of one question under these columns; absent where the op does not use the column.
[[nodiscard]] std::vector<analysis::Value> question_cells(const Question& question,
                                                          const std::vector<analysis::Column>& columns);

/// time_s,flop,dram_read_bytes,dram_write_bytes,l2_read_bytes,l2_write_bytes,smem_bytes,bound,status,reason,
/// expected_error,notes
[[nodiscard]] const std::vector<analysis::Column>& answer_columns();
/// The twelve cells, in the order of answer_columns(); numbers are absent unless the status is ok, flop is always
/// there.
[[nodiscard]] std::vector<analysis::Value> answer_cells(const Question& question, const Answer& answer);

/// Where the time of the places for CTAs went, in per cent by Stall, and what was simulated for it:
/// stall_dram_pct, ..., stall_latency_pct, stall_idle_pct, tile_events.
[[nodiscard]] const std::vector<analysis::Column>& stall_columns();
/// Their cells; absent unless the answer is a simulation that is ok. The shares add up to 100.
[[nodiscard]] std::vector<analysis::Value> stall_cells(const Answer& answer);

/// The command that answers by this method: "predict", "simulate", "execute".
[[nodiscard]] std::string command_of(analysis::Method method);
/// "rooftile predict -p a100_sxm4_80gb -k fa2 --batch 8 ...": the command that reproduces the answer, `rooftile
/// simulate` and `rooftile execute` by its method.
[[nodiscard]] std::string command_line(const Question& question);

}  // namespace rooftile::experiments
