#include "rooftile/analysis/exchange.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "rooftile/analysis/cell.hpp"
#include "rooftile/model/parse_quantity.hpp"

namespace rooftile::analysis {
namespace {

using namespace std::string_view_literals;

/// Columns of an export, which are the columns an import knows; names of v_result.
constexpr std::array columns{"profile"sv,
                             "kernel"sv,
                             "pass"sv,
                             "dtype"sv,
                             "batch"sv,
                             "heads"sv,
                             "kv_heads"sv,
                             "seq_q"sv,
                             "seq_kv"sv,
                             "head_dim"sv,
                             "mask"sv,
                             "dropout"sv,
                             "op"sv,
                             "m"sv,
                             "n"sv,
                             "k"sv,
                             "rows"sv,
                             "cols"sv,
                             "br"sv,
                             "bc"sv,
                             "warps"sv,
                             "stages"sv,
                             "l2"sv,
                             "profile_hash"sv,
                             "method"sv,
                             "predictor"sv,
                             "predictor_version"sv,
                             "timer"sv,
                             "setting"sv,
                             "source"sv,
                             "printed"sv,
                             "time_s"sv,
                             "flop"sv,
                             "dram_read_bytes"sv,
                             "dram_write_bytes"sv,
                             "l2_read_bytes"sv,
                             "l2_write_bytes"sv,
                             "smem_bytes"sv,
                             "extra_memory_bytes"sv,
                             "registers_per_thread"sv,
                             "smem_per_cta_bytes"sv,
                             "ctas_per_sm"sv,
                             "bound"sv,
                             "status"sv,
                             "reason"sv,
                             "expected_error"sv,
                             "notes"sv};

/// Integer columns that stand for "not used" when they are 0, and dropout, whose default is 0.
constexpr std::array empty_if_zero{
    "batch"sv, "heads"sv, "kv_heads"sv, "seq_q"sv, "seq_kv"sv, "head_dim"sv,         "dropout"sv,
    "m"sv,     "n"sv,     "k"sv,        "rows"sv,  "cols"sv,   "predictor_version"sv};

void check_known(const CsvRow& row, std::string_view column, std::string_view kind,
                 const std::vector<std::string>& known) {
  const std::string& found = row.required_text(column);
  if (known.empty() || std::ranges::find(known, found) != known.end()) return;
  row.fail(column, unknown_name_message(kind, found, {known.begin(), known.end()}));
}

Method read_method(const CsvRow& row, const ImportOptions& options) {
  if (row.states("method")) {
    const Method method = row.name<Method>("method");
    if (options.method && *options.method != method) {
      row.fail("method", "is " + std::string{name_of(method)} + ", but the import is of " +
                             std::string{name_of(*options.method)} + " results");
    }
    return method;
  }
  if (!options.method) throw InputError(row.where("method"), "the row states no method and the import gives none");
  return *options.method;
}

L2State default_l2(const std::string& kernel, const ImportOptions& options) {
  if (options.default_l2) return options.default_l2(kernel);
  return kernel.starts_with("rt_") ? L2State::cold : L2State::warm;
}

/// An amount that cannot be negative; unknown where the field is empty.
template <class Q>
Q read_amount(const CsvRow& row, std::string_view column) {
  const std::optional<double> value = row.number_if_stated(column);
  if (value && *value < 0) row.fail(column, "'" + row.text(column) + "' is negative");
  return value ? Q{*value} : Q::unknown();
}

/// The time that a printed value means: "1.42 ms" itself, "189 TFLOP/s" over the FLOP of the papers.
Seconds time_from_printed(const CsvRow& row, Flops flops) {
  const std::string& printed = row.text("printed");
  if (const auto time = parse<Seconds>(printed)) return *time;
  const auto rate = parse<FlopsPerSecond>(printed);
  if (!rate) row.fail("printed", "'" + printed + "' is neither a time (\"1.42 ms\") nor a rate (\"189 TFLOP/s\")");
  if (!(rate->value() > 0)) row.fail("printed", "'" + printed + "' is not above zero");
  return flops / *rate;
}

Seconds read_time(const CsvRow& row, Flops flops, Outcome status) {
  Seconds time = Seconds::unknown();
  std::string_view column = "time_s";
  if (row.states("time_s")) {
    time = Seconds{row.number("time_s")};
  } else if (row.states("printed")) {
    column = "printed";
    time = time_from_printed(row, flops);
  } else if (status == Outcome::ok && !row.states("dram_read_bytes") && !row.states("l2_read_bytes")) {
    throw InputError(row.where("time_s"),
                     "the row has no number: time_s, printed, dram_read_bytes and l2_read_bytes are empty");
  }
  if (is_known(time) && !(time > Seconds{0})) row.fail(column, "'" + row.text(column) + "' is not above zero");
  return time;
}

int read_version(const CsvRow& row) {
  const std::int64_t version = row.positive_integer_or("predictor_version", 0);
  if (version > std::numeric_limits<int>::max()) {
    row.fail("predictor_version", "'" + row.text("predictor_version") + "' is too large");
  }
  return static_cast<int>(version);
}

ResultKey read_key(const CsvRow& row, const ImportOptions& options) {
  BatchCell cell = read_cell(row);
  check_known(row, "profile", "profile", options.profiles);
  check_known(row, "kernel", "kernel", options.kernels);
  ResultKey key;
  key.method = read_method(row, options);
  key.l2 = cell.l2 ? *cell.l2 : default_l2(cell.kernel, options);
  key.profile = {std::move(cell.profile), row.text_or("profile_hash", ""), ""};
  key.workload = cell.workload;
  key.kernel = std::move(cell.kernel);
  key.tile = cell.tile;
  key.predictor = row.text_or("predictor", "");
  key.predictor_version = read_version(row);
  key.timer = row.text_or("timer", "");
  key.setting = row.text_or("setting", "");
  key.source = row.text_or("source", options.source);
  if (is_observed(key.method) && key.source.empty()) {
    throw InputError(row.where("source"), "a " + std::string{name_of(key.method)} + " row needs a source");
  }
  return key;
}

/// What a CTA occupies; its residents may be unknown.
std::optional<CtaUse> read_cta(const CsvRow& row) {
  constexpr std::array columns_of_it{"registers_per_thread"sv, "smem_per_cta_bytes"sv, "ctas_per_sm"sv};
  const auto stated = [&row](std::string_view column) { return row.states(column); };
  if (std::ranges::none_of(columns_of_it, stated)) return std::nullopt;
  return CtaUse{row.positive_integer("registers_per_thread"), Bytes{row.number("smem_per_cta_bytes")},
                row.positive_integer_or("ctas_per_sm", 0)};
}

ResultRow read_result(const CsvRow& row, const ImportOptions& options) {
  ResultRow result;
  result.key = read_key(row, options);
  result.status = row.name_or("status", Outcome::ok);
  result.reason = row.text_or("reason", "");
  result.flops = read_amount<Flops>(row, "flop");
  if (!is_known(result.flops)) result.flops = paper_flops(result.key.workload);
  result.time = read_time(row, result.flops, result.status);
  result.dram_read = read_amount<Bytes>(row, "dram_read_bytes");
  result.dram_write = read_amount<Bytes>(row, "dram_write_bytes");
  result.l2_read = read_amount<Bytes>(row, "l2_read_bytes");
  result.l2_write = read_amount<Bytes>(row, "l2_write_bytes");
  result.smem = read_amount<Bytes>(row, "smem_bytes");
  result.extra_memory = read_amount<Bytes>(row, "extra_memory_bytes");
  result.cta = read_cta(row);
  if (row.states("bound")) result.bound = row.name<Limit>("bound");
  result.expected_error = row.number_if_stated("expected_error");
  result.notes = row.text_or("notes", "");
  result.printed = row.text_or("printed", "");
  if (const auto sound = check(result); !sound) throw InputError(row.where(""), sound.error());
  return result;
}

/// Every part of the key as one text: equal texts, equal keys.
std::string key_text(const ResultKey& key) {
  std::string text;
  const auto add = [&text](std::string_view part) {
    text += part;
    text += '\x1f';
  };
  for (const std::string_view column : batch_columns()) add(workload_text(key.workload, column));
  for (const std::string_view column : optional_batch_columns()) add(workload_text(key.workload, column));
  for (const std::int64_t number :
       {key.tile.br, key.tile.bc, key.tile.warps, key.tile.stages, std::int64_t{key.predictor_version}}) {
    add(std::to_string(number));
  }
  for (const std::string_view part :
       {std::string_view{key.profile.name}, std::string_view{key.profile.hash}, std::string_view{key.kernel},
        name_of(key.method), std::string_view{key.predictor}, name_of(key.l2), std::string_view{key.timer},
        std::string_view{key.setting}, std::string_view{key.source}}) {
    add(part);
  }
  return text;
}

void write_value(CsvWriter& writer, const SqlValue& value, bool blank_zero) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    writer.cell(*text);
  } else if (const auto* real = std::get_if<double>(&value); real != nullptr && !(blank_zero && *real == 0)) {
    writer.cell(*real);
  } else if (const auto* whole = std::get_if<std::int64_t>(&value); whole != nullptr && !(blank_zero && *whole == 0)) {
    writer.cell(*whole);
  } else {
    writer.cell("");
  }
}

}  // namespace

std::span<const std::string_view> result_columns() { return columns; }

std::vector<ResultRow> read_results(const CsvTable& table, const ImportOptions& options) {
  table.allow_only(columns);
  check_batch_header(table);
  std::vector<ResultRow> results;
  results.reserve(table.size());
  std::map<std::string, int> lines;
  for (const CsvRow row : table) {
    results.push_back(read_result(row, options));
    const auto [earlier, fresh] = lines.emplace(key_text(results.back().key), row.line());
    if (!fresh) {
      throw InputError({table.name(), row.line()},
                       "the same workload, kernel, method, timer, setting and source stand in line " +
                           std::to_string(earlier->second) + " already");
    }
  }
  return results;
}

PutReport import_csv(Store& store, RunId run, const CsvTable& table, const ImportOptions& options) {
  const std::vector<ResultRow> rows = read_results(table, options);
  std::vector<Location> places;
  for (const CsvRow row : table) places.push_back({table.name(), row.line()});
  return store.put_all(run, rows, places);
}

void export_csv(const Store& store, std::ostream& out, std::optional<Method> method) {
  std::string sql = "SELECT " + join({columns.begin(), columns.end()}) + " FROM v_result";
  if (method) sql += " WHERE method = '" + std::string{name_of(*method)} + "'";
  const QueryResult result = store.query(sql + " ORDER BY id");
  CsvWriter writer{out};
  writer.row(columns);
  for (const std::vector<SqlValue>& row : result.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool blank_zero = std::ranges::find(empty_if_zero, columns[i]) != empty_if_zero.end();
      write_value(writer, row[i], blank_zero);
    }
    writer.end_row();
  }
}

}  // namespace rooftile::analysis
