#include "cli/simulation_view.hpp"

#include <algorithm>
#include <iterator>

#include "cli/people.hpp"
#include "question/columns.hpp"
#include "rooftile/sim/tensor_bytes.hpp"
#include "rooftile/sim/utilisation.hpp"

namespace rooftile::cli {
namespace {

using analysis::Column;
using analysis::Show;
using analysis::Table;
using analysis::Value;
using experiments::Answer;
using experiments::Question;

class TensorView final : public SimulationView {
 public:
  sim::Listener& listener() override { return counter_; }
  [[nodiscard]] const std::vector<Column>& columns() const override {
    static const std::vector<Column> columns{{"tensor", "tensor", Show::text},
                                             {"role", "role", Show::text},
                                             {"l2_read_bytes", "L2 read", Show::bytes},
                                             {"l2_write_bytes", "L2 written", Show::bytes},
                                             {"l2_hit_bytes", "hit", Show::bytes},
                                             {"l2_hit_pct", "of what was read", Show::percent},
                                             {"dram_read_bytes", "DRAM read", Show::bytes},
                                             {"dram_write_bytes", "DRAM written", Show::bytes}};
    return columns;
  }
  [[nodiscard]] TableRows rows(const Program& program) const override {
    TableRows rows;
    for (std::size_t t = 0; t < counter_.tensors().size(); ++t) {
      const sim::TensorBytes& bytes = counter_.tensors()[t];
      const Bytes read = bytes.read + bytes.added;
      const Value part = read > Bytes{0} ? Value{100 * (bytes.hit() / read)} : Value{};
      rows.push_back({std::string{program.tensors[t].name}, std::string{name_of(program.tensors[t].role)},
                      bytes.read.value(), (bytes.written + bytes.added).value(), bytes.hit().value(), part,
                      bytes.missed.value(), bytes.dirtied.value()});
    }
    return rows;
  }

 private:
  sim::TensorCounter counter_;
};

class UtilisationView final : public SimulationView {
 public:
  explicit UtilisationView(std::size_t slices) : utilisation_{slices} {}

  sim::Listener& listener() override { return utilisation_; }
  [[nodiscard]] const std::vector<Column>& columns() const override {
    static const std::vector<Column> columns = [] {
      std::vector<Column> made{{"launch", "launch", Show::text},
                               {"slice", "slice", Show::count},
                               {"from_s", "from", Show::seconds},
                               {"until_s", "until", Show::seconds}};
      for (std::size_t r = 0; r < sim::busy_resources; ++r) {
        const std::string name{name_of(static_cast<Limit>(r))};
        made.push_back({"busy_" + name + "_pct", name, Show::percent});
      }
      made.push_back({"places_pct", "places", Show::percent});
      return made;
    }();
    return columns;
  }
  [[nodiscard]] TableRows rows(const Program& /*program*/) const override {
    TableRows rows;
    for (const sim::LaunchSlices& launch : utilisation_.launches()) {
      const Seconds length = (launch.end - launch.begin) / static_cast<double>(launch.slices.size());
      for (std::size_t s = 0; s < launch.slices.size(); ++s) {
        const Seconds from = launch.begin + length * static_cast<double>(s);
        rows.push_back({launch.launch, static_cast<std::int64_t>(s + 1), from.value(), (from + length).value()});
        for (const double part : launch.slices[s].busy) rows.back().emplace_back(100 * part);
        rows.back().emplace_back(100 * launch.slices[s].places);
      }
    }
    return rows;
  }

 private:
  sim::Utilisation utilisation_;
};

}  // namespace

std::unique_ptr<SimulationView> tensor_view() { return std::make_unique<TensorView>(); }
std::unique_ptr<SimulationView> utilisation_view(std::size_t slices) {
  return std::make_unique<UtilisationView>(slices);
}

Table view_table(const SimulationView& view, const std::vector<Question>& questions, const std::vector<Answer>& answers,
                 const std::vector<TableRows>& rows, bool people) {
  QuestionTable asked = distinguishing(questions);
  if (!people) {
    asked.columns = experiments::question_columns(questions);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      asked.rows[i] = experiments::question_cells(questions[i], asked.columns);
    }
  }
  Table table = table_of(experiments::command_of(questions[0].method), asked, view.columns());
  table.columns.push_back({"status", "status", Show::text});
  table.columns.push_back({"reason", "reason", Show::text});
  const bool all_ok = std::ranges::all_of(answers, [](const Answer& a) { return a.status == Status::ok; });
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const bool ok = answers[i].status == Status::ok;
    const Value status = people && all_ok ? Value{} : Value{std::string{name_of(answers[i].status)}};
    const Value reason = ok ? Value{} : Value{answers[i].reason};
    const TableRows nothing{std::vector<Value>(view.columns().size())};
    for (const std::vector<Value>& shown : ok ? rows[i] : nothing) {
      std::vector<Value> row = asked.rows[i];
      std::ranges::copy(shown, std::back_inserter(row));
      row.insert(row.end(), {status, reason});
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

}  // namespace rooftile::cli
