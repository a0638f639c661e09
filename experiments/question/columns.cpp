#include "question/columns.hpp"

#include <algorithm>
#include <array>

namespace rooftile::experiments {
namespace {

using analysis::Column;
using analysis::Show;
using analysis::Value;

/// One column of a question, and the option that states it on a command line.
struct QuestionColumn {
  const char* name;
  const char* heading;
  Show show;
  const char* option;
  bool (*occurs)(const Question&);  ///< some questions have no such column
  Value (*value)(const Question&);
};

template <class Shape>
const Shape* shape_of(const Question& question) {
  return std::get_if<Shape>(&question.workload);
}

template <class Shape>
bool is_a(const Question& question) {
  return shape_of<Shape>(question) != nullptr;
}

bool always(const Question&) { return true; }

template <class E>
Value name_value(E value) {
  return std::string{name_of(value)};
}

/// A member of the shape, or absent for another op.
template <class Shape, auto Member>
Value member(const Question& question) {
  const Shape* shape = shape_of<Shape>(question);
  if (shape == nullptr) return {};
  using Type = std::remove_cvref_t<decltype(shape->*Member)>;
  if constexpr (std::is_enum_v<Type>) {
    return name_value(shape->*Member);
  } else {
    return shape->*Member;
  }
}

Value batch_value(const Question& question) {
  if (const auto* gemm = shape_of<GemmShape>(question)) return gemm->batch;
  return member<AttentionShape, &AttentionShape::batch>(question);
}

Value dropout_value(const Question& question) {
  const auto* shape = shape_of<AttentionShape>(question);
  return shape == nullptr || shape->dropout == 0 ? Value{} : Value{shape->dropout};
}

Value positive(std::int64_t value) { return value > 0 ? Value{value} : Value{}; }

const QuestionColumn question_table[] = {
    {"profile", "GPU", Show::text, "-p", always, [](const Question& q) -> Value { return q.profile; }},
    {"kernel", "kernel", Show::text, "-k", always, [](const Question& q) -> Value { return q.kernel; }},
    {"op", "op", Show::text, "--op", [](const Question& q) { return !is_a<AttentionShape>(q); },
     [](const Question& q) { return name_value(op_of(q.workload)); }},
    {"pass", "pass", Show::text, "--pass", is_a<AttentionShape>, member<AttentionShape, &AttentionShape::pass>},
    {"dtype", "dtype", Show::text, "--dtype", always,
     [](const Question& q) { return name_value(dtype_of(q.workload)); }},
    {"batch", "batch", Show::count, "--batch", [](const Question& q) { return !is_a<SoftmaxShape>(q); }, batch_value},
    {"heads", "heads", Show::count, "--heads", is_a<AttentionShape>, member<AttentionShape, &AttentionShape::heads>},
    {"kv_heads", "KV heads", Show::count, "--kv-heads", is_a<AttentionShape>,
     member<AttentionShape, &AttentionShape::kv_heads>},
    {"seq_q", "seq q", Show::count, "--seq-q", is_a<AttentionShape>, member<AttentionShape, &AttentionShape::seq_q>},
    {"seq_kv", "seq kv", Show::count, "--seq-kv", is_a<AttentionShape>,
     member<AttentionShape, &AttentionShape::seq_kv>},
    {"head_dim", "d", Show::count, "--head-dim", is_a<AttentionShape>,
     member<AttentionShape, &AttentionShape::head_dim>},
    {"mask", "mask", Show::text, "--mask", is_a<AttentionShape>, member<AttentionShape, &AttentionShape::mask>},
    {"dropout", "dropout", Show::number, "--dropout", is_a<AttentionShape>, dropout_value},
    {"m", "m", Show::count, "--m", is_a<GemmShape>, member<GemmShape, &GemmShape::m>},
    {"n", "n", Show::count, "--n", is_a<GemmShape>, member<GemmShape, &GemmShape::n>},
    {"k", "k", Show::count, "--k", is_a<GemmShape>, member<GemmShape, &GemmShape::k>},
    {"rows", "rows", Show::count, "--rows", is_a<SoftmaxShape>, member<SoftmaxShape, &SoftmaxShape::rows>},
    {"cols", "cols", Show::count, "--cols", is_a<SoftmaxShape>, member<SoftmaxShape, &SoftmaxShape::cols>},
    {"br", "Br", Show::count, "--br", [](const Question& q) { return q.overrides.br > 0; },
     [](const Question& q) { return positive(q.overrides.br); }},
    {"bc", "Bc", Show::count, "--bc", [](const Question& q) { return q.overrides.bc > 0; },
     [](const Question& q) { return positive(q.overrides.bc); }},
    {"warps", "warps", Show::count, "--warps", [](const Question& q) { return q.overrides.warps > 0; },
     [](const Question& q) { return positive(q.overrides.warps); }},
    {"stages", "stages", Show::count, "--stages", [](const Question& q) { return q.overrides.stages > 0; },
     [](const Question& q) { return positive(q.overrides.stages); }},
    {"predictor", "predictor", Show::text, "--predictor",
     [](const Question& q) { return q.predictor != Question{}.predictor; },
     [](const Question& q) -> Value { return q.predictor; }},
    {"l2", "L2", Show::text, "--l2", [](const Question& q) { return q.l2.has_value(); },
     [](const Question& q) { return q.l2 ? name_value(*q.l2) : Value{}; }},
};

const QuestionColumn* find_column(const std::string& name) {
  const auto* found = std::find_if(std::begin(question_table), std::end(question_table),
                                   [&](const QuestionColumn& column) { return name == column.name; });
  return found == std::end(question_table) ? nullptr : found;
}

/// A word as a shell reads it back.
std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view{"_-./,:+=@%"}.find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return quoted + "'";
}

}  // namespace

std::vector<Column> question_columns(const std::vector<Question>& questions) {
  std::vector<Column> columns;
  for (const QuestionColumn& column : question_table) {
    if (std::any_of(questions.begin(), questions.end(), column.occurs)) {
      columns.push_back({column.name, column.heading, column.show});
    }
  }
  return columns;
}

std::vector<Value> question_cells(const Question& question, const std::vector<Column>& columns) {
  std::vector<Value> cells;
  for (const Column& column : columns) {
    const QuestionColumn* known = find_column(column.name);
    cells.push_back(known == nullptr ? Value{} : known->value(question));
  }
  return cells;
}

const std::vector<Column>& answer_columns() {
  static const std::vector<Column> columns{
      {"time_s", "time", Show::seconds},
      {"flop", "FLOP", Show::flop},
      {"dram_read_bytes", "DRAM read", Show::bytes},
      {"dram_write_bytes", "DRAM write", Show::bytes},
      {"l2_read_bytes", "L2 read", Show::bytes},
      {"l2_write_bytes", "L2 write", Show::bytes},
      {"smem_bytes", "shared memory", Show::bytes},
      {"bound", "bound", Show::text},
      {"status", "status", Show::text},
      {"reason", "reason", Show::text},
      {"expected_error", "expected error", Show::fraction},
      {"notes", "notes", Show::text},
  };
  return columns;
}

std::vector<Value> answer_cells(const Question& question, const Answer& answer) {
  const Prediction& p = answer.prediction;
  const double flop = paper_flops(question.workload).value();
  if (answer.status != Status::ok) {
    return {{}, flop, {}, {}, {}, {}, {}, {}, name_value(answer.status), answer.reason, {}, answer.notes};
  }
  return {p.time.value(),
          flop,
          p.dram.read.value(),
          p.dram.write.value(),
          p.l2.read.value(),
          p.l2.write.value(),
          p.smem.value(),
          name_value(p.bound),
          name_value(answer.status),
          {},
          answer.expected_error ? Value{*answer.expected_error} : Value{},
          answer.notes};
}

const std::vector<Column>& stall_columns() {
  static const std::vector<Column> columns = [] {
    std::vector<Column> made;
    for (const auto& row : EnumNames<sim::Stall>::table) {
      const std::string name{row.name};
      made.push_back({"stall_" + name + "_pct", name, Show::percent});
    }
    made.push_back({"tile_events", "tile events", Show::count});
    return made;
  }();
  return columns;
}

std::vector<Value> stall_cells(const Answer& answer) {
  std::vector<Value> cells(stall_columns().size());
  if (!answer.simulation) return cells;
  std::ranges::transform(answer.simulation->share, cells.begin(), [](double share) { return 100 * share; });
  cells.back() = answer.simulation->tile_events;
  return cells;
}

std::string command_of(analysis::Method method) {
  if (method == analysis::Method::simulated) return "simulate";
  return method == analysis::Method::executed ? "execute" : "predict";
}

std::string command_line(const Question& question) {
  std::string line = "rooftile " + command_of(question.method);
  const auto say = [&line](const std::string& option, const std::string& text) {
    line += ' ' + option + ' ' + shell_word(text);
  };
  for (const QuestionColumn& column : question_table) {
    if (!column.occurs(question)) continue;
    const std::string text = analysis::plain_cell(column.value(question));
    if (!text.empty()) say(column.option, text);
  }
  for (const Setting& setting : question.settings) say("--set", setting.path + '=' + setting.text);
  return line;
}

}  // namespace rooftile::experiments
