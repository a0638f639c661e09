#!/usr/bin/env bash
# What of the report page needs no browser. Skips with one line where node is missing.
command -v node >/dev/null || { echo 'skipped: no node here (tests/report/prepare.sh)'; exit 77; }
exec node "$(dirname "${BASH_SOURCE[0]}")/functions_test.mjs"
