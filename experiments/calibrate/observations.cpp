#include "calibrate/observations.hpp"

#include <algorithm>
#include <utility>

namespace rooftile::calibrate {
namespace {

using analysis::CsvRow;
using analysis::CsvTable;

AttentionShape read_attention(const CsvRow& row) {
  AttentionShape shape;
  shape.pass = row.name<Pass>("pass");
  shape.dtype = row.name<DType>("dtype");
  shape.batch = row.positive_integer("batch");
  shape.heads = row.positive_integer("heads");
  shape.kv_heads = row.positive_integer("kv_heads");
  shape.seq_q = row.positive_integer("seq_q");
  shape.seq_kv = row.positive_integer("seq_kv");
  shape.head_dim = row.positive_integer("head_dim");
  const double causal = row.number("causal");
  if (causal != 0 && causal != 1) row.fail("causal", "'" + row.text("causal") + "' is neither 0 nor 1");
  // the only query sees every key
  shape.mask = causal == 1 && shape.seq_q > 1 ? Mask::causal : Mask::none;
  shape.dropout = row.number_if_stated("dropout").value_or(0);
  return shape;
}

Workload read_workload(const CsvTable& table, const CsvRow& row) {
  if (table.has("rows")) {
    return SoftmaxShape{row.positive_integer("rows"), row.positive_integer("cols"), row.name<DType>("dtype")};
  }
  if (table.has("m")) {
    return GemmShape{row.positive_integer("batch"), row.positive_integer("m"), row.positive_integer("n"),
                     row.positive_integer("k"), row.name<DType>("dtype")};
  }
  return read_attention(row);
}

std::vector<Observation> read_bulk(const std::filesystem::path& file, const runner::Mapping& mapping) {
  const CsvTable table = CsvTable::read(file);
  std::vector<Observation> observations;
  for (const CsvRow row : table) {
    const auto means = [&](const runner::MappingRow& entry) {
      return entry.source == row.text("source") && entry.gpu == row.text("gpu") && entry.kernel == row.text("kernel");
    };
    const auto meaning = std::find_if(mapping.rows.begin(), mapping.rows.end(), means);
    if (meaning == mapping.rows.end() || row.text("metric") != "time_ms") continue;
    const Workload workload = read_workload(table, row);
    if (const auto sound = check(workload); !sound) row.fail("value", sound.error());
    std::string printed = row.required_text("value") + " " + row.required_text("unit");
    const auto time = runner::printed_time(printed, workload);
    if (!time) row.fail("value", time.error());
    observations.push_back(
        {meaning->profile, meaning->spec, meaning->settings, workload, *time, {}, meaning->source, std::move(printed)});
  }
  return observations;
}

}  // namespace

std::vector<Observation> read_observations(const std::string& table, const Tables& tables) {
  if (table != "published") {
    if (!tables.reference) throw InputError{"table '" + table + "': ROOFTILE_REFERENCE_DIR is not set"};
    return read_bulk(*tables.reference / table, runner::load_mapping(tables.mapping));
  }
  std::vector<Observation> observations;
  for (runner::PublishedRow& row : runner::load_published(tables.published)) {
    observations.push_back({row.meaning.profile, row.meaning.spec, row.meaning.settings, row.workload, row.time,
                            row.tile, row.meaning.source, std::move(row.printed)});
  }
  return observations;
}

}  // namespace rooftile::calibrate
