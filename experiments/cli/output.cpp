// Where a command's data goes: standard output, or a file that appears whole or not at all.
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <system_error>

#include "cli/command.hpp"

namespace rooftile::cli {
namespace {

[[noreturn]] void refuse_file(const OutputOptions& options, int error) {
  refuse(options.option, "cannot write '" + options.file + "': " + std::generic_category().message(error));
}

/// A file beside the final one, gone unless kept.
class TemporaryFile {
 public:
  explicit TemporaryFile(const OutputOptions& final) : final_{final}, path_{final.file} {
    path_ += ".partial-" + std::to_string(::getpid());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void keep() {
    std::error_code error;
    std::filesystem::rename(path_, final_.file, error);
    if (error) refuse_file(final_, error.value());
    kept_ = true;
  }

 private:
  OutputOptions final_;
  std::filesystem::path path_;
  bool kept_ = false;
};

void write_to(const OutputOptions& options, const std::filesystem::path& path,
              const std::function<void(std::ostream&)>& write) {
  errno = 0;
  std::ofstream stream{path, std::ios::binary};
  if (!stream) refuse_file(options, errno);
  write(stream);
  errno = 0;
  stream.close();
  if (!stream) refuse_file(options, errno != 0 ? errno : EIO);
}

}  // namespace

void refuse(std::string_view option, const std::string& message) {
  throw InputError{std::string{option} + ": " + message};
}

void add_output_options(Command& command, OutputOptions& options) {
  command.option("--format", options.format, "table, json, csv or md")
      .placeholder("FORMAT")
      .group("Output")
      .values_of<analysis::Format>();
  command.option("-o,--output", options.file, "write to this file instead of standard output")
      .placeholder("FILE")
      .group("Output")
      .files();
}

analysis::Format format_of(const OutputOptions& options) {
  return parse_name<analysis::Format>("--format", options.format);
}

void write_output(Context& context, const OutputOptions& options, const std::function<void(std::ostream&)>& write) {
  if (options.file.empty() || options.file == "-") return write(context.out);
  const std::filesystem::path file{options.file};
  const auto kind = std::filesystem::status(file).type();
  if (kind == std::filesystem::file_type::directory) refuse_file(options, EISDIR);
  // A device or a pipe cannot be replaced.
  const bool plain = kind == std::filesystem::file_type::regular || kind == std::filesystem::file_type::not_found;
  if (!plain) return write_to(options, file, write);
  TemporaryFile temporary{options};
  write_to(options, temporary.path(), write);
  temporary.keep();
}

void write_output(Context& context, const OutputOptions& options, const analysis::Table& table) {
  const analysis::Format format = format_of(options);
  const analysis::Style style = style_of(context, options);
  write_output(context, options, [&](std::ostream& out) { analysis::write(out, table, format, style); });
}

analysis::Style style_of(const Context& context, const OutputOptions& options) {
  return {.color = context.color && (options.file.empty() || options.file == "-")};
}

}  // namespace rooftile::cli
