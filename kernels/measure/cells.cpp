#include "measure/cells.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "measure/bad_input.hpp"

namespace rooftile::kernels::measure {
namespace {

const std::array<std::string, 3> passes{"fwd", "bwd", "fwd+bwd"};
const std::array<std::string, 4> dtypes{"fp16", "bf16", "fp32", "fp8_e4m3"};
const std::array<std::string, 3> masks{"none", "causal", "key_padding"};
const std::array<std::string, 3> l2_states{"cold", "warm", ""};
constexpr std::array<std::string_view, 10> required{"kernel",   "pass",  "dtype",  "batch",    "heads",
                                                    "kv_heads", "seq_q", "seq_kv", "head_dim", "mask"};

struct Field {
  std::string text;
  std::size_t column;  // 1-based, of its first character
};

[[noreturn]] void fail(const std::string& file, std::size_t line, std::size_t column, const std::string& what) {
  throw BadInput(file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + what);
}

/// One field of a row, quoted or not; `position` moves to the comma after it or to the end.
Field read_field(std::string_view row, std::size_t& position, const std::string& file, std::size_t line) {
  Field field{"", position + 1};
  if (position >= row.size() || row[position] != '"') {
    const std::size_t end = std::min(row.find(',', position), row.size());
    field.text = row.substr(position, end - position);
    position = end;
    return field;
  }
  ++position;
  while (position < row.size()) {
    const bool quote = row[position] == '"';
    const bool doubled = quote && row.substr(position).starts_with("\"\"");
    if (quote && !doubled) {
      if (++position < row.size() && row[position] != ',') fail(file, line, position + 1, "text after a closing quote");
      return field;
    }
    field.text += row[position];
    position += doubled ? 2 : 1;
  }
  fail(file, line, field.column, "the quote is not closed on this line");
}

std::vector<Field> split_row(std::string_view row, const std::string& file, std::size_t line) {
  std::vector<Field> fields;
  std::size_t position = 0;
  for (;; ++position) {
    fields.push_back(read_field(row, position, file, line));
    if (position >= row.size()) return fields;
  }
}

/// The lines of a text, numbered from 1; a carriage return at the end of one is no part of it.
std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// One row with the header's names: fields by column, and where they stand.
class Row {
 public:
  Row(const std::string& file, std::size_t line, const std::vector<Field>& header, std::vector<Field> fields)
      : file_(file), line_(line), header_(header), fields_(std::move(fields)) {
    if (fields_.size() == header_.size()) return;
    fail(file_, line_, fields_[std::min(fields_.size(), header_.size()) - 1].column,
         std::to_string(fields_.size()) + " fields, the header has " + std::to_string(header_.size()));
  }

  [[nodiscard]] const Field* find(std::string_view name) const {
    for (std::size_t i = 0; i < header_.size(); ++i) {
      if (header_[i].text == name) return &fields_[i];
    }
    return nullptr;
  }
  [[nodiscard]] std::string word(std::string_view name, std::span<const std::string> allowed) const {
    const Field* field = find(name);
    if (std::find(allowed.begin(), allowed.end(), field->text) != allowed.end()) return field->text;
    fail(file_, line_, field->column, std::string(name) + " " + not_among(field->text, allowed));
  }
  [[nodiscard]] int count(std::string_view name) const {
    const Field* field = find(name);
    int value = 0;
    const char* end = field->text.data() + field->text.size();
    const auto [stop, error] = std::from_chars(field->text.data(), end, value);
    if (error != std::errc{} || stop != end || value < 1) {
      fail(file_, line_, field->column,
           std::string(name) + " '" + field->text + "'; allowed: a whole number from 1 to 2147483647");
    }
    return value;
  }
  [[nodiscard]] bool dropout() const {
    const Field* field = find("dropout");
    if (field == nullptr || field->text.empty()) return false;
    double value = -1;
    const char* end = field->text.data() + field->text.size();
    const auto [stop, error] = std::from_chars(field->text.data(), end, value);
    if (error == std::errc{} && stop == end && value >= 0 && value < 1) return value > 0;
    fail(file_, line_, field->column, "dropout '" + field->text + "'; allowed: a probability below 1");
  }
  [[noreturn]] void reject(std::string_view column, const std::string& what) const {
    fail(file_, line_, find(column)->column, what);
  }

 private:
  const std::string& file_;
  std::size_t line_;
  const std::vector<Field>& header_;
  std::vector<Field> fields_;
};

/// The header, checked: nothing twice, nothing missing. Warns about columns that mean nothing here.
void check_header(const std::vector<Field>& header, const std::string& file, std::size_t line, CellFile& result) {
  constexpr std::array<std::string_view, 3> optional{"l2", "dropout", "profile"};
  const auto among = [](const auto& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  for (const Field& field : header) {
    const auto earlier = [&](const Field& other) { return other.text == field.text && other.column < field.column; };
    if (std::any_of(header.begin(), header.end(), earlier))
      fail(file, line, field.column, "column '" + field.text + "' stands here twice");
    if (!among(required, field.text) && !among(optional, field.text))
      result.warnings.push_back(file + ": column '" + field.text + "' is ignored");
  }
  for (const std::string_view name : required) {
    if (std::none_of(header.begin(), header.end(), [&](const Field& field) { return field.text == name; }))
      fail(file, line, 1, "column '" + std::string(name) + "' is missing");
  }
}

Cell read_cell(const Row& row, std::span<const std::string> kernels) {
  std::vector<std::string> names(kernels.begin(), kernels.end());
  const std::string bare = row.find("kernel")->text;
  const bool has_full_name = std::find(names.begin(), names.end(), "rt_" + bare) != names.end();
  Cell cell;
  cell.kernel = has_full_name ? "rt_" + bare : row.word("kernel", names);
  cell.pass = row.word("pass", passes);
  cell.dtype = row.word("dtype", dtypes);
  cell.batch = row.count("batch");
  cell.heads = row.count("heads");
  cell.kv_heads = row.count("kv_heads");
  cell.seq_q = row.count("seq_q");
  cell.seq_kv = row.count("seq_kv");
  cell.head_dim = row.count("head_dim");
  cell.mask = row.word("mask", masks);
  cell.l2 = row.find("l2") != nullptr ? row.word("l2", l2_states) : "";
  cell.dropout = row.dropout();
  if (cell.heads % cell.kv_heads != 0) {
    row.reject("kv_heads",
               "kv_heads " + std::to_string(cell.kv_heads) + " does not divide heads " + std::to_string(cell.heads));
  }
  return cell;
}

}  // namespace

CellFile read_cells(std::string_view text, const std::string& name, std::span<const std::string> kernels) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  CellFile result;
  std::vector<Field> header;
  std::size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    if (line.empty()) continue;
    if (header.empty()) {
      header = split_row(line, name, number);
      check_header(header, name, number, result);
    } else {
      result.cells.push_back(read_cell(Row(name, number, header, split_row(line, name, number)), kernels));
    }
  }
  if (header.empty()) fail(name, 1, 1, "the file is empty; it begins with kernel,pass,dtype,batch ...");
  return result;
}

void add_cell(JsonObject& line, const Cell& cell, std::string_view l2) {
  line.add("kernel", cell.kernel).add("pass", cell.pass).add("dtype", cell.dtype);
  line.add("batch", cell.batch).add("heads", cell.heads).add("kv_heads", cell.kv_heads);
  line.add("seq_q", cell.seq_q).add("seq_kv", cell.seq_kv).add("head_dim", cell.head_dim);
  line.add("mask", cell.mask).add("l2", l2);
}

std::string describe(const Cell& cell) {
  const auto text = [](int value) { return std::to_string(value); };
  return cell.kernel + " " + cell.pass + " " + cell.dtype + " batch " + text(cell.batch) + " heads " +
         text(cell.heads) + "/" + text(cell.kv_heads) + " seq " + text(cell.seq_q) + "x" + text(cell.seq_kv) + " d" +
         text(cell.head_dim) + " " + cell.mask;
}

Cell cell_of(std::string_view kernel, const AttentionCall& call) {
  Cell cell;
  cell.kernel = kernel;
  cell.pass = call.pass == Pass::bwd ? "bwd" : "fwd";
  cell.dtype = call.element == Element::fp16 ? "fp16" : "bf16";
  cell.batch = call.batch;
  cell.heads = call.heads;
  cell.kv_heads = call.kv_heads;
  cell.seq_q = call.seq_q;
  cell.seq_kv = call.seq_kv;
  cell.head_dim = call.head_dim;
  cell.mask = call.causal ? "causal" : "none";
  return cell;
}

std::optional<AttentionCall> call_of(const Cell& cell, std::string& why) {
  why = cell.pass == "fwd+bwd" ? "pass fwd+bwd is not measured, only fwd and bwd, each by itself"
        : cell.dtype != "fp16" && cell.dtype != "bf16" ? "dtype " + cell.dtype + ": fp16 and bf16 are measured"
        : cell.mask == "key_padding"                   ? "mask key_padding is not measured"
        : cell.dropout                                 ? "dropout is not measured"
                                                       : "";
  if (!why.empty()) return std::nullopt;
  return AttentionCall{.element = cell.dtype == "fp16" ? Element::fp16 : Element::bf16,
                       .batch = cell.batch,
                       .heads = cell.heads,
                       .kv_heads = cell.kv_heads,
                       .seq_q = cell.seq_q,
                       .seq_kv = cell.seq_kv,
                       .head_dim = cell.head_dim,
                       .causal = cell.mask == "causal",
                       .pass = cell.pass == "bwd" ? Pass::bwd : Pass::fwd};
}

}  // namespace rooftile::kernels::measure
