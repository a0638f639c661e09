// rooftile plot: one chart of the report as a picture, by gnuplot.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "cli/commands.hpp"
#include "cli/results_database.hpp"
#include "report/make_report.hpp"

namespace rooftile::cli {
namespace {

using analysis::Chart;

struct PlotOptions {
  std::string name;
  std::string database;
  std::string profile;
  bool script = false;
  std::int64_t width = 900, height = 560;
  OutputOptions output;
};

bool is_picture(const Chart& chart) { return chart.marks.front().kind != analysis::MarkKind::table; }

analysis::Table list_of(const std::vector<Chart>& charts) {
  analysis::Table table{.name = "charts", .columns = {{"name", "name"}, {"section", "section"}, {"title", "title"}}};
  for (const Chart& chart : charts) {
    if (is_picture(chart)) table.rows.push_back({chart.id, chart.section, chart.title});
  }
  return table;
}

const Chart& chart_of(const PlotOptions& options, const std::vector<Chart>& charts) {
  const std::string name =
      options.profile.empty() ? options.name : options.name + '-' + analysis::id_of(options.profile);
  std::vector<std::string_view> names{"list"};
  for (const Chart& chart : charts) {
    if (!is_picture(chart)) continue;
    if (chart.id == name) return chart;
    names.push_back(chart.id);
  }
  throw InputError{unknown_name_message("chart", name, names)};
}

/// What gnuplot writes for a script.
std::string drawn(const std::string& script) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("rooftile-plot-" + std::to_string(::getpid()) + ".gnuplot");
  std::ofstream{file, std::ios::binary} << script;
  const std::string command = "gnuplot '" + file.string() + "'";
  std::FILE* pipe = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): the name is ours
  std::string picture;
  std::array<char, 4096> buffer{};
  while (pipe != nullptr) {
    const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe);
    if (n == 0) break;
    picture.append(buffer.data(), n);
  }
  const int status = pipe == nullptr ? -1 : ::pclose(pipe);
  std::filesystem::remove(file);
  if (status != 0 || picture.empty()) {
    throw std::runtime_error{
        "gnuplot did not draw it; is gnuplot (Debian: gnuplot-nox) installed? --script writes what it reads"};
  }
  return picture;
}

/// A text as it may stand in an SVG.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '&': safe += "&amp;"; break;
      default: safe += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return safe;
}

/// The chart's own title and words in the place of gnuplot's name and version: what a screen reader says.
std::string with_words(std::string picture, const Chart& chart) {
  const std::pair<std::string, std::string> words[] = {{"title", chart.title}, {"desc", chart.text}};
  for (const auto& [element, text] : words) {
    const std::size_t from = picture.find('<' + element + '>'), to = picture.find("</" + element + '>');
    if (from == std::string::npos || to == std::string::npos) continue;
    const std::size_t begin = from + element.size() + 2;
    picture.replace(begin, to - begin, escaped(text));
  }
  return picture;
}

int plot(const PlotOptions& options, Context& context) {
  for (const auto& [name, pixels] : {std::pair{"--width", options.width}, std::pair{"--height", options.height}}) {
    if (pixels < 100 || pixels > 10'000)
      refuse(name, std::to_string(pixels) + " is out of range; allowed: 100 to 10000");
  }
  const analysis::Store store = analysis::Store::open(options.database, analysis::Access::read_only);
  const analysis::Report report = experiments::make_report(store, context.catalogues);
  if (options.name == "list") {
    write_output(context, options.output, list_of(report.charts));
    return exit_ok;
  }
  std::ostringstream script;
  const Chart& chart = chart_of(options, report.charts);
  write_gnuplot(script, chart, static_cast<int>(options.width), static_cast<int>(options.height));
  const std::string text = options.script ? script.str() : with_words(drawn(script.str()), chart);
  write_output(context, options.output, [&](std::ostream& out) { out << text; });
  return exit_ok;
}

}  // namespace

void add_plot(Command& command, Context& context) {
  auto options = std::make_shared<PlotOptions>();
  command.option("NAME", options->name, "a chart of the report; `list` shows them").required();
  add_database_option(command, options->database);
  command.option("-p,--profile", options->profile, "of this GPU: `roofline -p NAME` is roofline-NAME")
      .placeholder("PROFILE");
  command.option("--width", options->width, "pixels (default 900)").placeholder("N");
  command.option("--height", options->height, "pixels (default 560)").placeholder("N");
  command.flag("--script", options->script, "what gnuplot would read instead of the picture");
  command.option("-o,--output", options->output.file, "write to this file instead of standard output")
      .placeholder("FILE")
      .files();
  command.examples({"rooftile plot list --db results.db",
                    "rooftile plot roofline -p a100_sxm4_80gb --db results.db -o roofline.svg",
                    "rooftile plot crossover-1 --db results.db --script"});
  command.action([options, &context] { return plot(*options, context); });
}

}  // namespace rooftile::cli
