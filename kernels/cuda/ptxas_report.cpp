#include "cuda/ptxas_report.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <istream>
#include <memory>
#include <ostream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <typeinfo>

#include "rooftile/model/tile_table.hpp"
#include "text/flash1.hpp"
#include "text/flash2.hpp"
#include "text/flash2_backward.hpp"
#include "text/flash3.hpp"
#include "text/split_kv.hpp"
#include "text/standard.hpp"

namespace rooftile::kernels::cuda {
namespace {

constexpr std::string_view header =
    "launch,key,variant,arch,registers,stack_bytes,spill_store_bytes,spill_load_bytes,static_smem_bytes";

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text{abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status),
                                                    std::free};
  return status == 0 ? text.get() : name;
}

int key_of(const OwnTile& tile) { return tile.head_dim == 0 ? tile.bc : tile.head_dim; }

/// "rooftile::kernels::flash2::ForwardKernel<rooftile::kernels::fp16, 128>" -> "ForwardKernel<fp16 128>".
std::string readable(const std::string& type) {
  return std::regex_replace(std::regex_replace(type, std::regex{"[a-z0-9_]+::"}, ""), std::regex{","}, "");
}

template <class... Kernel>
void add(std::vector<CompiledKernel>& all, Kernels<Kernel...>) {
  const auto add_one = [&all](const std::string& type, const OwnTile& tile, bool needs_sm90a) {
    const auto same = [&type](const CompiledKernel& kernel) { return kernel.type == type; };
    if (std::any_of(all.begin(), all.end(), same)) return;  // texts with several lines in the registry
    all.push_back({type, std::string{tile.launch}, key_of(tile), readable(type), needs_sm90a});
  };
  (add_one(demangled(typeid(Kernel).name()), Kernel::tile, sm90a_only<Kernel>), ...);
}

/// The kernel that an entry function of the object file is: void ...cuda::kernel<TYPE>(TYPE::Params).
const CompiledKernel& kernel_of(const std::string& entry, const std::vector<CompiledKernel>& kernels) {
  const std::string text = demangled(entry);
  for (const CompiledKernel& kernel : kernels) {
    const std::size_t at = text.find("kernel<" + kernel.type);
    if (at == std::string::npos) continue;
    const char next = text[at + 7 + kernel.type.size()];
    if (next == '>' || next == ' ') return kernel;
  }
  throw std::runtime_error{"ptxas reports " + text + ", which no text of the registry lists in its Instances"};
}

int number_before(const std::string& line, const char* what) {
  std::smatch match;
  return std::regex_search(line, match, std::regex{std::string{"([0-9]+) "} + what}) ? std::stoi(match[1]) : 0;
}

std::string name_of(const KernelUse& use) {
  return use.launch + " " + std::to_string(use.key) + ", " + use.variant + " on " + use.arch;
}

void check_kernel(const CompiledKernel& kernel, const std::vector<KernelUse>& uses, std::vector<std::string>& found) {
  for (const char* arch : {"sm_80", "sm_90a"}) {
    const auto same = [&](const KernelUse& use) {
      return use.launch == kernel.launch && use.variant == kernel.variant && use.arch == arch;
    };
    const auto rows = std::count_if(uses.begin(), uses.end(), same);
    const int wanted = kernel.sm90a_only && arch == std::string_view{"sm_80"} ? 0 : 1;
    if (rows == wanted) continue;
    found.push_back(kernel.variant + " on " + arch + " has " + std::to_string(rows) + " rows, not " +
                    (wanted == 1 ? "one" : "none"));
  }
}

void check_use(const KernelUse& use, const std::vector<CompiledKernel>& kernels, std::vector<std::string>& found) {
  const auto same = [&use](const CompiledKernel& kernel) {
    return kernel.variant == use.variant && kernel.launch == use.launch && kernel.key == use.key;
  };
  if (std::none_of(kernels.begin(), kernels.end(), same)) found.push_back(name_of(use) + " is no kernel of the texts");
  if (use.spill_store_bytes != 0 || use.spill_load_bytes != 0) found.push_back(name_of(use) + " spills registers");
  if (use.stack_bytes != 0) found.push_back(name_of(use) + " has a stack");
  if (use.static_smem_bytes != 0) found.push_back(name_of(use) + " has static shared memory beside the table's");
}

void check_tile(const OwnTile& tile, const char* arch, int declared, const std::vector<KernelUse>& uses,
                std::vector<std::string>& found) {
  const std::string name = std::string{tile.launch} + " " + std::to_string(key_of(tile)) + " on " + arch;
  int most = 0;
  for (const KernelUse& use : uses) {
    if (use.launch == tile.launch && use.key == key_of(tile) && use.arch == arch) most = std::max(most, use.registers);
  }
  if (most == declared) return;
  found.push_back(name + (most == 0 ? " has no kernel"
                                    : " takes " + std::to_string(most) + " registers, the tile table says " +
                                          std::to_string(declared)));
}

/// True for a row of the tile table whose kernel has a text: other rows are shapes for the model alone so far.
bool has_text(const OwnTile& tile) {
  constexpr std::string_view names[] = {
#define ROOFTILE_ENTRY(name, family, text) #name,
#include "text/registry.inc"
#undef ROOFTILE_ENTRY
  };
  return std::find(std::begin(names), std::end(names), tile.kernel) != std::end(names);
}

bool needs_sm90a(const OwnTile& tile, const std::vector<CompiledKernel>& kernels) {
  return std::any_of(kernels.begin(), kernels.end(), [&tile](const CompiledKernel& kernel) {
    return kernel.sm90a_only && kernel.launch == tile.launch && kernel.key == key_of(tile);
  });
}

}  // namespace

std::vector<CompiledKernel> compiled_kernels() {
  std::vector<CompiledKernel> all;
#define ROOFTILE_ENTRY(name, family, text) add(all, text::Instances<fp16>{}), add(all, text::Instances<bf16>{});
#include "text/registry.inc"
#undef ROOFTILE_ENTRY
  return all;
}

void read_ptxas_log(std::istream& log, const std::vector<CompiledKernel>& kernels, std::vector<KernelUse>& uses) {
  const std::regex entry{"Compiling entry function '([^']+)' for '([^']+)'"};
  std::smatch match;
  for (std::string line; std::getline(log, line);) {
    if (std::regex_search(line, match, entry)) {
      const CompiledKernel& kernel = kernel_of(match[1], kernels);
      uses.push_back({kernel.launch, kernel.key, kernel.variant, match[2]});
    } else if (!uses.empty() && line.find("bytes stack frame") != std::string::npos) {
      uses.back().stack_bytes = number_before(line, "bytes stack frame");
      uses.back().spill_store_bytes = number_before(line, "bytes spill stores");
      uses.back().spill_load_bytes = number_before(line, "bytes spill loads");
    } else if (!uses.empty() && line.find(" registers") != std::string::npos) {
      uses.back().registers = number_before(line, "registers");
      uses.back().static_smem_bytes = number_before(line, "bytes smem");
    }
  }
}

void write_report(std::ostream& out, const std::string& compiler, const std::vector<CompiledKernel>& kernels,
                  std::vector<KernelUse> uses) {
  const auto place = [&kernels](const KernelUse& use) {
    return std::find_if(kernels.begin(), kernels.end(), [&](const auto& kernel) {
      return kernel.launch == use.launch && kernel.variant == use.variant;
    });
  };
  std::stable_sort(uses.begin(), uses.end(), [&](const KernelUse& a, const KernelUse& b) {
    return place(a) != place(b) ? place(a) < place(b) : a.arch < b.arch;
  });
  out << "# " << compiler << '\n' << header << '\n';
  for (const KernelUse& use : uses) {
    out << use.launch << ',' << use.key << ',' << use.variant << ',' << use.arch << ',' << use.registers << ','
        << use.stack_bytes << ',' << use.spill_store_bytes << ',' << use.spill_load_bytes << ','
        << use.static_smem_bytes << '\n';
  }
}

std::vector<KernelUse> read_report(std::istream& csv) {
  const std::regex row{"([a-z0-9_]+),(\\d+),([^,]+),(sm_[0-9a-z]+),(\\d+),(\\d+),(\\d+),(\\d+),(\\d+)"};
  std::vector<KernelUse> uses;
  std::smatch match;
  int number = 0;
  for (std::string line; std::getline(csv, line);) {
    ++number;
    if (line.starts_with('#') || line == header) continue;
    if (!std::regex_match(line, match, row))
      throw std::runtime_error{"line " + std::to_string(number) + " of the ptxas report is not a row: " + line};
    const auto value = [&match](std::size_t i) { return std::stoi(match[i]); };
    uses.push_back({match[1], value(2), match[3], match[4], value(5), value(6), value(7), value(8), value(9)});
  }
  return uses;
}

std::vector<std::string> disagreements(const std::vector<KernelUse>& uses) {
  const std::vector<CompiledKernel> kernels = compiled_kernels();
  std::vector<std::string> found;
  for (const CompiledKernel& kernel : kernels) check_kernel(kernel, uses, found);
  for (const KernelUse& use : uses) check_use(use, kernels, found);
  for (const OwnTile& tile : own_tiles) {
    if (!has_text(tile)) continue;
    if (!needs_sm90a(tile, kernels)) check_tile(tile, "sm_80", tile.registers_sm80, uses, found);
    check_tile(tile, "sm_90a", tile.registers_sm90, uses, found);
  }
  return found;
}

}  // namespace rooftile::kernels::cuda
