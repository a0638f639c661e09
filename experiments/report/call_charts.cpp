// What the model says of the largest calls of a database: the time of their launches, and what decides it.
#include <algorithm>
#include <map>

#include "question/sensitivity.hpp"
#include "report/model_charts.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/sim/simulate.hpp"

namespace rooftile::experiments {
namespace {

using analysis::Chart;
using analysis::MarkKind;
using analysis::Scale;
using analysis::Show;
using analysis::Table;

constexpr std::size_t most_bars = 40;

Question question_of(const analysis::RowCursor& row) {
  Question question;
  question.profile = std::string{row.text(0)};
  question.kernel = std::string{row.text(1)};
  AttentionShape shape;
  shape.batch = row.integer(2);
  shape.heads = row.integer(3);
  shape.kv_heads = row.integer(4);
  shape.seq_q = row.integer(5);
  shape.seq_kv = row.integer(6);
  shape.head_dim = row.integer(7);
  shape.dtype = from_name<DType>(row.text(8)).value();
  shape.mask = from_name<Mask>(row.text(9)).value();
  shape.pass = from_name<Pass>(row.text(10)).value();
  shape.dropout = row.number(11);
  question.workload = shape;
  question.l2 = from_name<L2State>(row.text(12)).value();
  return question;
}

/// The largest forward call of each kernel and GPU that has at most so many FLOP, those with the most results first.
std::vector<Question> largest_calls(const analysis::Store& store, double most_flop) {
  std::vector<Question> questions;
  store.for_each(
      "SELECT profile, kernel, batch, heads, kv_heads, seq_q, seq_kv, head_dim, dtype, mask, pass, dropout, l2, "
      "max(flop), count(*) AS n FROM v_result WHERE latest = 1 AND status = 'ok' AND method = 'predicted' AND "
      "op = 'attention' AND setting = '' AND br IS NULL AND flop <= " +
          std::to_string(most_flop) + " GROUP BY profile, kernel ORDER BY n DESC, profile, kernel",
      [&](const analysis::RowCursor& row) { questions.push_back(question_of(row)); });
  return questions;
}

std::string name_of(const Question& question) { return question.kernel + " on " + question.profile; }

struct Answered {
  Question question;
  Answer answer;
  std::vector<std::string> launches;  ///< names
  double effort;                      ///< of a simulation, in tile events
};

/// What a simulation costs: events, and cells of tensors, of which each is looked at as long as many events take.
double effort_of(const Program& program) {
  constexpr double events_per_cell = 16;
  const auto counts = std::make_unique<ProgramCounts>();
  count(program, *counts);
  const sim::Effort effort = sim::effort(program, *counts);
  return effort.tile_events + events_per_cell * effort.cells;
}

std::vector<Answered> answers_to(const std::vector<Question>& questions, Catalogues& catalogues,
                                 std::vector<std::string>& notes) {
  std::vector<Answered> answered;
  Answerer answerer{catalogues, IncompleteProfile::is_an_answer};
  for (const Question& question : questions) {
    if (answered.size() == most_bars) break;
    try {
      Answered one{question, answerer.answer(question), {}, 0};
      if (one.answer.status != Status::ok) continue;
      one.effort = effort_of(answerer.program());
      for (const Launch& launch : answerer.program().launches) one.launches.emplace_back(launch.name);
      answered.push_back(std::move(one));
    } catch (const InputError& error) {
      notes.push_back("Not asked again: " + name_of(question) + " (" + error.what() + ").");
    }
  }
  return answered;
}

/// Bars one above the other: each begins where the last ended.
Chart stacks(const std::vector<Answered>& answered) {
  Table table{.name = "launches",
              .columns = {{"call", "call"},
                          {"launch", "launch"},
                          {"bound", "bound by"},
                          {"share_begin_pct", "from", Show::percent},
                          {"share_end_pct", "to", Show::percent},
                          {"time_s", "time", Show::seconds},
                          {"workload", "workload"}}};
  for (const Answered& one : answered) {
    const Prediction& prediction = one.answer.prediction;
    const double whole = prediction.time.value();
    double so_far = 0;
    const auto add = [&](const std::string& launch, const std::string& bound, double time) {
      table.rows.push_back({name_of(one.question), launch, bound, 100 * so_far / whole, 100 * (so_far + time) / whole,
                            time, describe(one.question.workload)});
      so_far += time;
    };
    for (std::size_t n = 0; n < prediction.launches.size(); ++n) {
      const LaunchPrediction& launch = prediction.launches[n];
      add(n < one.launches.size() ? one.launches[n] : "", std::string{rooftile::name_of(launch.bound)},
          launch.time.value());
    }
    if (whole - so_far > 1e-9 * whole) add("beside the launches", "launch", whole - so_far);
  }
  return {.id = "time-by-resource",
          .section = "Where the time goes",
          .title = "What bounds the time of the largest calls",
          .text = "Each bar is the time of one call; its parts are its launches, coloured by what bounds each.",
          .x = {"share of the time", Scale::linear, Show::percent},
          .y = {"call", Scale::category, Show::text},
          .tables = {std::move(table)},
          .marks = {{.kind = MarkKind::bar,
                     .y = "call",
                     .x1 = "share_begin_pct",
                     .x2 = "share_end_pct",
                     .series = "bound",
                     .tip = {"call", "workload", "launch", "bound", "time_s"}}},
          .aggregated = "the largest forward call of each kernel and GPU",
          .provenance = {"predicted again, by hierarchical"}};
}

/// Where the time of the places for CTAs went, of calls that are simulated in no time.
constexpr double most_flop_simulated = 2e10;
Chart stalls(const std::vector<Answered>& answered, Answerer& answerer) {
  constexpr double most_of_one = 1e6, most_of_all = 4e6;
  Table table{.name = "stalls",
              .columns = {{"call", "call"},
                          {"cause", "busy with, or waits for"},
                          {"share_begin_pct", "from", Show::percent},
                          {"share_end_pct", "to", Show::percent},
                          {"time_s", "time", Show::seconds},
                          {"workload", "workload"}}};
  double effort = 0;
  for (const Answered& one : answered) {
    if (one.effort > most_of_one || effort + one.effort > most_of_all) continue;
    Question question = one.question;
    question.method = analysis::Method::simulated;
    const Answer answer = answerer.answer(question);
    if (answer.status != Status::ok) continue;
    effort += one.effort;
    double so_far = 0;
    for (std::size_t cause = 0; cause < sim::stalls; ++cause) {
      const double share = answer.simulation->share[cause];
      if (share <= 0) continue;
      table.rows.push_back({name_of(question), std::string{rooftile::name_of(static_cast<sim::Stall>(cause))},
                            100 * so_far, 100 * (so_far + share), share * answer.prediction.time.value(),
                            describe(question.workload)});
      so_far += share;
    }
  }
  return {
      .id = "stalls",
      .section = "Where the time goes",
      .title = "What the places for CTAs waited for",
      .text =
          "Each bar is the time of all places for CTAs in one call, simulated: what decided while they advanced, "
          "or what they waited for. `rooftile simulate --stalls` says it of longer calls.",
      .x = {"share of the time", Scale::linear, Show::percent},
      .y = {"call", Scale::category, Show::text},
      .tables = {std::move(table)},
      .marks = {{.kind = MarkKind::bar,
                 .y = "call",
                 .x1 = "share_begin_pct",
                 .x2 = "share_end_pct",
                 .series = "cause",
                 .tip = {"call", "workload", "cause", "time_s"}}},
      .aggregated = "the largest forward call of each kernel and GPU that is short enough to be simulated for a report",
      .provenance = {"simulated now"}};
}

Chart tornado(const Answered& one, Answerer& answerer, std::size_t n) {
  constexpr std::size_t most_leaves = 12;
  const Sensitivity found = sensitivity(one.question, answerer);
  Table table{.name = "effects",
              .columns = {{"number", "number"},
                          {"side", "side"},
                          {"zero_pct", "as it is", Show::percent},
                          {"change_pct", "change of the time", Show::percent},
                          {"value", "as the profile states it"},
                          {"elasticity", "elasticity", Show::number}}};
  const auto add = [&](const LeafEffect& effect, const char* side, const std::optional<Nudged>& nudged) {
    const auto change = LeafEffect::change(nudged, found.base.prediction.time);
    if (!change || *change == 0) return;  // it does not run, or as long: no bar
    table.rows.push_back({std::string{effect.leaf->path}, side, 0.0, 100 * *change, effect.text,
                          effect.elasticity ? analysis::Value{*effect.elasticity} : analysis::Value{}});
  };
  for (const LeafEffect& effect : found.effects) {
    if (table.rows.size() >= 2 * most_leaves) break;
    add(effect, "a tenth less", effect.lower);
    add(effect, "a tenth more", effect.higher);
  }
  return {.id = "sensitivity-" + std::to_string(n),
          .section = "Sensitivity",
          .title = "What decides the time of " + name_of(one.question),
          .text = describe(one.question.workload) +
                  ": change of the predicted time when a number of the GPU is a tenth less "
                  "or more.",
          .x = {"change of the time", Scale::linear, Show::percent},
          .y = {"number of the profile", Scale::category, Show::text},
          .tables = {std::move(table)},
          .marks = {{.kind = MarkKind::bar,
                     .y = "number",
                     .x1 = "zero_pct",
                     .x2 = "change_pct",
                     .series = "side",
                     .tip = {"number", "value", "side", "change_pct", "elasticity"}}},
          .provenance = {"predicted again, by hierarchical"}};
}

}  // namespace

std::vector<Chart> call_charts(const analysis::Store& store, Catalogues& catalogues, std::size_t tornados,
                               std::vector<std::string>& notes) {
  constexpr double any = 1e300;
  const std::vector<Answered> answered = answers_to(largest_calls(store, any), catalogues, notes);
  if (answered.empty()) return {};
  std::vector<Chart> charts{stacks(answered)};
  Answerer answerer{catalogues, IncompleteProfile::is_an_answer};
  std::vector<std::string> said;  // of the same kernels and GPUs, above
  Chart waits = stalls(answers_to(largest_calls(store, most_flop_simulated), catalogues, said), answerer);
  if (!waits.tables.front().rows.empty()) charts.push_back(std::move(waits));
  for (std::size_t n = 0; n < std::min(tornados, answered.size()); ++n) {
    charts.push_back(tornado(answered[n], answerer, n + 1));
  }
  return charts;
}

}  // namespace rooftile::experiments
