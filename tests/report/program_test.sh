#!/usr/bin/env bash
# What `rooftile report` writes, read without a browser. Skips with one line where node is missing.
#
#   tests/report/program_test.sh PROGRAM     the built rooftile
set -uo pipefail
command -v node >/dev/null || { echo 'skipped: no node here (tests/report/prepare.sh)'; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
node "$(dirname "${BASH_SOURCE[0]}")/program_test.mjs" "$1" "$scratch"
