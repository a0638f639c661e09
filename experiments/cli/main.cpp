// The rooftile program: hands the process's surroundings to rooftile::cli::run.
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/command.hpp"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  rooftile::cli::Surroundings surroundings;
  surroundings.out_is_terminal = ::isatty(STDOUT_FILENO) != 0;
  surroundings.err_is_terminal = ::isatty(STDERR_FILENO) != 0;
  const char* no_color = std::getenv("NO_COLOR");
  surroundings.no_color = no_color != nullptr && *no_color != '\0';
  if (const char* directory = std::getenv("ROOFTILE_DATA_DIR"); directory != nullptr && *directory != '\0') {
    surroundings.data_directory = directory;
  }
  return rooftile::cli::run({argv + 1, argv + argc}, std::cout, std::cerr, surroundings);
}
