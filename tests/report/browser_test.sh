#!/usr/bin/env bash
# The report page in the distribution's Chromium. Skips with one line where something is missing; downloads nothing.
#
#   tests/report/browser_test.sh [MODULES [PROGRAM]]     folder that prepare.sh filled (build/browser); the built rooftile,
#                                                        whose own reports are looked at, too
set -uo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
modules=${1:-$here/../../build/browser}
skip() { echo "skipped: $1"; exit 77; }

command -v node >/dev/null || skip 'no node here (tests/report/prepare.sh)'
chromium=${ROOFTILE_CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)} ||
  skip 'no Chromium here (tests/report/prepare.sh)'
[[ -d $modules/node_modules/playwright-core ]] || skip 'no playwright-core here (tests/report/prepare.sh)'

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
node "$here/page_test.mjs" "$(cd "$modules" && pwd)" "$chromium" "$scratch" ${2:+"$2"}
