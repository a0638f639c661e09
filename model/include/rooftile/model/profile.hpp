// A Device together with where each of its numbers comes from.
#pragma once

#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/model/device.hpp"
#include "rooftile/model/device_leaves.hpp"
#include "rooftile/model/error.hpp"

namespace rooftile {

/// How well a number is known. `set`: given by the user on this command line.
enum class Kind { spec, device, measured, derived, assumed, set };

template <>
struct EnumNames<Kind> {
  static constexpr std::string_view kind = "kind";
  static constexpr Named<Kind> table[] = {{Kind::spec, "spec"},         {Kind::device, "device"},
                                          {Kind::measured, "measured"}, {Kind::derived, "derived"},
                                          {Kind::assumed, "assumed"},   {Kind::set, "set"}};
};

/// A stated number: its text, its value and its source.
struct StatedLeaf {
  std::string path;  ///< "memory.dram.bandwidth"; under `measured:` and `expect:` the path starts with that word
  std::string text;  ///< as written: "1555 GB/s"
  double value = 0;  ///< base units
  Dimension dimension;
  Kind kind = Kind::spec;
  std::string source;
  Location where;
};

struct Profile {
  std::string name;
  std::string vendor;
  std::string dram_type;                  ///< "HBM2"
  std::vector<std::string> device_names;  ///< what the driver calls it
  std::string description;                ///< one line, may be empty
  Device device;
  std::vector<StatedLeaf> leaves;    ///< what was stated for the Device, in the order of device_leaves()
  std::vector<StatedLeaf> measured;  ///< never used silently; calibrate and validate read them
  std::vector<StatedLeaf> expect;    ///< datasheet totals the loader has recomputed and compared
  std::string text;                  ///< canonical YAML of the resolved profile (every leaf, one per line)
  std::string hash;                  ///< name-based UUID (SHA-1, RFC 4122) of `text`: equal hashes, equal hardware
  Location where;                    ///< the product's own file

  /// The statement behind a device leaf, or nullptr if nobody made one.
  [[nodiscard]] const StatedLeaf* find(std::string_view path) const;
};

/// How well the numbers of a Device are known; `measured:` and `expect:` are not among them.
struct Knowledge {
  std::array<std::size_t, std::size(EnumNames<Kind>::table)> count{};  ///< stated leaves by Kind
  std::vector<std::string_view> assumed;                               ///< their paths, in the order of device_leaves()
  std::vector<std::string_view> unstated;                              ///< leaves that nobody states

  [[nodiscard]] std::size_t of(Kind kind) const { return count[static_cast<std::size_t>(kind)]; }
};
[[nodiscard]] Knowledge knowledge(const Profile& profile);

/// A leaf that two profiles state differently. It points into both, which must outlive it.
struct LeafDifference {
  std::string_view path;
  const StatedLeaf* a;  ///< nullptr where `a` does not state it
  const StatedLeaf* b;

  /// b / a; NaN where one of them is missing, or a is zero.
  [[nodiscard]] double ratio() const;
};

/// The leaves whose values differ (other words for the same value, or other sources, are no difference), in the order
/// of device_leaves().
[[nodiscard]] std::vector<LeafDifference> differences(const Profile& a, const Profile& b);

}  // namespace rooftile
