#include "profile/profile_draft.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string_view>

#include "rooftile/model/device_leaves.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/format_quantity.hpp"
#include "rooftile/model/parse_quantity.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"

namespace rooftile::experiments {
namespace {

namespace fs = std::filesystem;

/// A double-quoted YAML scalar. Control characters become spaces: a device's name holds none that matter.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return out + '"';
}

std::vector<std::string> words_of(const std::string& path) {
  std::vector<std::string> words;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('.', start), path.size());
    words.push_back(path.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

/// Appends leaves as nested maps; a group's key is written when it differs from the leaf before.
void append_leaves(std::string& text, const std::vector<StatedLeaf>& leaves) {
  std::vector<std::string> open;
  for (const StatedLeaf& leaf : leaves) {
    const std::vector<std::string> words = words_of(leaf.path);
    const auto [differs, end] = std::mismatch(words.begin(), words.end() - 1, open.begin(), open.end());
    for (auto word = differs; word != words.end() - 1; ++word) {
      text += std::string(2 * static_cast<std::size_t>(word - words.begin()), ' ') + *word + ":\n";
    }
    open.assign(words.begin(), words.end() - 1);
    text += std::string(2 * open.size(), ' ') + words.back() + ": {value: " + leaf.text +
            ", kind: " + std::string{name_of(leaf.kind)} + ", source: " + in_quotes(leaf.source) + "}\n";
  }
}

std::vector<StatedLeaf> in_order(std::vector<StatedLeaf> leaves) {
  std::stable_sort(leaves.begin(), leaves.end(), [](const StatedLeaf& a, const StatedLeaf& b) {
    return find_leaf(a.path) < find_leaf(b.path);  // pointers into one table
  });
  return leaves;
}

/// A file that exists as long as this does.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& text) {
    path_ = fs::temp_directory_path() / ("rooftile-draft-" + std::to_string(::getpid()) + ".yaml");
    std::ofstream out{path_, std::ios::binary};
    if (!(out << text << std::flush)) throw InputError{"cannot write '" + path_.string() + "'"};
  }
  ~ScratchFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

std::string yaml_text(const ProfileDraft& draft) {
  std::string text;
  for (const std::string& remark : draft.remarks) text += "# " + remark + "\n";
  text += "schema: rooftile.profile/1\nname: " + draft.name + "\nextends: " + draft.extends +
          "\ndescription: " + in_quotes(draft.description) + "\n";
  if (!draft.device_names.empty()) {
    text += "device_names: [";
    for (const std::string& name : draft.device_names) {
      if (&name != &draft.device_names.front()) text += ", ";
      text += in_quotes(name);
    }
    text += "]\n";
  }
  if (!draft.leaves.empty()) text += '\n';
  append_leaves(text, in_order(draft.leaves));
  if (!draft.measured.empty()) text += '\n';
  append_leaves(text, draft.measured);
  return text;
}

Profile read_back(const ProfileDraft& draft, const std::vector<fs::path>& directories) {
  const ScratchFile file{yaml_text(draft)};
  return yaml::load_profile(file.path(), {}, directories);
}

StatedLeaf rounded_leaf(std::string path, double value, Dimension dimension, int digits, Kind kind,
                        std::string source) {
  std::string text = format_quantity(value, dimension, digits);
  const double rounded = parse_quantity(text, dimension).value_or(value);
  return {std::move(path), std::move(text), rounded, dimension, kind, std::move(source), {}};
}

std::string profile_name(const std::string& wish, const std::string& file, const std::string& otherwise) {
  const bool to_stdout = file.empty() || file == "-";
  const std::string stem = to_stdout ? "" : fs::path{file}.stem().string();
  if (!wish.empty() && !stem.empty() && wish != stem) {
    throw InputError{"--name: '" + wish + "' is not the name of the file '" + file +
                     "'; a profile is found by its file's name"};
  }
  if (!wish.empty()) return wish;
  return stem.empty() ? otherwise : stem;
}

}  // namespace rooftile::experiments
