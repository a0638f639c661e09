// A progress bar on standard error, drawn only on a terminal and at most ten times a second.
//
//   [=============>                ]  4,310 of 9,000 cells
#pragma once

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <string>

namespace rooftile::cli {

class ProgressBar {
 public:
  /// `what` is counted: "cells". Draws nothing unless `is_terminal`.
  ProgressBar(std::ostream& err, bool is_terminal, std::string what);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  /// Wipes the bar.
  ~ProgressBar();

  void show(std::size_t done, std::size_t total);

 private:
  std::ostream* err_;
  bool is_terminal_;
  std::string what_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace rooftile::cli
