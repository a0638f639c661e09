# shellcheck shell=bash
# What demo.sh, ../tests/run.sh and ../.ci/run need before they can start. Sourced by them, not run:
#
#   need_packages build tests          installs what is missing of these groups; says how to where it may not
#   build_preset release rooftile      configures and builds; one line when it works, the log's end when it does not
#
# Progress goes to stderr and logs to build/log/, so that stdout holds results alone.

rooftile_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
log_folder="$rooftile_root/build/log"

# The one list of what rooftile needs: group, Debian package, least version, what for.
packages='
build   g++                 12      C++20 compiler
build   cmake               3.25    build system with presets
build   ninja-build         1.10    runs the compilers
build   libcli11-dev        2.1     command line
build   nlohmann-json3-dev  3.11    JSON output
build   libyaml-cpp-dev     0.7     profiles, kernel specs, experiments
build   libsqlite3-dev      3.37    the database (STRICT tables)
build   libsqlitecpp-dev    3.2     SQLite from C++
build   libexpected-dev     1.0     tl::expected
build   libboost-dev        1.74    headers only: UUIDs, statistics
build   libnlopt-cxx-dev    2.7     fitting constants to measurements
build   libboost-context-dev 1.74   fibers: kernels run on the CPU
tests   libgtest-dev        1.12    GoogleTest
tests   librapidcheck-dev   any     property tests
tests   libbenchmark-dev    1.7     rooftile_bench
tests   clang-14            14      fuzz targets of the readers
tests   libclang-rt-14-dev  14      libFuzzer, AddressSanitizer
style   clang-format-14     14      formatting check
style   clang-tidy-14       14      static checks
style   ccache              any     repeated builds
pictures gnuplot-nox        5.4     timelines of draw_timeline.sh
pictures jq                 1.6     reads them
browser nodejs              18      drives the browser that the report is tested in
browser npm                 9       fetches playwright-core
browser chromium            any     draws the report
'

say() { printf 'rooftile: %s\n' "$*" >&2; }

# list_requirements GROUP...  "  cmake >= 3.25  (build system with presets)" for each package of the groups
list_requirements() {
  local group package version why
  while read -r group package version why; do
    [[ -n $group && " $* " == *" $group "* ]] || continue
    [[ $version == any ]] && version='' || version=" >= $version"
    printf '  %-32s %s\n' "$package$version" "$why"
  done <<<"$packages"
}

# missing_packages GROUP...  one name per line. A package that another one provides (npm, in some builds of nodejs) is there
missing_packages() {
  local group package rest installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}, ${Provides}\n' 2>/dev/null |
    sed -n 's/^installed //p' | tr ',' '\n' | awk 'NF { print "installed", $1 }')
  while read -r group package rest; do
    [[ -n $group && " $* " == *" $group "* ]] || continue
    grep -qxF "installed $package" <<<"$installed" || echo "$package"
  done <<<"$packages"
}

# need_packages GROUP...  returns only when all packages of the groups are there (or the user vouches for them)
need_packages() {
  [[ -z ${ROOFTILE_SKIP_PACKAGES:-} ]] || return 0
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say 'no apt here: install these (Debian names) your own way, then run again with ROOFTILE_SKIP_PACKAGES=1'
    list_requirements "$@" >&2
    exit 1
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0

  local install=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300
    --no-install-recommends install "${missing[@]}")
  local as_root=()
  if ((EUID != 0)); then
    as_root=(sudo -n)
    if ! sudo -n true 2>/dev/null; then
      say "packages are missing and installing them needs root; run this once, then run again:"
      echo "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 1
    fi
  fi
  say "installing ${missing[*]}"
  local log="$log_folder/packages.log" started=$SECONDS
  mkdir -p "$log_folder"
  # The package lists may be absent or out of date: fetch them only if the install fails without.
  if ! "${as_root[@]}" "${install[@]}" </dev/null >"$log" 2>&1; then
    if ! { "${as_root[@]}" apt-get -qq update && "${as_root[@]}" "${install[@]}"; } </dev/null >>"$log" 2>&1; then
      tail -n 15 "$log" >&2
      say "apt-get could not install them (whole log: $log); needed are"
      list_requirements "$@" >&2
      exit 1
    fi
  fi
  say "packages installed in $((SECONDS - started)) s"
}

# run_logged LOG COMMAND...  runs quietly; on failure shows the log's end and exits
run_logged() {
  local log="$log_folder/$1"
  shift
  mkdir -p "$log_folder"
  if ! "$@" </dev/null >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    say "failed: $* (whole log: $log)"
    exit 1
  fi
}

# build_preset PRESET [TARGET...]  no target: everything
build_preset() {
  local preset=$1 started=$SECONDS
  shift
  local targets=()
  (($#)) && targets=(--target "$@")
  cd "$rooftile_root" || exit 1
  run_logged "configure-$preset.log" cmake --preset "$preset"
  if [[ ! -e build/$preset/.ninja_log ]]; then say "building (preset $preset, $(nproc) cores; log: build/log/)"; fi
  run_logged "build-$preset.log" cmake --build --preset "$preset" "${targets[@]}"
  ((SECONDS - started < 5)) || say "built in $((SECONDS - started)) s"
}
