#include "cli/question_options.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "question/value_list.hpp"
#include "rooftile/model/device_leaves.hpp"
#include "rooftile/model/parse_quantity.hpp"

namespace rooftile::cli {
namespace {

using experiments::Question;

/// More questions than this on one line are a slip; --cells has no such limit.
constexpr std::size_t most_questions = 1'000'000;

using Text = std::string QuestionOptions::*;

struct OptionRow {
  const char* names;
  Text text;
  const char* placeholder;
  const char* help;
  const char* group;
  void (*complete)(OptionHandle&) = [](OptionHandle&) {};
};

template <class E>
void names_of_enum(OptionHandle& option) {
  option.values_of<E>();
}

void predictor_names(OptionHandle& option) {
  std::vector<std::string> names;
  for (const Predictor* predictor : predictors()) names.emplace_back(predictor->name());
  option.values(names);
}

constexpr OptionRow option_table[] = {
    {"-p,--profile", &QuestionOptions::profile, "NAMES",
     "GPU profile: a name of `rooftile profile list`, or a YAML file", "Question",
     [](OptionHandle& option) { option.profiles(); }},
    {"-k,--kernel", &QuestionOptions::kernel, "NAMES",
     "kernel: an implementation (fa2), an algorithm (flash2), or a file", "Question",
     [](OptionHandle& option) { option.kernels(); }},
    {"--op", &QuestionOptions::op, "OP", "attention, gemm or softmax", "Question", names_of_enum<Op>},
    {"--dtype", &QuestionOptions::dtype, "NAMES", "fp16 (default), bf16, fp32, fp8_e4m3", "Question",
     names_of_enum<DType>},
    {"--batch", &QuestionOptions::batch, "LIST", "sequences, or matrix products (default 1)", "Question"},
    {"--heads", &QuestionOptions::heads, "LIST", "query heads (default 1)", "Attention"},
    {"--kv-heads", &QuestionOptions::kv_heads, "LIST", "key and value heads (default: as heads)", "Attention"},
    {"--seq", &QuestionOptions::seq, "LIST", "sequence length; a list is 512,1024 or 512:16384:x2 or 512:2048:512",
     "Attention"},
    {"--seq-q", &QuestionOptions::seq_q, "LIST", "queries, where they are not as many as keys", "Attention"},
    {"--seq-kv", &QuestionOptions::seq_kv, "LIST", "keys", "Attention"},
    {"--head-dim", &QuestionOptions::head_dim, "LIST", "head dimension", "Attention"},
    {"--mask", &QuestionOptions::mask, "NAMES", "none (default), causal, key_padding", "Attention",
     names_of_enum<Mask>},
    {"--pass", &QuestionOptions::pass, "NAMES", "fwd (default), bwd, fwd+bwd", "Attention", names_of_enum<Pass>},
    {"--dropout", &QuestionOptions::dropout, "P", "probability that a weight is dropped (default 0)", "Attention"},
    {"--m", &QuestionOptions::m, "LIST", "rows of C", "GEMM and softmax"},
    {"--n", &QuestionOptions::n, "LIST", "columns of C", "GEMM and softmax"},
    {"--k", &QuestionOptions::k, "LIST", "depth", "GEMM and softmax"},
    {"--rows", &QuestionOptions::rows, "LIST", "rows of the matrix", "GEMM and softmax"},
    {"--cols", &QuestionOptions::cols, "LIST", "length of a row", "GEMM and softmax"},
    {"--br", &QuestionOptions::br, "LIST", "query rows of a tile (default: the kernel's)", "Model"},
    {"--bc", &QuestionOptions::bc, "LIST", "keys of a tile (default: the kernel's)", "Model"},
    {"--warps", &QuestionOptions::warps, "LIST", "warps of a CTA (default: the kernel's)", "Model"},
    {"--stages", &QuestionOptions::stages, "LIST", "buffers in flight (default: the kernel's)", "Model"},
    {"--l2", &QuestionOptions::l2, "NAMES", "cold or warm L2 (default: the kernel's)", "Model", names_of_enum<L2State>},
    {"--predictor", &QuestionOptions::predictor, "NAMES", "hierarchical (default) or roofline", "Model",
     predictor_names},
};

std::string name_in_messages(Text text) {
  for (const OptionRow& row : option_table) {
    const std::string names = row.names;
    if (row.text == text) return names.substr(names.rfind(',') + 1);
  }
  return {};
}

/// Reads the options of one command line.
class QuestionReader {
 public:
  explicit QuestionReader(const QuestionOptions& options) : options_{options} {}

  std::vector<Question> read() {
    const Op op = parse_name<Op>("--op", options_.op);
    require({&QuestionOptions::profile, &QuestionOptions::kernel});
    begin();
    switch (op) {
      case Op::attention: attention(); break;
      case Op::gemm: gemm(); break;
      case Op::softmax: softmax(); break;
    }
    end();
    return std::move(questions_);
  }

 private:
  [[nodiscard]] bool given(Text text) const { return !(options_.*text).empty(); }

  void require(const std::vector<Text>& texts) const {
    for (const Text text : texts) {
      if (!given(text)) throw InputError{name_in_messages(text) + " is required"};
    }
  }

  void forbid(const std::vector<Text>& texts) const {
    for (const Text text : texts) {
      if (given(text)) refuse(name_in_messages(text), "has no meaning with --op " + options_.op);
    }
  }

  /// Replaces every question by one per value: `set(question, value)`.
  template <class T, class Set>
  void spread(const std::vector<T>& values, Set set) {
    if (values.size() * questions_.size() > most_questions) {
      throw InputError{"the lists ask more than " + std::to_string(most_questions) + " questions; use --cells"};
    }
    std::vector<Question> more;
    more.reserve(values.size() * questions_.size());
    for (const Question& question : questions_) {
      for (const T& value : values) {
        more.push_back(question);
        set(more.back(), value);
      }
    }
    questions_ = std::move(more);
  }

  template <class Set>
  void numbers(Text text, Set set) {
    if (given(text)) spread(experiments::integer_list(name_in_messages(text), options_.*text), set);
  }

  template <class E, class Set>
  void names(Text text, Set set) {
    if (!given(text)) return;
    const std::string option = name_in_messages(text);
    std::vector<E> values;
    for (const std::string& name : experiments::name_list(option, options_.*text))
      values.push_back(parse_name<E>(option, name));
    spread(values, set);
  }

  template <class Set>
  void texts(Text text, Set set) {
    if (given(text)) spread(experiments::name_list(name_in_messages(text), options_.*text), set);
  }

  void begin() {
    questions_.resize(1);
    for (const std::string& setting : options_.settings) {
      questions_[0].settings.push_back(yaml::parse_setting(setting));
    }
    texts(&QuestionOptions::profile, [](Question& q, const std::string& name) { q.profile = name; });
    texts(&QuestionOptions::kernel, [](Question& q, const std::string& name) { q.kernel = name; });
  }

  void end() {
    numbers(&QuestionOptions::br, [](Question& q, std::int64_t value) { q.overrides.br = value; });
    numbers(&QuestionOptions::bc, [](Question& q, std::int64_t value) { q.overrides.bc = value; });
    numbers(&QuestionOptions::warps, [](Question& q, std::int64_t value) { q.overrides.warps = value; });
    numbers(&QuestionOptions::stages, [](Question& q, std::int64_t value) { q.overrides.stages = value; });
    names<L2State>(&QuestionOptions::l2, [](Question& q, L2State value) { q.l2 = value; });
    texts(&QuestionOptions::predictor, [](Question& q, const std::string& name) { q.predictor = name; });
  }

  template <class Shape>
  static Shape& shape(Question& question) {
    return std::get<Shape>(question.workload);
  }

  /// One list for a member of the shape.
  template <class Shape, auto Member>
  void extent(Text text) {
    numbers(text, [](Question& q, std::int64_t value) { shape<Shape>(q).*Member = value; });
  }

  void attention() {
    using S = AttentionShape;
    using O = QuestionOptions;
    forbid({&O::m, &O::n, &O::k, &O::rows, &O::cols});
    check_lengths();
    require({&O::head_dim});
    extent<S, &S::batch>(&O::batch);
    numbers(&O::heads, [](Question& q, std::int64_t value) { shape<S>(q).heads = shape<S>(q).kv_heads = value; });
    extent<S, &S::kv_heads>(&O::kv_heads);
    numbers(&O::seq, [](Question& q, std::int64_t value) { shape<S>(q).seq_q = shape<S>(q).seq_kv = value; });
    extent<S, &S::seq_q>(&O::seq_q);
    extent<S, &S::seq_kv>(&O::seq_kv);
    extent<S, &S::head_dim>(&O::head_dim);
    names<DType>(&O::dtype, [](Question& q, DType value) { shape<S>(q).dtype = value; });
    names<Mask>(&O::mask, [](Question& q, Mask value) { shape<S>(q).mask = value; });
    names<Pass>(&O::pass, [](Question& q, Pass value) { shape<S>(q).pass = value; });
    texts(&O::dropout, [](Question& q, const std::string& text) {
      const auto value = parse_number(text);
      if (!value) refuse("--dropout", value.error());
      if (*value < 0 || *value >= 1) refuse("--dropout", text + " is out of range; allowed: 0 to below 1");
      shape<S>(q).dropout = *value;
    });
  }

  void check_lengths() const {
    using O = QuestionOptions;
    const bool apart = given(&O::seq_q) || given(&O::seq_kv);
    if (given(&O::seq) && apart) refuse("--seq", "says the same as --seq-q and --seq-kv; give it or both of them");
    if (!given(&O::seq) && !apart) throw InputError{"--seq is required, or --seq-q and --seq-kv"};
    if (apart) require({&O::seq_q, &O::seq_kv});
  }

  void forbid_attention() const {
    using O = QuestionOptions;
    forbid({&O::heads, &O::kv_heads, &O::seq, &O::seq_q, &O::seq_kv, &O::head_dim, &O::mask, &O::pass, &O::dropout});
  }

  void gemm() {
    using S = GemmShape;
    using O = QuestionOptions;
    forbid_attention();
    forbid({&O::rows, &O::cols});
    require({&O::m, &O::n, &O::k});
    for (Question& question : questions_) question.workload = S{};
    extent<S, &S::batch>(&O::batch);
    extent<S, &S::m>(&O::m);
    extent<S, &S::n>(&O::n);
    extent<S, &S::k>(&O::k);
    names<DType>(&O::dtype, [](Question& q, DType value) { shape<S>(q).dtype = value; });
  }

  void softmax() {
    using S = SoftmaxShape;
    using O = QuestionOptions;
    forbid_attention();
    forbid({&O::batch, &O::m, &O::n, &O::k});
    require({&O::rows, &O::cols});
    for (Question& question : questions_) question.workload = S{};
    extent<S, &S::rows>(&O::rows);
    extent<S, &S::cols>(&O::cols);
    names<DType>(&O::dtype, [](Question& q, DType value) { shape<S>(q).dtype = value; });
  }

  const QuestionOptions& options_;
  std::vector<Question> questions_;
};

/// "memory.dram.bandwidth=" for every number of a profile.
std::vector<std::string> leaf_assignments() {
  std::vector<std::string> words;
  for (const DeviceLeaf& leaf : device_leaves()) words.push_back(std::string{leaf.path} + '=');
  return words;
}

}  // namespace

void add_question_options(Command& command, QuestionOptions& options, Predictors predictors) {
  for (const OptionRow& row : option_table) {
    if (row.text == &QuestionOptions::predictor && predictors == Predictors::none) continue;
    OptionHandle option = command.option(row.names, options.*row.text, row.help);
    row.complete(option.placeholder(row.placeholder).group(row.group));
  }
  command
      .option("--set", options.settings, "change a number of the profile: memory.dram.bandwidth=\"3 TB/s\"; repeatable")
      .placeholder("PATH=VALUE")
      .group("Model")
      .values(leaf_assignments());
}

bool says_what_is_asked(const QuestionOptions& options) {
  const QuestionOptions usual;
  return std::any_of(std::begin(option_table), std::end(option_table), [&](const OptionRow& row) {
    return row.text != &QuestionOptions::predictor && options.*row.text != usual.*row.text;
  });
}

std::vector<Question> questions_of(const QuestionOptions& options) { return QuestionReader{options}.read(); }

}  // namespace rooftile::cli
