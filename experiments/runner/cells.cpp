#include "runner/cells.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>

#include "question/columns.hpp"
#include "rooftile/analysis/cell.hpp"
#include "runner/parallel.hpp"

namespace rooftile::runner {
namespace {

using analysis::CsvRow;
using analysis::CsvTable;
using experiments::Question;

constexpr std::size_t predictions_at_once = 256;

/// What follows the columns of the file.
std::vector<analysis::Column> columns_of_answers(const CellOptions& options) {
  std::vector<analysis::Column> columns = experiments::answer_columns();
  if (options.stalls) std::ranges::copy(experiments::stall_columns(), std::back_inserter(columns));
  return columns;
}

void refuse_output_columns(const CsvTable& cells, const CellOptions& options) {
  const std::vector<analysis::Column> columns = columns_of_answers(options);
  for (const analysis::CsvField& field : cells.header()) {
    if (std::ranges::find(columns, field.text, &analysis::Column::name) == columns.end()) continue;
    throw InputError{{cells.name(), field.line, field.column},
                     "duplicate column '" + field.text + "': the answer writes a column of this name; rename this one"};
  }
}

/// Names that have been looked up, so that a file of 100,000 rows asks for each of its few names once.
class KnownNames {
 public:
  KnownNames(std::string_view column, std::function<void(const std::string&)> look_up)
      : column_{column}, look_up_{std::move(look_up)} {}

  void check(const CsvRow& row, const std::string& name) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) return;
    try {
      look_up_(name);
    } catch (const InputError& error) {
      // An unknown name or a missing file belongs to this field; what stands in a file tells its own place.
      if (error.where().line > 0) throw;
      row.fail(column_, error.what());
    }
    known_.push_back(name);
  }

 private:
  std::string_view column_;
  std::function<void(const std::string&)> look_up_;
  std::vector<std::string> known_;
};

/// A field that passes through: a number if the number is written back as the same text.
analysis::Value carried(const std::string& text) {
  if (text.empty()) return std::monostate{};
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc{} && read.ptr == end) {
    if (std::to_string(whole) == text) return whole;
  }
  double number = 0;
  if (const auto read = std::from_chars(text.data(), end, number); read.ec == std::errc{} && read.ptr == end) {
    if (analysis::shortest_text(number) == text) return number;
  }
  return text;
}

[[noreturn]] void refuse_predictor(const std::string& name) {
  std::vector<std::string_view> known;
  for (const Predictor* predictor : predictors()) known.push_back(predictor->name());
  throw InputError{"--predictor: " + unknown_name_message("predictor", name, known)};
}

std::vector<analysis::Column> columns_of(const CsvTable& cells, const CellOptions& options) {
  std::vector<analysis::Column> columns;
  for (const analysis::CsvField& field : cells.header()) columns.push_back({field.text, field.text});
  std::ranges::move(columns_of_answers(options), std::back_inserter(columns));
  return columns;
}

}  // namespace

std::vector<Question> read_questions(const CsvTable& cells, const CellOptions& options,
                                     experiments::Catalogues& catalogues) {
  refuse_output_columns(cells, options);
  analysis::check_batch_header(cells);
  if (find_predictor(options.predictor) == nullptr) refuse_predictor(options.predictor);
  KnownNames profiles{"profile", [&](const std::string& name) { (void)catalogues.profile(name); }};
  KnownNames kernels{"kernel", [&](const std::string& name) { (void)catalogues.spec(name); }};
  std::vector<Question> questions;
  questions.reserve(cells.size());
  for (const CsvRow row : cells) {
    analysis::BatchCell cell = analysis::read_cell(row);
    profiles.check(row, cell.profile);
    kernels.check(row, cell.kernel);
    questions.push_back({.profile = std::move(cell.profile),
                         .kernel = std::move(cell.kernel),
                         .workload = cell.workload,
                         .overrides = cell.tile,
                         .l2 = cell.l2,
                         .predictor = options.predictor,
                         .settings = options.settings,
                         .method = options.method});
  }
  return questions;
}

analysis::Table answer_file(const std::filesystem::path& file, const CellOptions& options,
                            experiments::Catalogues& catalogues) {
  const CsvTable cells = CsvTable::read(file);
  const std::vector<Question> questions = read_questions(cells, options, catalogues);
  const bool predicted = options.method == analysis::Method::predicted;
  analysis::Table table{.name = experiments::command_of(options.method), .columns = columns_of(cells, options)};
  table.rows.resize(questions.size());

  const std::size_t row_block = predicted ? predictions_at_once : 1;
  const std::size_t workers = worker_count(questions.size(), row_block);
  std::vector<experiments::Answerer> answerers;
  for (std::size_t worker = 0; worker < workers; ++worker) {
    answerers.emplace_back(catalogues, experiments::IncompleteProfile::is_an_answer);
  }
  parallel_blocks(questions.size(), row_block, workers, [&](std::size_t worker, std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      std::vector<analysis::Value>& row = table.rows[i];
      row.reserve(table.columns.size());
      for (const analysis::CsvField& field : cells[i].fields()) row.push_back(carried(field.text));
      const experiments::Answer answer = answerers[worker].answer(questions[i]);
      std::ranges::move(experiments::answer_cells(questions[i], answer), std::back_inserter(row));
      if (options.stalls) std::ranges::move(experiments::stall_cells(answer), std::back_inserter(row));
    }
  });
  return table;
}

}  // namespace rooftile::runner
