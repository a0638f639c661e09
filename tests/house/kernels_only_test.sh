#!/usr/bin/env bash
# The measuring program builds with a C++ compiler and nvcc alone: its sources include nothing else, and the project
# configures with every other package forbidden. Without nvcc the second half is skipped (77).
#
#   tests/house/kernels_only_test.sh ROOT CMAKE
set -uo pipefail
root=$(cd "$1" && pwd)
cmake=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What the device half is made of; host/ and the Google Benchmark front end are left out of such a build.
sources() {
  find "$root"/kernels/{measure,text,cuda,isa,include} "$root"/kernels/host/{gradients,reference}.cpp \
    "$root"/model/{include/rooftile/model/{registers,rounding,sectored_cache,split_parts,tile_table}.hpp,src/sectored_cache.cpp} \
    -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) \
    -not -path '*/measure/benchmark/*' -not -name 'ptxas_report*' | sort
}

system='dlfcn.h unistd.h'  # POSIX
toolkit='^(cuda|cublas|cudnn|cupti|library_types|generated_cuda|nvperf)[A-Za-z0-9_]*\.h$'

foreign=$(
  sources | xargs grep -HnE '^ *# *include' | sed -nE 's/^([^:]*:[0-9]+):[^<"]*[<"]([^>"]+)[>"].*/\1 \2/p' |
    while read -r place path; do
      [[ $path != *[./]* ]] && continue  # the standard library
      [[ " $system " == *" $path "* || $path =~ $toolkit ]] && continue
      for from in "$root/kernels" "$root/kernels/include" "$root/model/include" "$(dirname "${place%%:*}")"; do
        [[ -e $from/$path ]] && continue 2
      done
      echo "${place#"$root"/}: includes $path"
    done
)
if [[ -n $foreign ]]; then
  echo "$foreign"
  exit 1
fi

if ! command -v nvcc >/dev/null && [[ ! -x ${CUDACXX:-/usr/local/cuda/bin/nvcc} ]]; then
  echo 'no CUDA compiler: the build is not configured'
  exit 77
fi

forbidden=()
for package in Boost tl-expected yaml-cpp fmt nlohmann_json SQLiteCpp CLI11 GTest rapidcheck benchmark; do
  forbidden+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON")
done
if ! "$cmake" -S "$root" -B "$work" -G Ninja -DROOFTILE_KERNELS_ONLY=ON "${forbidden[@]}" >"$work.log" 2>&1 ||
  ! grep -q 'verifies against float64 alone' "$work.log" ||
  ! "$cmake" --build "$work" --target help | grep -q 'rooftile-measure'; then
  cat "$work.log"
  rm -f "$work.log"
  exit 1
fi
rm -f "$work.log"
echo 'rooftile-measure needs a C++ compiler and nvcc'
