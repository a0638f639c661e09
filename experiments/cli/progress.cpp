#include "cli/progress.hpp"

#include <ostream>

namespace rooftile::cli {
namespace {

constexpr std::size_t width = 30;
constexpr std::chrono::milliseconds between{100};

}  // namespace

ProgressBar::ProgressBar(std::ostream& err, bool is_terminal, std::string what, std::chrono::milliseconds patience)
    : err_{&err},
      is_terminal_{is_terminal},
      what_{std::move(what)},
      first_{std::chrono::steady_clock::now() + patience} {}

ProgressBar::~ProgressBar() {
  if (drawn_) *err_ << "\r\033[K" << std::flush;
}

void ProgressBar::show(std::size_t done, std::size_t total) {
  if (!is_terminal_ || total == 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < first_) return;
  if (drawn_ && done < total && now - last_ < between) return;
  drawn_ = true;
  last_ = now;
  const std::size_t filled = done * width / total;
  *err_ << "\r[" << std::string(filled, '=') << std::string(width - filled, ' ') << "] " << done << " of " << total
        << ' ' << what_ << "\033[K" << std::flush;
}

}  // namespace rooftile::cli
