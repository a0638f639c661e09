#include "runner/published.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "rooftile/analysis/cell.hpp"
#include "rooftile/model/parse_quantity.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::runner {
namespace {

using analysis::CsvRow;
using analysis::CsvTable;

constexpr std::array<std::string_view, 17> published_columns = {
    "gpu",      "kernel", "pass",    "dtype", "batch", "heads",    "kv_heads", "seq_q", "seq_kv",
    "head_dim", "mask",   "dropout", "value", "unit",  "software", "source",   "notes"};
/// These and, where a table goes through tile shapes, br and bc.
constexpr auto allowed_columns = [] {
  std::array<std::string_view, published_columns.size() + 2> allowed{"br", "bc"};
  std::copy(published_columns.begin(), published_columns.end(), allowed.begin() + 2);
  return allowed;
}();

std::string optional_text(yaml::Map& map, std::string_view key) {
  const yaml::Node* node = map.optional(key);
  return node == nullptr ? std::string{} : node->as_text();
}

std::vector<yaml::Setting> read_settings(const yaml::Node* node) {
  std::vector<yaml::Setting> settings;
  if (node == nullptr) return settings;
  for (const yaml::Entry& entry : node->as_entries()) settings.push_back({entry.key, entry.value.as_text()});
  return settings;
}

MappingRow read_mapping_row(const yaml::Node& node) {
  yaml::Map map{node};
  MappingRow row{.source = map.required("source").as_text(),
                 .gpu = map.required("gpu").as_text(),
                 .kernel = map.required("kernel").as_text(),
                 .profile = map.required("profile").as_text(),
                 .spec = map.required("spec").as_text(),
                 .settings = read_settings(map.optional("set")),
                 .note = optional_text(map, "note"),
                 .where = node.where()};
  map.finish();
  return row;
}

LeftOut read_left_out(const yaml::Node& node) {
  yaml::Map map{node};
  LeftOut left{.source = map.required("source").as_text(),
               .kernels = map.required("kernels").as_texts(),
               .reason = map.required("reason").as_text()};
  map.finish();
  return left;
}

bool same_words(const MappingRow& a, const MappingRow& b) {
  return a.source == b.source && a.gpu == b.gpu && a.kernel == b.kernel;
}

std::string quoted_words(std::string_view source, std::string_view gpu, std::string_view kernel) {
  return "source '" + std::string{source} + "', gpu '" + std::string{gpu} + "', kernel '" + std::string{kernel} + "'";
}

void refuse_twice(const Mapping& mapping, const MappingRow& row) {
  const auto earlier =
      std::find_if(mapping.rows.begin(), mapping.rows.end(), [&](const MappingRow& r) { return same_words(r, row); });
  if (earlier == mapping.rows.end()) return;
  throw InputError{row.where, quoted_words(row.source, row.gpu, row.kernel) + " is mapped twice; first in line " +
                                  std::to_string(earlier->where.line)};
}

const MappingRow& meaning_of(const CsvRow& row, const Mapping& mapping) {
  MappingRow words;
  words.source = row.required_text("source");
  words.gpu = row.required_text("gpu");
  words.kernel = row.required_text("kernel");
  const auto found =
      std::find_if(mapping.rows.begin(), mapping.rows.end(), [&](const MappingRow& r) { return same_words(r, words); });
  if (found == mapping.rows.end()) {
    throw InputError{row.where("source"), "no entry of " + mapping.file.string() + " has " +
                                              quoted_words(words.source, words.gpu, words.kernel)};
  }
  return *found;
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) text += "; ";
    text += part;
  }
  return text;
}

PublishedRow read_row(const CsvRow& row, const Mapping& mapping) {
  const MappingRow& meaning = meaning_of(row, mapping);
  PublishedRow published{.meaning = meaning,
                         .workload = analysis::read_attention_shape(row),
                         .tile = analysis::read_tile(row),
                         .time = Seconds::unknown(),
                         .printed = row.required_text("value") + " " + row.required_text("unit"),
                         .notes = joined({row.text("notes"), row.text("software"), meaning.note}),
                         .where = row.where("value")};
  const auto time = printed_time(published.printed, published.workload);
  if (!time) throw InputError{published.where, time.error()};
  published.time = *time;
  return published;
}

bool same_measurement(const PublishedRow& a, const PublishedRow& b) {
  return same_words(a.meaning, b.meaning) && a.workload == b.workload && a.tile.br == b.tile.br &&
         a.tile.bc == b.tile.bc;
}

void refuse_repeated(const std::vector<PublishedRow>& rows, const PublishedRow& row) {
  const auto earlier =
      std::find_if(rows.begin(), rows.end(), [&](const PublishedRow& r) { return same_measurement(r, row); });
  if (earlier == rows.end()) return;
  throw InputError{row.where, "the same source, gpu, kernel and shape stand in " + to_string(earlier->where)};
}

/// What the mapping names must exist; the message tells the mapping's line.
template <class LookUp>
auto at_mapping(const MappingRow& row, const LookUp& look_up) {
  try {
    return look_up();
  } catch (const InputError& error) {
    if (!error.where().file.empty()) throw;
    throw InputError{row.where, error.what()};
  }
}

}  // namespace

Mapping load_mapping(const std::filesystem::path& file) {
  const yaml::Node root = yaml::load_file(file);
  yaml::Map map{root};
  yaml::require_schema(map, "rooftile.mapping/1");
  Mapping mapping;
  mapping.file = file;
  for (const yaml::Node& node : map.required("rows").as_list()) {
    MappingRow row = read_mapping_row(node);
    refuse_twice(mapping, row);
    mapping.rows.push_back(std::move(row));
  }
  if (const yaml::Node* left = map.optional("left_out")) {
    for (const yaml::Node& node : left->as_list()) mapping.left_out.push_back(read_left_out(node));
  }
  map.finish();
  return mapping;
}

bool is_published(const CsvTable& table) { return table.has("gpu") && table.has("value") && table.has("unit"); }

std::vector<PublishedRow> read_published(const CsvTable& table, const Mapping& mapping) {
  table.require(published_columns);
  table.allow_only(allowed_columns);
  std::vector<PublishedRow> rows;
  for (const CsvRow row : table) {
    PublishedRow published = read_row(row, mapping);
    refuse_repeated(rows, published);
    rows.push_back(std::move(published));
  }
  return rows;
}

std::vector<PublishedRow> load_published(const std::filesystem::path& folder) {
  const Mapping mapping = load_mapping(folder / "mapping.yaml");
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() == ".csv") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<PublishedRow> rows;
  for (const std::filesystem::path& file : files) {
    for (PublishedRow& row : read_published(CsvTable::read(file), mapping)) {
      refuse_repeated(rows, row);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

tl::expected<Seconds, std::string> printed_time(std::string_view printed, const Workload& workload) {
  const auto time = parse<Seconds>(printed);
  const auto rate = parse<FlopsPerSecond>(printed);
  const std::string found = "'" + std::string{printed} + "'";
  if (!time && !rate) return tl::unexpected{found + " is neither a time (16.47 ms) nor a rate (225 TFLOP/s)"};
  if (!((time ? time->value() : rate->value()) > 0)) return tl::unexpected{found + " is not above zero"};
  return time ? *time : paper_flops(workload) / *rate;
}

analysis::ResultRow published_result(const PublishedRow& row, experiments::Catalogues& catalogues) {
  const MappingRow& meaning = row.meaning;
  const auto profile = at_mapping(meaning, [&] { return catalogues.profile(meaning.profile, meaning.settings); });
  const auto spec = at_mapping(meaning, [&] { return catalogues.spec(meaning.spec); });
  analysis::ResultRow result;
  result.key.profile.name = profile->name;
  result.key.workload = row.workload;
  result.key.kernel = spec->name;
  result.key.tile = row.tile;
  result.key.method = analysis::Method::published;
  result.key.l2 = spec->l2;
  result.key.setting = setting_text(meaning.settings);
  result.key.source = meaning.source;
  result.time = row.time;
  result.flops = paper_flops(row.workload);
  result.printed = row.printed;
  result.notes = row.notes;
  return result;
}

std::string setting_text(const std::vector<yaml::Setting>& settings) {
  std::map<std::string, std::string> last;
  for (const yaml::Setting& setting : settings) last[setting.path] = setting.text;
  std::string text;
  for (const auto& [path, value] : last) {
    if (!text.empty()) text += "; ";
    text.append(path).append("=").append(value);
  }
  return text;
}

}  // namespace rooftile::runner
