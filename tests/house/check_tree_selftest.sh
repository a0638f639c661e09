#!/usr/bin/env bash
# Does check_tree.sh find what it is there to find? A small tree in order passes; each planted fault is named.
set -euo pipefail
check="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/check_tree.sh"
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
failures=0

in_order='model/include/rooftile/model/a.hpp model/src/a.cpp model/src/private.hpp sim/include/rooftile/sim/s.hpp
  analysis/src/store.cpp'
# shellcheck disable=SC2086
mkdir -p $(dirname $in_order) && touch $in_order
printf '#include <vector>\n#include "private.hpp"\n#include "rooftile/model/a.hpp"\n' >model/src/a.cpp
printf '#include <SQLiteCpp/Database.h>\n#include "rooftile/model/a.hpp"\n// std::cout is mentioned only\n' >analysis/src/store.cpp
"$check" "$tree" || { echo 'a tree in order was refused'; failures=1; }

# fault FILE TEXT EXPECTED: with TEXT in FILE the check fails and its output holds EXPECTED
fault() {
  mkdir -p "$(dirname "$1")"
  printf '%b' "$2" >"$1"
  local output
  if output=$("$check" "$tree") || [[ $output != *"$3"* ]]; then
    printf 'not found in %s: %s\n%s\n' "$1" "$3" "$output"
    failures=$((failures + 1))
  fi
  rm "$1"
  find . -mindepth 1 -type d -empty -delete
}

fault model/src/b.cpp '\n#include "rooftile/sim/s.hpp"\n' 'model/src/b.cpp:2: model may not include rooftile/sim/s.hpp  [layer]'
fault model/src/b.cpp '#include <fmt/core.h>\n' 'model may not include fmt/core.h'
fault model/yaml/src/y.cpp '#include "rooftile/analysis/store.hpp"\n' 'model_yaml may not include rooftile/analysis/store.hpp'
fault sim/src/s.cpp '#  include "rooftile/analysis/store.hpp"\n' 'sim may not include rooftile/analysis/store.hpp'
fault sim/src/s.cpp '#include "rooftile/kernels/k.hpp"\n' 'sim may not include rooftile/kernels/k.hpp'
fault kernels/host/k.cpp '#include "rooftile/sim/s.hpp"\n' 'kernels may not include rooftile/sim/s.hpp'
fault analysis/src/x.cpp '#include <rooftile/model_yaml/profile_reader.hpp>\n' 'analysis may not include rooftile/model_yaml/'
fault analysis/src/x.cpp '#include "missing_private.hpp"\n' 'analysis may not include missing_private.hpp'
fault analysis/include/rooftile/analysis/x.hpp '#include <nlohmann/json.hpp>\n' 'analysis/x.hpp:1: nlohmann/json.hpp belongs in a .cpp file  [header]'
fault experiments/cli/x.hpp '#include <CLI/CLI.hpp>\n' 'CLI/CLI.hpp belongs in a .cpp file'
fault model/src/b.cpp 'void f() { std::cerr << 1; }\n' 'model/src/b.cpp:1: a library is silent'
fault sim/src/s.cpp 'int f();\nvoid g() { std::exit(f()); }\n' 'sim/src/s.cpp:2: a library is silent'
fault analysis/src/x.cpp 'auto v = std::getenv("HOME");\n' 'analysis/src/x.cpp:1: a library is silent'
fault model/src/long.cpp "$(printf '\\n%.0s' {1..401})" 'model/src/long.cpp:401: 401 lines, at most 400'
fault notes.txt 'x\n' 'notes.txt:1: does not belong at the top level'

((failures == 0)) && echo 'every planted fault was found'
exit "$failures"
