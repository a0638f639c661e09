// CSV: the grammar, batches (predict --cells), results (db import) and published tables.
//
// A table that is read has rows as long as its header, and is the same table once written. Rows of results that are
// read can be stored, and what is exported of them is what is stored.
#include <algorithm>
#include <sstream>

#include "invariants.hpp"
#include "rooftile/analysis/exchange.hpp"
#include "runner/cells.hpp"
#include "runner/published.hpp"

namespace rooftile::fuzz {
namespace {

using analysis::CsvTable;

const std::string name = "rows.csv";
experiments::Catalogues catalogues{experiments::DataDirectories{ROOFTILE_SOURCE_DIR}};

std::string written(const CsvTable& table) {
  std::ostringstream out;
  analysis::CsvWriter writer{out};
  for (const analysis::CsvField& field : table.header()) writer.cell(field.text);
  writer.end_row();
  for (const analysis::CsvRow row : table) {
    for (const analysis::CsvField& field : row.fields()) writer.cell(field.text);
    writer.end_row();
  }
  return out.str();
}

void check_table(const CsvTable& table) {
  for (const analysis::CsvRow row : table) {
    require(row.fields().size() == table.header().size(), "a row is as long as the header", name);
  }
  // A column of empty fields is a blank line, which is no row.
  if (table.header().size() == 1) return;
  const std::string text = written(table);
  require(written(CsvTable::parse(text, name)) == text, "a table that is written is the same table", text);
}

/// What the reader of one kind of file makes of the table; its refusals are checked.
template <class Read>
void try_reading(std::string_view text, const Read& read) {
  try {
    read();
  } catch (const InputError& error) {
    check_refusal(error, text, name, {"is empty", "is not a text file"});
  }
}

void check_questions(const CsvTable& table) {
  const auto questions = runner::read_questions(table, {}, catalogues);
  require(questions.size() == table.size(), "one question per row", name);
  require(table.has("profile") && table.has("kernel"), "rows that are read have the columns", name);
  for (const experiments::Question& question : questions) {
    require(check(question.workload).has_value(), "a row is a workload", describe(question.workload));
    require(table.has(op_of(question.workload) == Op::attention ? "seq_kv" : "dtype"), "a column was there", name);
  }
}

std::string exported(const std::vector<analysis::ResultRow>& rows) {
  analysis::Store store = analysis::Store::in_memory();
  const analysis::RunId run = store.begin_run({.command = "db import"});
  const analysis::PutReport report = store.put_all(run, rows);
  require(report.added == static_cast<std::int64_t>(rows.size()), "every row is stored", name);
  std::ostringstream out;
  analysis::export_csv(store, out);
  return out.str();
}

void check_results(const CsvTable& table) {
  const std::vector<analysis::ResultRow> rows = read_results(table, {});
  require(rows.size() == table.size(), "one result per row", name);
  const std::string text = exported(rows);
  require(exported(read_results(CsvTable::parse(text, name), {})) == text, "an export is what is stored", text);
}

void check_published(const CsvTable& table) {
  static const runner::Mapping mapping =
      runner::load_mapping(std::string{ROOFTILE_SOURCE_DIR} + "/experiments/reference/mapping.yaml");
  for (const runner::PublishedRow& row : read_published(table, mapping)) {
    const auto sound = check(runner::published_result(row, catalogues));
    require(sound.has_value(), "a published row can be stored", row.printed);
  }
}

}  // namespace
}  // namespace rooftile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rooftile;
  const std::string text = fuzz::text_of(data, size);
  fuzz::try_reading(text, [&] {
    const analysis::CsvTable table = analysis::CsvTable::parse(text, fuzz::name);
    fuzz::check_table(table);
    fuzz::try_reading(text, [&] { fuzz::check_questions(table); });
    fuzz::try_reading(text,
                      [&] { runner::is_published(table) ? fuzz::check_published(table) : fuzz::check_results(table); });
  });
  return 0;
}
