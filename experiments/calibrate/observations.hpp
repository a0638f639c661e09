// Measured times that constants are fitted to, from tables that papers print (experiments/reference) and from bulk
// tables of other projects, which are not part of the repository: files of ROOFTILE_REFERENCE_DIR.
//
//   gpu,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,causal,dropout,metric,value,unit,software,source,notes
//
// (softmax: rows, cols; GEMM: batch, m, n, k.) What their words mean stands in experiments/calibration/mapping.yaml.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runner/published.hpp"

namespace rooftile::calibrate {

/// A time and what was asked. `tile`, `source` and `printed` are for those who show rows; no fit reads them.
struct Observation {
  std::string profile;
  std::string spec;
  std::vector<yaml::Setting> settings;  ///< leaves of the profile that differed
  Workload workload;
  Seconds time;
  SpecOverrides tile{};   ///< zeros: the spec's own
  std::string source{};   ///< the table's word for where it is from
  std::string printed{};  ///< "225 TFLOP/s"
};

/// Where tables are looked for.
struct Tables {
  std::filesystem::path published;                 ///< a folder with its mapping.yaml
  std::filesystem::path mapping;                   ///< of the bulk tables
  std::optional<std::filesystem::path> reference;  ///< their folder; nothing: ROOFTILE_REFERENCE_DIR is not set
};

/// All rows of a table; "published" stands for the folder of that name. InputError for a table that is not there and
/// for malformed rows; rows of words that the mapping leaves out are skipped.
[[nodiscard]] std::vector<Observation> read_observations(const std::string& table, const Tables& tables);

}  // namespace rooftile::calibrate
