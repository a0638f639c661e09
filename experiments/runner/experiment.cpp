#include "runner/experiment.hpp"

#include <algorithm>
#include <optional>
#include <system_error>
#include <unordered_set>

#include "question/columns.hpp"
#include "rooftile/analysis/result.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"
#include "runner/campaign.hpp"
#include "runner/expectations.hpp"
#include "runner/items_of.hpp"
#include "runner/published.hpp"
#include "runner/tile_cells.hpp"
#include "runner/tile_ranking.hpp"
#include "runner/workload_grid.hpp"

namespace rooftile::runner {
namespace {

using experiments::Catalogues;
using experiments::Question;
using yaml::Map;
using yaml::Node;

/// The names under a key, each handed to `check`, which throws for a name that does not exist.
template <class Check>
std::vector<std::string> checked_names(const Node* node, const Check& check) {
  std::vector<std::string> names;
  if (node == nullptr) return names;
  for (const Node* item : items_of(*node)) {
    try {
      check(item->as_text());
    } catch (const InputError& error) {
      if (error.where().line > 0) throw;
      item->fail(error.what());
    }
    names.push_back(item->as_text());
  }
  return names;
}

void check_predictor(const std::string& name) {
  if (find_predictor(name) != nullptr) return;
  std::vector<std::string_view> known;
  for (const Predictor* predictor : predictors()) known.push_back(predictor->name());
  throw InputError{unknown_name_message("predictor", name, known)};
}

/// The methods asked for; `otherwise` if none is.
std::vector<analysis::Method> methods_of(const Node* node, std::vector<analysis::Method> otherwise) {
  if (node == nullptr) return otherwise;
  std::vector<analysis::Method> methods;
  for (const Node* item : items_of(*node)) {
    const auto method = item->as_enum<analysis::Method>();
    methods.push_back(method);
    if (analysis::is_observed(method)) {
      item->fail("'" + item->as_text() + "' results are not computed; `rooftile db import` brings them in");
    }
  }
  return methods;
}

/// One file in the making.
class ExperimentReader {
 public:
  ExperimentReader(const Node& root, std::filesystem::path folder, Catalogues& catalogues, std::size_t most)
      : map_{root}, folder_{std::move(folder)}, catalogues_{&catalogues}, most_{most} {}

  Experiment read() {
    yaml::require_schema(map_, "rooftile.experiment/1");
    experiment_.name = map_.required("name").as_text();
    experiment_.description = map_.required("description").as_text();
    profiles_node_ = map_.optional("profiles");
    kernels_node_ = map_.optional("kernels");
    set_node_ = map_.optional("set");
    variants_node_ = map_.optional("variants");
    const Node* predictors_node = map_.optional("predictors");
    const Node& workloads = map_.required("workloads");
    methods_ = methods_of(map_.optional("methods"), {analysis::Method::predicted});
    const Node* expect = map_.optional("expect");
    map_.finish();

    profiles_ = checked_names(profiles_node_, [&](const std::string& name) { (void)catalogues_->profile(name); });
    kernels_ = checked_names(kernels_node_, [&](const std::string& name) { (void)catalogues_->spec(name); });
    predictors_ = checked_names(predictors_node, check_predictor);
    if (predictors_.empty()) predictors_.emplace_back("hierarchical");
    read_variants();
    read_workloads(workloads);
    if (expect != nullptr) read_expectations(*expect);
    experiment_.campaign = std::move(campaign_).take();
    return std::move(experiment_);
  }

 private:
  /// The named sets of `variants:`; a nameless one where there are none.
  void read_variants() {
    if (variants_node_ == nullptr) {
      variants_.push_back({"", settings_of(set_node_)});
      return;
    }
    if (set_node_ != nullptr) set_node_->fail("`set:` and `variants:` together; put it into each variant");
    for (const yaml::Entry& entry : variants_node_->as_entries()) {
      variants_.push_back({entry.key, settings_of(&entry.value)});
    }
    if (variants_.empty()) variants_node_->fail("an empty map");
  }

  /// Settings that every profile takes.
  std::vector<yaml::Setting> settings_of(const Node* node) {
    std::vector<yaml::Setting> settings;
    if (node == nullptr) return settings;
    for (const yaml::Entry& entry : node->as_entries()) {
      const yaml::Setting setting{entry.key, entry.value.as_text()};
      try {
        for (const std::string& profile : profiles_) (void)catalogues_->profile(profile, {setting});
      } catch (const InputError& error) {
        if (!error.where().file.empty()) throw;
        throw InputError{entry.where, error.what()};
      }
      settings.push_back(setting);
    }
    return settings;
  }

  void read_workloads(const Node& workloads) {
    bool any_grid = false;
    for (const Node* entry : items_of(workloads)) {
      Map map{*entry};
      if (const Node* folder = map.optional("published")) {
        map.finish();
        add_published(*folder);
      } else {
        any_grid = true;
        add_grid(*entry);
      }
    }
    if (any_grid) return;
    for (const Node* unused : {profiles_node_, kernels_node_, set_node_, variants_node_}) {
      if (unused != nullptr) unused->fail("published rows bring their own profiles, kernels and settings");
    }
  }

  void add_grid(const Node& entry) {
    if (profiles_.empty()) entry.fail("this entry needs `profiles:` at the top of the file");
    Map map{entry};
    const std::vector<analysis::Method> methods = methods_of(map.optional("methods"), methods_);
    const std::vector<std::string> own =
        checked_names(map.optional("kernels"), [&](const std::string& name) { (void)catalogues_->spec(name); });
    const std::vector<std::string>& kernels = own.empty() ? kernels_ : own;
    if (kernels.empty()) entry.fail("this entry needs `kernels:`, its own or at the top of the file");
    const std::size_t lists = profiles_.size() * kernels.size() * predictors_.size() * variants_.size();
    const std::vector<GridCell> cells = expand_grid(entry, most_ / lists);
    campaign_.add(entry, kernels, cells);
    for (const std::string& profile : profiles_) {
      for (const std::string& kernel : kernels) {
        for (const GridCell& cell : cells) {
          for (const Variant& variant : variants_) {
            add_with_tiles(entry, cell.tiles,
                           {.profile = profile,
                            .kernel = kernel,
                            .workload = cell.workload,
                            .overrides = cell.overrides,
                            .l2 = cell.l2,
                            .predictor = {},
                            .settings = variant.settings,
                            .variant = variant.name},
                           methods);
          }
        }
      }
    }
  }

  void add_with_tiles(const Node& entry, TileSet tiles, const Question& question,
                      const std::vector<analysis::Method>& methods) {
    for (Question& one : with_tiles(question, tiles, entry, *catalogues_)) {
      if (experiment_.questions.size() >= most_) entry.fail("more than " + std::to_string(most_) + " cells");
      add(std::move(one), methods);
    }
  }

  void add_published(const Node& node) {
    const std::filesystem::path folder = folder_ / node.as_text();
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) node.fail("no folder '" + folder.string() + "'");
    for (const PublishedRow& row : load_published(folder)) {
      (void)published_result(row, *catalogues_);  // its profile and spec exist
      add({.profile = row.meaning.profile,
           .kernel = row.meaning.spec,
           .workload = row.workload,
           .overrides = row.tile,
           .l2 = {},
           .predictor = {},
           .settings = row.meaning.settings},
          methods_);
    }
  }

  /// The question for every method, of predictions for every predictor, unless it has been asked already.
  void add(Question question, const std::vector<analysis::Method>& methods) {
    for (const analysis::Method method : methods) {
      question.method = method;
      if (method != analysis::Method::predicted) {
        question.predictor = Question{}.predictor;
        add_once(question);
        continue;
      }
      for (const std::string& predictor : predictors_) {
        question.predictor = predictor;
        add_once(question);
      }
    }
  }
  void add_once(const Question& question) {
    if (seen_.insert(experiments::command_line(question)).second) experiment_.questions.push_back(question);
  }

  void read_expectations(const Node& expect) {
    for (const Node* entry : items_of(expect)) {
      Expectation expectation = read_expectation(*entry);
      const bool met = std::any_of(experiment_.questions.begin(), experiment_.questions.end(),
                                   [&](const Question& question) { return meets(question, expectation.cells); });
      if (!met) entry->fail("no cell of this experiment is meant by this expectation");
      check_against(expectation);
      check_tiles(expectation);
      experiment_.expectations.push_back(std::move(expectation));
    }
  }

  /// Every cell that is compared has one to be compared with.
  void check_against(const Expectation& expectation) const {
    if (expectation.against.empty()) return;
    const OtherCells others{expectation.against, experiment_.questions};
    for (const Question& question : experiment_.questions) {
      if (!meets(question, expectation.cells)) continue;
      if (others.of(question) != nullptr) continue;
      throw InputError{expectation.where, "no cell of this experiment stands against: " + command_line(question)};
    }
  }

  /// Every cell that is ranked among tiles has others to be ranked with.
  void check_tiles(const Expectation& expectation) {
    if (!compares_tiles(expectation)) return;
    if (!ranking_) ranking_.emplace(experiment_.questions, *catalogues_);
    for (const Question& question : experiment_.questions) {
      if (!meets(question, expectation.cells) || ranking_->tiles_of(question) > 1) continue;
      throw InputError{expectation.where, "rank and of_best need other tiles of the same cell (`tiles: feasible`): " +
                                              command_line(question)};
    }
  }

  struct Variant {
    std::string name;
    std::vector<yaml::Setting> settings;
  };

  Map map_;
  std::filesystem::path folder_;
  Catalogues* catalogues_;
  std::size_t most_;  // cells
  Experiment experiment_;
  CampaignCells campaign_;
  const Node* profiles_node_ = nullptr;
  const Node* kernels_node_ = nullptr;
  const Node* set_node_ = nullptr;
  const Node* variants_node_ = nullptr;
  std::vector<std::string> profiles_;
  std::vector<std::string> kernels_;
  std::vector<std::string> predictors_;
  std::vector<analysis::Method> methods_;
  std::vector<Variant> variants_;
  std::unordered_set<std::string> seen_;
  std::optional<TileRanking> ranking_;  ///< of all questions, once an expectation asks for it
};

}  // namespace

Experiment load_experiment(const std::filesystem::path& file, Catalogues& catalogues, std::size_t most) {
  const Node root = yaml::load_file(file);
  return ExperimentReader{root, file.parent_path(), catalogues, most}.read();
}

}  // namespace rooftile::runner
