#include "calibrate/row_choice.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "rooftile/model/error.hpp"

namespace rooftile::calibrate {
namespace {

struct Field {
  std::string_view name;
  std::int64_t AttentionShape::*member;  ///< null: the profile
};
constexpr Field fields[] = {{"profile", nullptr},
                            {"batch", &AttentionShape::batch},
                            {"heads", &AttentionShape::heads},
                            {"kv_heads", &AttentionShape::kv_heads},
                            {"seq_q", &AttentionShape::seq_q},
                            {"seq_kv", &AttentionShape::seq_kv},
                            {"head_dim", &AttentionShape::head_dim}};

const Field& field_named(std::string_view name) {
  const auto found = std::find_if(std::begin(fields), std::end(fields), [&](const Field& f) { return f.name == name; });
  if (found != std::end(fields)) return *found;
  std::vector<std::string_view> known;
  for (const Field& field : fields) known.push_back(field.name);
  throw InputError{unknown_name_message("field of a row", name, known)};
}

}  // namespace

RowChoice::RowChoice(std::span<const std::string> conditions) {
  for (const std::string& text : conditions) conditions_.push_back(parse(text));
}

RowChoice::Condition RowChoice::parse(const std::string& text) {
  const std::size_t sign = text.find_first_of("<>=");
  const auto refuse = [&](const std::string& why) { return InputError{"condition '" + text + "': " + why}; };
  if (sign == std::string::npos) throw refuse("as head_dim=128, seq_kv<=2048 or batch>=32");
  const Field& field = field_named(text.substr(0, sign));
  const std::size_t width = text[sign] == '=' ? 1 : 2;
  if (width == 2 && text.substr(sign + 1, 1) != "=") throw refuse("relations are =, <= and >=");
  const std::string value = text.substr(sign + width);
  if (field.member == nullptr) {
    if (width == 2) throw refuse("a profile is equal to one or not");
    return IsProfile{value};
  }
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (problem != std::errc{} || end != value.data() + value.size() || value.empty()) {
    throw refuse("'" + value + "' is no whole number");
  }
  return Bounded{field.member,
                 width == 1          ? Relation::equal
                 : text[sign] == '<' ? Relation::at_most
                                     : Relation::at_least,
                 number};
}

bool RowChoice::holds(const Condition& condition, const Observation& row) {
  if (const auto* is = std::get_if<IsProfile>(&condition)) return row.profile == is->name;
  const auto& bounded = std::get<Bounded>(condition);
  const auto* shape = std::get_if<AttentionShape>(&row.workload);
  if (shape == nullptr) return false;
  const std::int64_t value = shape->*bounded.field;
  switch (bounded.relation) {
    case Relation::equal: return value == bounded.value;
    case Relation::at_most: return value <= bounded.value;
    case Relation::at_least: return value >= bounded.value;
  }
  return false;
}

bool RowChoice::chooses(const Observation& row) const {
  return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& c) { return holds(c, row); });
}

}  // namespace rooftile::calibrate
