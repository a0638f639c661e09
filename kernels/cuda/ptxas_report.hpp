// What ptxas says of every compiled kernel, and whether the tile table says the same.
//
//   launch,key,variant,arch,registers,stack_bytes,spill_store_bytes,spill_load_bytes,static_smem_bytes
//   flash2,128,ForwardKernel<fp16 128>,sm_80,255,0,0,0,0
//
// A build with nvcc makes the report from the logs beside the object files (ptxas_log.sh); kernels/ptxas_report.csv is
// the committed one, against which the tile table is checked everywhere. Plain C++: no CUDA is needed to read either.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace rooftile::kernels::cuda {

/// A kernel of the registry's texts for one element type.
struct CompiledKernel {
  std::string type;     ///< "rooftile::kernels::flash2::ForwardKernel<rooftile::kernels::fp16, 128>"
  std::string launch;   ///< of its row in the tile table
  int key;              ///< of own_tile(): head_dim or columns
  std::string variant;  ///< "ForwardKernel<fp16 128>"
  bool sm90a_only;
};

/// Every kernel that a build for the GPU contains, in the order of the registry.
[[nodiscard]] std::vector<CompiledKernel> compiled_kernels();

/// What one kernel takes on one architecture.
struct KernelUse {
  std::string launch;
  int key = 0;
  std::string variant;
  std::string arch;  ///< "sm_80"
  int registers = 0;
  int stack_bytes = 0;
  int spill_store_bytes = 0;
  int spill_load_bytes = 0;
  int static_smem_bytes = 0;
  friend bool operator==(const KernelUse&, const KernelUse&) = default;
};

/// What `nvcc -Xptxas=-v` printed, appended to `uses`. Throws std::runtime_error for a kernel that is not in `kernels`.
void read_ptxas_log(std::istream& log, const std::vector<CompiledKernel>& kernels, std::vector<KernelUse>& uses);

/// The report; `compiler` ("nvcc 13.0.88") stands in a comment before the header. Rows in the order of `kernels`.
void write_report(std::ostream& out, const std::string& compiler, const std::vector<CompiledKernel>& kernels,
                  std::vector<KernelUse> uses);

/// The rows of a report. Throws std::runtime_error, naming the line, where a line is not one.
[[nodiscard]] std::vector<KernelUse> read_report(std::istream& csv);

/// Where the report, the kernels and the tile table disagree, one sentence each: a kernel without a row on sm_80 or
/// sm_90a, a row that is no kernel's, a tile without kernels, registers that are not the most of its kernels, spills,
/// a stack, static shared memory. Empty: all is well.
[[nodiscard]] std::vector<std::string> disagreements(const std::vector<KernelUse>& uses);

}  // namespace rooftile::kernels::cuda
