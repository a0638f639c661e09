#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test that can run here.
#
#   tests/run.sh                everything
#   tests/run.sh -L unit        one layer (tests/README.md lists them); arguments go to ctest
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../experiments/setup.sh"

need_packages build tests
build_preset check
exec ctest --preset check --parallel "$(nproc)" "$@"
