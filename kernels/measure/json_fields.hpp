// The program's own lines, read back: enough of JSON to see which cells a file already holds.
//
//   json_fields(R"({"kind":"time","time_s":0.1,"device":{"name":"H100"}})")
//       kind -> time, time_s -> 0.1, device.name -> H100
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace rooftile::kernels::measure {

/// Every scalar of one object: strings unescaped, numbers and words (true, null) as they stand; fields of inner objects
/// under "outer.inner". Lists are skipped. Nothing where the line is no complete JSON object.
[[nodiscard]] std::optional<std::map<std::string, std::string>> json_fields(std::string_view line);

}  // namespace rooftile::kernels::measure
