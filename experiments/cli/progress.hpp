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
  /// `what` is counted: "cells". Draws nothing unless `is_terminal`, and not before `patience` is over.
  ProgressBar(std::ostream& err, bool is_terminal, std::string what, std::chrono::milliseconds patience = {});
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
  std::chrono::steady_clock::time_point first_;  ///< when it may be drawn
};

}  // namespace rooftile::cli
