#include "tree_builder.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/node/node.h>  // the definition of what parser.h only declares: clang-tidy takes it for our Node
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

namespace rooftile::yaml {

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& text, std::string name)
      : text_{text}, file_{std::make_shared<const std::string>(std::move(name))} {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) fail(mark, "a second document starts here; a file holds one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse(mark, "?", anchor);
    add(make(mark, NodeKind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { fail(mark, "aliases (*) are not read here"); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse(mark, tag, anchor);
    if (tag == "!") require_closed_quote(mark);
    Node node = make(mark, NodeKind::text);
    node.text_ = value;
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse(mark, tag, anchor);
    open_.push_back({make(mark, NodeKind::list), std::nullopt});
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse(mark, tag, anchor);
    open_.push_back({make(mark, NodeKind::map), std::nullopt});
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] Node take_root() {
    if (root_.is_null()) throw InputError{{*file_}, "the file is empty"};
    return std::move(root_);
  }

  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& message) const {
    throw InputError{within_text(place(mark)), message};
  }

 private:
  /// A list or map that is not complete yet; `key` waits for its value.
  struct Open {
    Node node;
    std::optional<Node> key;
  };

  Location place(const YAML::Mark& mark) const {
    if (mark.is_null()) return {*file_};
    return {*file_, mark.line + 1, mark.column + 1};
  }

  /// yaml-cpp places an error at the end of the text behind that end.
  Location within_text(Location where) const {
    std::size_t start = 0;
    for (int line = 1; line < where.line; ++line) {
      const std::size_t end = text_.find('\n', start);
      if (end == std::string::npos) {
        where.line = line;
        break;
      }
      start = end + 1;
    }
    const std::size_t length = std::min(text_.find('\n', start), text_.size()) - start;
    where.column = std::min(where.column, static_cast<int>(length) + 1);
    return where;
  }

  Node make(const YAML::Mark& mark, NodeKind kind) const {
    Node node;
    node.kind_ = kind;
    node.file_ = file_;
    node.line_ = mark.line + 1;
    node.column_ = mark.column + 1;
    return node;
  }

  void refuse(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    if (anchor != 0) fail(mark, "anchors (&) are not read here");
    if (!tag.empty() && tag != "?" && tag != "!") fail(mark, "tags (!) are not read here");
  }

  /// yaml-cpp takes a quote that is never closed for one that ends with the file.
  void require_closed_quote(const YAML::Mark& mark) const {
    const auto start = static_cast<std::size_t>(mark.pos);
    if (start >= text_.size()) return;
    const char quote = text_[start];
    if (quote != '"' && quote != '\'') return;
    for (std::size_t i = start + 1; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        return;
      }
    }
    fail(mark, "this quote is never closed");
  }

  void add(Node&& node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& top = open_.back();
    if (top.node.kind_ == NodeKind::list) {
      top.node.items_.push_back(std::move(node));
    } else if (!top.key) {
      check_key(top.node, node);
      top.key = std::move(node);
    } else {
      add_entry(top, std::move(node));
    }
  }

  static void check_key(const Node& map, const Node& key) {
    if (key.kind_ != NodeKind::text) key.fail("a key must be plain text");
    if (key.text_ == "<<") key.fail("merge keys (<<) are not read here");
    for (const Entry& entry : map.entries_) {
      if (entry.key != key.text_) continue;
      key.fail("duplicate key '" + key.text_ + "'; first in line " + std::to_string(entry.where.line));
    }
  }

  static void add_entry(Open& top, Node&& value) {
    if (value.is_null()) {  // its mark is that of whatever follows
      value.line_ = top.key->line_;
      value.column_ = top.key->column_;
    }
    top.node.entries_.push_back({top.key->text_, top.key->where(), std::move(value)});
    top.key.reset();
  }

  void close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  const std::string& text_;
  std::shared_ptr<const std::string> file_;
  std::vector<Open> open_;
  Node root_;
  int documents_ = 0;
};

namespace {

/// Tabs where YAML counts spaces, which yaml-cpp reports as something else, and bytes that end a text in C.
void refuse_tabs_and_nul(const std::string& text, const std::string& name) {
  std::istringstream lines{text};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (const std::size_t nul = line.find('\0'); nul != std::string::npos)
      throw InputError{{name, number, static_cast<int>(nul) + 1}, "a NUL byte; this is not a text file"};
    const std::size_t first = line.find_first_not_of(' ');
    if (first == std::string::npos || line[first] != '\t') continue;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    throw InputError{{name, number, static_cast<int>(first) + 1}, "a tab in the indentation; YAML indents with spaces"};
  }
}

/// yaml-cpp quotes bytes as they are, its mark for the end of the text among them.
std::string printable(std::string message) {
  std::erase_if(message, [](unsigned char c) { return c < ' ' || c == 0x7f; });
  message.erase(message.find_last_not_of(": ") + 1);
  return message;
}

}  // namespace

Node build_tree(const std::string& text, const std::string& name) {
  refuse_tabs_and_nul(text, name);
  TreeBuilder builder{text, name};
  std::istringstream stream{text};
  try {
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    builder.fail(error.mark, "this is not YAML: " + printable(error.msg));
  }
  return builder.take_root();
}

}  // namespace rooftile::yaml
