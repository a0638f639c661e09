// What a visit to a GPU measures, from an experiment whose entries name phases:
//
//   - {batch: 4, heads: 16, seq: 4096, head_dim: 128, mask: [none, causal], phases: [time, counters],
//      peers: [cublas_standard, cudnn_sdpa]}
//
// and as the cells that rooftile-measure reads; a last column says in which phases:
//
//   kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,l2,phases
//   rt_flash2,fwd,fp16,4,16,16,4096,4096,128,none,,time counters
//   cudnn_sdpa,fwd,fp16,4,16,16,4096,4096,128,none,,peers
//
// The order of the file is kept: what stands first is measured first, and what does not fit a visit is left at its end.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "rooftile/model_yaml/strict_yaml.hpp"
#include "runner/experiment.hpp"
#include "runner/workload_grid.hpp"

namespace rooftile::runner {

/// Collects the cells of entries; one cell that several entries ask for has the phases of all of them.
class CampaignCells {
 public:
  /// The cells of one entry, with its `phases` and `peers`. InputError for unknown names and for other ops than
  /// attention.
  void add(const yaml::Node& entry, const std::vector<std::string>& kernels, const std::vector<GridCell>& cells);
  [[nodiscard]] std::vector<CampaignCell> take() && { return std::move(cells_); }

 private:
  void add(const std::string& kernel, const GridCell& cell, const std::vector<Phase>& phases);

  std::vector<CampaignCell> cells_;
  std::map<std::string, std::size_t> index_;
};

/// The CSV above.
void write_cells(std::ostream& out, const std::vector<CampaignCell>& cells);

}  // namespace rooftile::runner
