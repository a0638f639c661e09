#include "rooftile/model_yaml/strict_yaml.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <utility>

#include "rooftile/model/parse_quantity.hpp"
#include "tree_builder.hpp"

namespace rooftile::yaml {
namespace {

/// "a map", "the text '3'", "nothing": what stands where something else is expected.
std::string found(const Node& node) {
  switch (node.kind()) {
    case NodeKind::null: return "nothing";
    case NodeKind::text: return "the text '" + node.as_text() + "'";
    case NodeKind::list: return "a list";
    case NodeKind::map: return "a map";
  }
  return "?";
}

}  // namespace

Location Node::where() const { return {file_ ? *file_ : std::string{}, line_, column_}; }

void Node::fail(const std::string& message) const { throw InputError{where(), message}; }

const std::string& Node::as_text() const {
  if (kind_ != NodeKind::text) fail("a text is expected, found " + found(*this));
  return text_;
}

bool Node::as_bool() const {
  const std::string& text = as_text();
  if (text != "true" && text != "false") fail("'" + text + "' is neither true nor false");
  return text == "true";
}

std::int64_t Node::as_integer(std::int64_t least, std::int64_t most) const {
  const std::string& text = as_text();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) {
    fail("'" + text + "' is no whole number");
  }
  if (error != std::errc{} || value < least || value > most) {
    fail(text + " is outside " + std::to_string(least) + " .. " + std::to_string(most));
  }
  return value;
}

double Node::as_number() const {
  const auto value = parse_number(as_text());
  if (!value) fail(value.error());
  return *value;
}

double Node::as_percent() const {
  const auto value = parse_percent(as_text());
  if (!value) fail(value.error());
  return *value;
}

double Node::as_quantity(Dimension expected) const {
  const auto value = parse_quantity(as_text(), expected);
  if (!value) fail(value.error());
  return *value;
}

const std::vector<Node>& Node::as_list() const {
  if (kind_ != NodeKind::list) fail("a list is expected, found " + found(*this));
  return items_;
}

std::vector<std::string> Node::as_texts() const {
  if (kind_ == NodeKind::text) return {text_};
  if (kind_ != NodeKind::list) fail("a list of texts is expected, found " + found(*this));
  std::vector<std::string> texts;
  for (const Node& item : items_) texts.push_back(item.as_text());
  return texts;
}

const std::vector<Entry>& Node::as_entries() const {
  if (kind_ != NodeKind::map) fail("a map is expected, found " + found(*this));
  return entries_;
}

Map::Map(const Node& node) : node_{&node} { (void)node.as_entries(); }

const Node& Map::required(std::string_view key) {
  if (const Node* value = optional(key)) return *value;
  for (const Entry& entry : node_->as_entries()) {
    if (entry.key == key) entry.value.fail("key '" + entry.key + "' has no value");
  }
  node_->fail("missing key '" + std::string{key} + "'");
}

const Node* Map::optional(std::string_view key) {
  allow(key);
  for (const Entry& entry : node_->as_entries()) {
    if (entry.key == key) return entry.value.is_null() ? nullptr : &entry.value;
  }
  return nullptr;
}

bool Map::contains(std::string_view key) const {
  const std::vector<Entry>& entries = node_->as_entries();
  return std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
}

void Map::allow(std::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.emplace_back(key);
}

void Map::finish() const {
  for (const Entry& entry : node_->as_entries()) {
    if (std::find(asked_.begin(), asked_.end(), entry.key) != asked_.end()) continue;
    throw InputError{entry.where, unknown_name_message("key", entry.key, {asked_.begin(), asked_.end()})};
  }
}

void require_schema(Map& map, std::string_view schema) {
  const Node& found_schema = map.required("schema");
  if (found_schema.as_text() == schema) return;
  found_schema.fail("schema '" + found_schema.as_text() + "' is not read here; expected '" + std::string{schema} + "'");
}

Node load_file(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) throw InputError{{file.string()}, "no such file"};
  if (std::filesystem::is_directory(file, error)) throw InputError{{file.string()}, "is a folder, not a file"};
  std::ifstream stream{file, std::ios::binary};
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) throw InputError{{file.string()}, "cannot be read"};
  return load_text(text.str(), file.string());
}

Node load_text(const std::string& text, const std::string& name) { return build_tree(text, name); }

}  // namespace rooftile::yaml
