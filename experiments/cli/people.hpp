// What the commands about questions show to people, beyond the columns of the batch interface.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "question/question.hpp"
#include "rooftile/analysis/report.hpp"

namespace rooftile::cli {

/// "fa2 on a100_sxm4_80gb: batch 8, heads 16/16, seq 4096, d 128, fp16, causal, fwd".
[[nodiscard]] std::string title_of(const experiments::Question& question);

/// "4.5 GB", and "4.5 GB read, 1.2 MB written".
[[nodiscard]] std::string bytes_text(Bytes bytes);
[[nodiscard]] std::string bytes_text(const Traffic& traffic);

/// The columns of the questions that tell them apart; what all have in common goes into `common` ("kernel fa2, d 128").
struct QuestionTable {
  std::vector<analysis::Column> columns;
  std::vector<std::vector<analysis::Value>> rows;
  std::string common;
};
[[nodiscard]] QuestionTable distinguishing(const std::vector<experiments::Question>& questions);

/// A table without rows: the columns of the questions, then `more`; what they have in common is its title.
[[nodiscard]] analysis::Table table_of(std::string name, const QuestionTable& asked,
                                       const std::vector<analysis::Column>& more);

/// The time of an answer; absent unless it is ok.
[[nodiscard]] analysis::Value time_cell(const experiments::Answer& answer);

/// Rate in the papers' FLOP; NaN unless the answer is ok.
[[nodiscard]] double paper_rate(const experiments::Question& question, const experiments::Answer& answer);

/// One answer in full: time, rate, bound, bytes, memory, intensity against the ridge; then every resource: the time
/// that it would take alone, of a simulation the time that it was busy.
void write_answer_card(std::ostream& out, const experiments::Question& question, const experiments::Answer& answer,
                       analysis::Style style);

/// The same of a simulation, with where the time went in the place of the resources.
void write_stall_card(std::ostream& out, const experiments::Question& question, const experiments::Answer& answer,
                      analysis::Style style);

/// The same of a simulation, with a table of its own in the place of the resources.
void write_view_card(std::ostream& out, const experiments::Question& question, const experiments::Answer& answer,
                     const analysis::Table& view, analysis::Style style);

/// Many answers, one row each, only the columns that people compare.
[[nodiscard]] analysis::Table people_table(const std::vector<experiments::Question>& questions,
                                           const std::vector<experiments::Answer>& answers);

/// Many simulations, one row each: where the time went.
[[nodiscard]] analysis::Table stall_table(const std::vector<experiments::Question>& questions,
                                          const std::vector<experiments::Answer>& answers);

}  // namespace rooftile::cli
