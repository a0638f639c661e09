#include "rooftile/model/error.hpp"

#include <utility>

namespace rooftile {

std::string to_string(const Location& where) {
  std::string text = where.file;
  if (where.line > 0) text += ':' + std::to_string(where.line);
  if (where.line > 0 && where.column > 0) text += ':' + std::to_string(where.column);
  return text;
}

namespace {
std::string with_place(const Location& where, const std::string& message) {
  const std::string place = to_string(where);
  return place.empty() ? message : place + ": " + message;
}
}  // namespace

InputError::InputError(Location where, const std::string& message)
    : std::runtime_error{with_place(where, message)}, where_{std::move(where)} {}

InputError::InputError(const std::string& message) : std::runtime_error{message} {}

}  // namespace rooftile
