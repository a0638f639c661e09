// The two ways in which rooftile says no.
//
//   InputError   what the user wrote cannot be read: thrown, ends the command with exit code 2
//                hw_profiles/x.yaml:12:9: unknown key 'bandwith'; allowed: bandwidth, latency; did you mean
//                'bandwidth'?
//   Refusal      this kernel cannot run there: a value, because it is an answer ("needs 224 KiB of shared memory, ...")
//
// Programming errors are assertions and never depend on input.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "rooftile/model/names.hpp"

namespace rooftile {

/// A place in a text that a user wrote; line and column count from 1, 0 = not applicable.
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
};

/// "file:12:9", "file:12", "file" or "" — whatever is known.
[[nodiscard]] std::string to_string(const Location& where);

/// Bad input. what() is the whole message: "<where>: <what was found, what is allowed, the nearest name>".
class InputError : public std::runtime_error {
 public:
  InputError(Location where, const std::string& message);
  /// For what stands on a command line: no location.
  explicit InputError(const std::string& message);
  [[nodiscard]] const Location& where() const { return where_; }

 private:
  Location where_;
};

/// How a question about (device, workload, kernel) can end; the `status` column.
enum class Status { ok, infeasible, unsupported };

template <>
struct EnumNames<Status> {
  static constexpr std::string_view kind = "status";
  static constexpr Named<Status> table[] = {
      {Status::ok, "ok"}, {Status::infeasible, "infeasible"}, {Status::unsupported, "unsupported"}};
};

/// Why there is no number. `infeasible`: it does not fit (shared memory, registers, grid, DRAM capacity);
/// `unsupported`: the kernel exists, the shape or the architecture is outside it.
struct Refusal {
  Status status = Status::infeasible;
  std::string reason;
};

}  // namespace rooftile
