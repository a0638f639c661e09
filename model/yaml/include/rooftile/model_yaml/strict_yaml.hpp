// YAML without surprises: a plain tree in which every value knows where it stands, and a map reader that refuses what
// nobody asked for.
//
//   const Node root = load_file("seq_sweep.yaml");
//   Map map{root};
//   const std::string name = map.required("name").as_text();
//   if (const Node* seq = map.optional("seq")) sweep = seq->as_texts();
//   map.finish();          // seq_sweep.yaml:4:1: unknown key 'sek'; allowed: name, seq; did you mean 'seq'?
//
// Refused at once, with file:line:col: duplicate keys, anchors, aliases, merge keys, tags, several documents, tabs and
// other syntax errors, keys that are not plain text. A value that is null (`~`, `null`, nothing) has kind null. No
// value is typed by its looks: `1.0`, `no` and `2024-01-01` are texts until a reader asks for something else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/model/error.hpp"
#include "rooftile/model/names.hpp"
#include "rooftile/model/quantity.hpp"

namespace rooftile::yaml {

enum class NodeKind { null, text, list, map };

struct Entry;

/// One value of a YAML file. The as_… functions throw InputError at its place if it is something else.
class Node {
 public:
  [[nodiscard]] NodeKind kind() const { return kind_; }
  [[nodiscard]] bool is_null() const { return kind_ == NodeKind::null; }
  [[nodiscard]] bool is_map() const { return kind_ == NodeKind::map; }
  [[nodiscard]] Location where() const;

  /// A scalar as written (quotes removed).
  [[nodiscard]] const std::string& as_text() const;
  /// true or false, nothing else.
  [[nodiscard]] bool as_bool() const;
  /// A whole number within [least, most].
  [[nodiscard]] std::int64_t as_integer(std::int64_t least, std::int64_t most) const;
  /// A plain number.
  [[nodiscard]] double as_number() const;
  /// A share as a fraction: "2.3 %" is 0.023.
  [[nodiscard]] double as_percent() const;
  /// A quantity in base units ("1555 GB/s").
  [[nodiscard]] double as_quantity(Dimension expected) const;
  /// A name of the enum's table.
  template <class E>
  [[nodiscard]] E as_enum() const {
    const std::string& name = as_text();
    if (const auto value = from_name<E>(name)) return *value;
    fail(unknown_name_message(EnumNames<E>::kind, name, all_names<E>()));
  }
  [[nodiscard]] const std::vector<Node>& as_list() const;
  /// A list of texts; a single text counts as a list of one.
  [[nodiscard]] std::vector<std::string> as_texts() const;
  /// The entries of a map, in the order of the file.
  [[nodiscard]] const std::vector<Entry>& as_entries() const;

  /// Throws InputError at this value's place.
  [[noreturn]] void fail(const std::string& message) const;

 private:
  friend class TreeBuilder;
  NodeKind kind_ = NodeKind::null;
  std::string text_;
  std::vector<Node> items_;
  std::vector<Entry> entries_;
  std::shared_ptr<const std::string> file_;
  int line_ = 0;
  int column_ = 0;
};

/// One key of a map and its value.
struct Entry {
  std::string key;
  Location where;  ///< of the key
  Node value;
};

/// Reads one map key by key; finish() refuses the keys that nobody asked for.
class Map {
 public:
  explicit Map(const Node& node);

  /// The value; InputError if the key is missing or its value is null.
  [[nodiscard]] const Node& required(std::string_view key);
  /// The value, or nullptr if the key is missing or its value is null.
  [[nodiscard]] const Node* optional(std::string_view key);
  /// True if the key is there, even without a value.
  [[nodiscard]] bool contains(std::string_view key) const;
  /// Declares a key as known without reading it.
  void allow(std::string_view key);
  /// Throws InputError for the first key that was not asked for, with the keys that were and the nearest of them.
  void finish() const;
  [[nodiscard]] Location where() const { return node_->where(); }

 private:
  const Node* node_;
  std::vector<std::string> asked_;
};

/// Reads a file; InputError if it cannot be read, is empty or is not plain YAML. Messages name the file as it is given
/// here.
[[nodiscard]] Node load_file(const std::filesystem::path& file);
/// Reads a text; `name` stands in messages where a file name would.
[[nodiscard]] Node load_text(const std::string& text, const std::string& name);

/// Reads the key `schema` of a file's top map and compares: InputError unless it is exactly `schema`
/// ("rooftile.spec/1").
void require_schema(Map& map, std::string_view schema);

}  // namespace rooftile::yaml
