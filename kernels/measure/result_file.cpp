#include "measure/result_file.hpp"

#include <array>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>

#include "measure/bad_input.hpp"
#include "measure/json_fields.hpp"

namespace rooftile::kernels::measure {
namespace {

using Fields = std::map<std::string, std::string>;

std::string field(const Fields& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

/// The field that tells lines about one cell apart.
std::string_view variant_field(std::string_view kind) {
  return kind == "time" ? "timer" : kind == "counter" ? "level" : "against";
}

/// The raw text of the object under "parameters"; it is written as the last caller gave it, so its text is its name.
std::string parameters_of(std::string_view line) {
  constexpr std::string_view key = "\"parameters\":";
  const std::size_t start = line.find(key);
  if (start == std::string_view::npos) return "{}";
  const std::size_t end = line.find('}', start);
  return std::string(line.substr(start + key.size(), end + 1 - start - key.size()));
}

std::string key_of(const Fields& fields, std::string_view line) {
  const std::string kind = field(fields, "kind");
  if (kind == "micro") return micro_key(field(fields, "name"), parameters_of(line));
  std::string key = kind;
  for (const char* name :
       {"kernel", "pass", "dtype", "batch", "heads", "kv_heads", "seq_q", "seq_kv", "head_dim", "mask", "l2"}) {
    key += '|' + field(fields, name);
  }
  return key + '|' + field(fields, std::string(variant_field(kind)));
}

}  // namespace

std::string cell_key(std::string_view kind, const Cell& cell, std::string_view l2, std::string_view variant) {
  JsonObject line;
  line.add("kind", kind);
  add_cell(line, cell, l2);
  line.add(variant_field(kind), variant);
  return key_of(*json_fields(line.text()), "");
}

std::string micro_key(std::string_view name, std::string_view parameters) {
  return "micro|" + std::string(name) + '|' + std::string(parameters);
}

ExistingLines read_lines(std::string_view text, const std::string& name) {
  ExistingLines existing;
  while (existing.complete < text.size()) {
    const std::size_t end = text.find('\n', existing.complete);
    if (end == std::string_view::npos) break;  // half written
    const std::string_view line = text.substr(existing.complete, end - existing.complete);
    const std::optional<Fields> fields = json_fields(line);
    if (!fields || field(*fields, "kind").empty()) {
      if (end + 1 == text.size() && existing.lines > 0) break;  // a last line that a crash left in pieces
      throw BadInput(name + ":" + std::to_string(existing.lines + 1) +
                     ": no JSON object with a \"kind\"; --resume goes on with files that this program began");
    }
    ++existing.lines;
    existing.complete = end + 1;
    const std::string status = field(*fields, "status");
    if (!status.empty()) existing.tried.insert(key_of(*fields, line));
    if (status == "ok") existing.done.insert(key_of(*fields, line));
    if (const std::string uuid = field(*fields, "device.uuid"); !uuid.empty()) existing.device = uuid;
  }
  return existing;
}

ExistingLines existing_lines(const std::string& path, bool resume) {
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (text.empty()) return {};
  if (!resume) throw BadInput(path + ": exists; --resume goes on where it ended");
  ExistingLines existing = read_lines(text, path);
  if (existing.lines == 0 && !text.starts_with(R"({"kind":)"))
    throw BadInput(path + ":1: is no file of this program; --resume goes on with files that it began");
  return existing;
}

ResultFile::ResultFile(std::string path, bool resume)
    : name_(std::move(path)), existing_(existing_lines(name_, resume)), out_(&file_) {
  std::error_code error;
  const auto size = std::filesystem::file_size(name_, error);
  if (!error && size > existing_.complete) std::filesystem::resize_file(name_, existing_.complete, error);
  file_.open(name_, std::ios::binary | std::ios::app);
  if (!file_) throw BadInput(name_ + ": cannot be written");
}

void ResultFile::append(const JsonObject& line) {
  const std::string text = line.text();
  *out_ << text << '\n' << std::flush;
  if (!*out_) throw std::runtime_error(name_ + ": writing failed; is the disk full?");
  if (const auto fields = json_fields(text)) now_.insert(key_of(*fields, text));
}

}  // namespace rooftile::kernels::measure
