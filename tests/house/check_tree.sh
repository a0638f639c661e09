#!/usr/bin/env bash
# Do the files keep to the plan of the house? Prints each violation as "file:line: what is wrong  [rule]"; exit 1 if any.
#
#   tests/house/check_tree.sh [ROOT]
#
#   layer      who may include whom: model <- sim, kernels, analysis <- experiments, and which libraries each may use
#   header     public headers and the program's headers include no heavy library
#   silence    a library never prints, never exits, reads no environment
#   size       no source file is longer than 400 lines, but for those of others (vendor/)
#   top level  nothing stands beside the module folders but what convention puts there
set -uo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}" || exit 1

# module | folders | includes it may use beside the standard library and its own private headers
# (measuring: the program that builds with nvcc alone; no library but CUDA's and the system's)
modules='
model       | model/include model/src | rooftile/model/ tl/
model_yaml  | model/yaml              | rooftile/model/ rooftile/model_yaml/ tl/ boost/ yaml-cpp/
sim         | sim                     | rooftile/model/ rooftile/sim/ tl/ boost/
kernels     | kernels/include         | rooftile/model/ rooftile/kernels/
kernels     | kernels/isa kernels/text kernels/host | rooftile/model/ rooftile/kernels/ boost/ immintrin.h sanitizer/ isa/ text/ host/
measuring   | kernels/cuda kernels/measure | rooftile/model/tile_table.hpp rooftile/kernels/ isa/ text/ host/ cuda/ measure/ cuda cublas cudnn cupti cxxabi.h dlfcn.h fcntl.h sys/ unistd.h
analysis    | analysis                | rooftile/model/ rooftile/analysis/ tl/ boost/ fmt/ nlohmann/ nlopt.hpp SQLiteCpp/ sqlite3.h
'
heavy='CLI/ nlohmann/ yaml-cpp/ SQLiteCpp/ sqlite3.h fmt/'
top_level='.ci .clang-format .clang-tidy .gitignore CMakeLists.txt CMakePresets.json CONTRIBUTING.md LICENSE README.md
  analysis experiments hw_profiles kernels model sim tests'

# sources FOLDER...
sources() { find "$@" \( -name '*.hpp' -o -name '*.cpp' \) -type f 2>/dev/null | sort; }

# includes: of the files on stdin, "file line path" for every include but those of the standard library
includes() {
  xargs -r grep -HnE '^ *# *include' |
    sed -nE 's/^([^:]*):([0-9]+):[^<"]*[<"]([^>"]*[./][^>"]*)[>"].*/\1 \2 \3/p'
}

# starts_with TEXT PREFIX...
starts_with() {
  local text=$1 prefix
  shift
  for prefix; do [[ $text == "$prefix"* ]] && return 0; done
  return 1
}

check_layers() {
  local module folders allowed file line path
  while IFS='|' read -r module folders allowed; do
    [[ -n $folders ]] || continue
    while read -r file line path; do
      # shellcheck disable=SC2086  # lists of words
      starts_with "$path" $allowed && continue
      [[ -e $(dirname "$file")/$path || -e ${file%%/src/*}/src/$path ]] && continue
      echo "$file:$line: ${module// /} may not include $path  [layer]"
    done < <(sources $folders | grep -v '^kernels/measure/benchmark/' | includes)
  done <<<"$modules"
}

check_headers() {
  local file line path
  while read -r file line path; do
    # shellcheck disable=SC2086
    starts_with "$path" $heavy && echo "$file:$line: $path belongs in a .cpp file  [header]"
  done < <(sources model sim kernels analysis experiments | grep -E '(/include/|^experiments/).*\.hpp$' | includes)
}

check_silence() {
  local file
  while read -r file; do
    sed -E 's|//.*||' "$file" |
      grep -nE 'std::(cout|cerr|clog)|fmt::print|\b(printf|fprintf|puts|fputs|perror|exit|abort|getenv)\(' |
      sed -E "s|^([0-9]+):(.*)|$file:\1: a library is silent and reads no environment  [silence]|"
  done < <(sources model sim kernels analysis | grep -vE '^kernels/(measure/|cuda/.*_main\.cpp)') # programs may speak
}

check_size() {
  find . \( -path ./build -o -path ./.git -o -name vendor \) -prune -o -type f \
    \( -name '*.hpp' -o -name '*.cpp' -o -name '*.sh' -o -name '*.cmake' -o -name CMakeLists.txt -o -name '*.css' -o -name '*.html' \
    -o -name '*.js' -o -name '*.mjs' \) -print |
    sort | xargs -r wc -l | awk '$2 != "total" && $1 > 400 { print $2 ":401: " $1 " lines, at most 400  [size]" }'
}

# What git would keep, or everything where there is no repository.
entries() {
  if [[ $(git rev-parse --show-toplevel 2>/dev/null) == "$PWD" ]]; then
    git ls-files --cached --others --exclude-standard | cut -d/ -f1 | sort -u
  else
    ls -A | grep -vxE '\.git|build'
  fi
}

check_top_level() {
  local entry
  while read -r entry; do
    [[ " ${top_level//$'\n'/ } " == *" $entry "* ]] || echo "$entry:1: does not belong at the top level  [top level]"
  done < <(entries)
}

violations=$(check_layers; check_headers; check_silence; check_size; check_top_level)
if [[ -n $violations ]]; then
  printf '%s\n' "$violations"
  exit 1
fi
echo 'the tree is in order'
