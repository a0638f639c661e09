#include "runner/campaign.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

#include "question/measured_names.hpp"
#include "rooftile/analysis/cell.hpp"
#include "rooftile/analysis/csv.hpp"
#include "runner/items_of.hpp"

namespace rooftile::runner {
namespace {

using yaml::Map;
using yaml::Node;

/// Of the batch interface; what they hold tells cells apart.
constexpr std::array<std::string_view, 9> workload_columns{"pass",  "dtype",  "batch",    "heads", "kv_heads",
                                                           "seq_q", "seq_kv", "head_dim", "mask"};

std::vector<Phase> phases_of(const Node* node) {
  std::vector<Phase> phases;
  for (const Node* item : items_of(node)) {
    const auto phase = item->as_enum<Phase>();
    if (phase == Phase::peers) item->fail("peers are named under `peers:`");
    phases.push_back(phase);
  }
  return phases;
}

std::vector<std::string> peers_of(const Node* node) {
  std::vector<std::string> names;
  for (const Node* item : items_of(node)) {
    names.push_back(item->as_text());
    const auto& known = experiments::peer_libraries;
    if (std::find(known.begin(), known.end(), names.back()) == known.end()) {
      item->fail(unknown_name_message("peer", names.back(), {known.begin(), known.end()}));
    }
  }
  return names;
}

std::string cell_text(const std::string& kernel, const GridCell& cell) {
  std::string text = kernel + ' ' + (cell.l2 ? std::string{name_of(*cell.l2)} : "");
  for (const std::string_view column : workload_columns) text += ' ' + analysis::workload_text(cell.workload, column);
  return text;
}

std::string phases_text(const std::vector<Phase>& phases) {
  std::vector<std::string_view> words;
  for (const Phase phase : phases) words.push_back(name_of(phase));
  return join(words, " ");
}

}  // namespace

void CampaignCells::add(const Node& entry, const std::vector<std::string>& kernels,
                        const std::vector<GridCell>& cells) {
  Map map{entry};
  const std::vector<Phase> phases = phases_of(map.optional("phases"));
  const std::vector<std::string> peers = peers_of(map.optional("peers"));
  if (phases.empty() && peers.empty()) return;
  for (const GridCell& cell : cells) {
    if (op_of(cell.workload) != Op::attention) entry.fail("a visit measures whole attention calls");
    const Pass pass = std::get<AttentionShape>(cell.workload).pass;
    if (pass == Pass::fwd_bwd) entry.fail("a visit measures fwd and bwd, each by itself");
    if (pass == Pass::bwd && !peers.empty()) entry.fail("peers are measured forward only");
    if (cell.overrides.any() || cell.tiles != TileSet::own) entry.fail("a visit measures the tiles that are compiled");
  }
  if (!phases.empty()) {
    for (const std::string& kernel : kernels) {
      for (const GridCell& cell : cells) add(kernel, cell, phases);
    }
  }
  for (const std::string& peer : peers) {
    for (const GridCell& cell : cells) add(peer, cell, {Phase::peers});
  }
}

void CampaignCells::add(const std::string& kernel, const GridCell& cell, const std::vector<Phase>& phases) {
  const auto [at, fresh] = index_.emplace(cell_text(kernel, cell), cells_.size());
  if (fresh) cells_.push_back({kernel, cell.workload, cell.l2, {}});
  std::vector<Phase>& all = cells_[at->second].phases;
  all.insert(all.end(), phases.begin(), phases.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

void write_cells(std::ostream& out, const std::vector<CampaignCell>& cells) {
  analysis::CsvWriter writer{out};
  writer.cell("kernel");
  for (const std::string_view column : workload_columns) writer.cell(column);
  writer.cell("l2");
  writer.cell("phases");
  writer.end_row();
  for (const CampaignCell& cell : cells) {
    writer.cell(cell.kernel);
    for (const std::string_view column : workload_columns) writer.cell(analysis::workload_text(cell.workload, column));
    writer.cell(cell.l2 ? name_of(*cell.l2) : std::string_view{});
    writer.cell(phases_text(cell.phases));
    writer.end_row();
  }
}

}  // namespace rooftile::runner
