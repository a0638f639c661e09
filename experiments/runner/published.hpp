// Times that papers print: experiments/reference/*.csv, and mapping.yaml, which says what the model calls each row.
//
//   gpu,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,value,unit,software,source,notes
//   A100-40GB,standard_pytorch,fwd,fp16,16,8,8,4096,4096,64,none,0,16.47,ms,...,"FlashAttention (...), Table 18",...
//
// A table that goes through tile shapes has columns br and bc too. A printed rate becomes a time by the FLOP that the
// papers count (paper_flops): time = flop / rate.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "question/catalogues.hpp"
#include "rooftile/analysis/csv.hpp"
#include "rooftile/analysis/result.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/workload.hpp"
#include "tl/expected.hpp"

namespace rooftile::runner {

/// What one (source, gpu, kernel) of a published table means.
struct MappingRow {
  std::string source;
  std::string gpu;
  std::string kernel;
  std::string profile;
  std::string spec;
  std::vector<yaml::Setting> settings;
  std::string note;
  Location where;
};

/// Tables that were read and are not transcribed.
struct LeftOut {
  std::string source;
  std::vector<std::string> kernels;
  std::string reason;
};

struct Mapping {
  std::vector<MappingRow> rows;
  std::vector<LeftOut> left_out;
  std::filesystem::path file;
};

/// Reads a mapping.yaml. InputError if it is malformed or an entry occurs twice.
[[nodiscard]] Mapping load_mapping(const std::filesystem::path& file);

/// One printed value and what it means.
struct PublishedRow {
  MappingRow meaning;
  Workload workload;
  SpecOverrides tile;  ///< zeros: the spec's
  Seconds time;
  std::string printed;  ///< "225 TFLOP/s", as printed
  std::string notes;    ///< the row's notes, its software and the mapping's note
  Location where;
};

/// The rows of one file. InputError with file:line:column for malformed rows, for a row that no entry of the mapping
/// covers, and for two rows that mean the same.
[[nodiscard]] std::vector<PublishedRow> read_published(const analysis::CsvTable& table, const Mapping& mapping);

/// All *.csv of a folder in the order of their names, with the mapping.yaml beside them.
[[nodiscard]] std::vector<PublishedRow> load_published(const std::filesystem::path& folder);

/// True if the header is that of a published table (it has gpu, value and unit).
[[nodiscard]] bool is_published(const analysis::CsvTable& table);

/// The time that a printed value means: "16.47 ms" itself, "225 TFLOP/s" as paper_flops over that rate. Otherwise what
/// is wrong with it.
[[nodiscard]] tl::expected<Seconds, std::string> printed_time(std::string_view printed, const Workload& workload);

/// The row that the store keeps (method published). Profile and spec must exist: InputError at the mapping's entry.
[[nodiscard]] analysis::ResultRow published_result(const PublishedRow& row, experiments::Catalogues& catalogues);

/// "clock.boost=1830 MHz; clock.tensor_boost=1830 MHz": settings sorted by path, the last of one path; "" for none.
/// What the store calls a condition beside the profile.
[[nodiscard]] std::string setting_text(const std::vector<yaml::Setting>& settings);

}  // namespace rooftile::runner
