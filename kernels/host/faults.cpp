#include "host/faults.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace rooftile::kernels::host {

std::string place_of(const Where& where) {
  std::string_view file = where.file;
  constexpr std::string_view folder = "kernels/";
  if (const auto at = file.rfind(folder); at != std::string_view::npos) file.remove_prefix(at + folder.size());
  return std::string{file} + ":" + std::to_string(where.line);
}

void Faults::note(FaultKind kind, std::string text, const Where& where) {
  Fault fault{kind, launch_, std::move(text), place_of(where)};
  const bool known = std::any_of(found_.begin(), found_.end(), [&](const Fault& other) {
    return other.kind == fault.kind && other.launch == fault.launch && other.where == fault.where;
  });
  if (!known) found_.push_back(std::move(fault));
}

void Faults::add(FaultKind kind, std::string text, const Where& where) {
  note(kind, std::move(text), where);
  if (too_many()) throw StopRun{};
}

}  // namespace rooftile::kernels::host
