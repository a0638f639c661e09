// load_experiment, with few cells. Every cell of an experiment that is read is a question that can be asked, no two are
// alike, and every expectation means one.
#include <algorithm>
#include <memory>
#include <set>

#include "invariants.hpp"
#include "question/columns.hpp"
#include "runner/expectations.hpp"
#include "runner/experiment.hpp"

namespace rooftile::fuzz {
namespace {

constexpr std::size_t most = 200;         // cells
constexpr int texts_per_catalogue = 500;  // it keeps what it has read

experiments::Catalogues& catalogues() {
  static std::unique_ptr<experiments::Catalogues> current;
  static int left = 0;
  if (left-- == 0) {
    current = std::make_unique<experiments::Catalogues>(experiments::DataDirectories{ROOFTILE_SOURCE_DIR});
    left = texts_per_catalogue;
  }
  return *current;
}

void check_experiment(const runner::Experiment& experiment) {
  require(experiment.questions.size() <= most, "no more cells than allowed", experiment.name);
  std::set<std::string> seen;
  for (const experiments::Question& question : experiment.questions) {
    const std::string words = command_line(question);
    require(check(question.workload).has_value(), "a cell is a workload", words);
    require(seen.insert(words).second, "no two cells are alike", words);
    require(catalogues().profile(question.profile, question.settings) != nullptr, "a cell has a profile", words);
    require(catalogues().spec(question.kernel) != nullptr, "a cell has a kernel", words);
  }
  for (const runner::Expectation& expectation : experiment.expectations) {
    const bool met = std::any_of(experiment.questions.begin(), experiment.questions.end(),
                                 [&](const auto& question) { return meets(question, expectation.cells); });
    const bool says = !expectation.outcomes.empty() || !expectation.any_of.empty();
    require(met && says, "an expectation means a cell", to_string(expectation.where));
  }
}

}  // namespace
}  // namespace rooftile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rooftile;
  static const fuzz::ScratchFile file{"experiment.yaml"};
  const std::string text = fuzz::text_of(data, size);
  file.write(text);
  try {
    fuzz::check_experiment(runner::load_experiment(file.path(), fuzz::catalogues(), fuzz::most));
  } catch (const InputError& error) {
    fuzz::check_refusal(error, text, file.path(), {"the file is empty"}, true);
  }
  return 0;
}
