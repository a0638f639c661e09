// Collects the logs that ptxas_log.sh left beside object files into one report.
//
//   ptxas_report "nvcc 13.0.88" report.csv flash2_fp16.cu.o flash2_bf16.cu.o ...
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include "cuda/ptxas_report.hpp"

int main(int count, char** arguments) try {
  using namespace rooftile::kernels::cuda;
  if (count < 4) throw std::runtime_error{"usage: ptxas_report COMPILER REPORT.csv OBJECT..."};
  const std::vector<CompiledKernel> kernels = compiled_kernels();
  std::vector<KernelUse> uses;
  for (int i = 3; i < count; ++i) {
    const std::string name = std::string{arguments[i]} + ".ptxas";
    std::ifstream log{name};
    if (!log) throw std::runtime_error{name + ": cannot be read"};
    read_ptxas_log(log, kernels, uses);
  }
  std::ofstream report{arguments[2]};
  write_report(report, arguments[1], kernels, uses);
  if (!report.flush()) throw std::runtime_error{std::string{arguments[2]} + ": cannot be written"};
  return 0;
} catch (const std::exception& error) {
  std::cerr << "ptxas_report: " << error.what() << '\n';
  return 1;
}
