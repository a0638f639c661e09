#!/usr/bin/env bash
# Installs what the browser test needs: node, npm and Chromium from the distribution, playwright-core from npm into
# build/browser. Called by people and by gates, never by the build.
#
#   tests/report/prepare.sh [FOLDER]     FOLDER instead of build/browser
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../experiments/setup.sh"
here="$rooftile_root/tests/report" folder=${1:-$rooftile_root/build/browser}

for tool in node npm chromium; do
  command -v "$tool" >/dev/null || { need_packages browser; break; }
done
if ! cmp -s "$here/package-lock.json" "$folder/package-lock.json" || [[ ! -d $folder/node_modules/playwright-core ]]; then
  mkdir -p "$folder"
  cp "$here/package.json" "$here/package-lock.json" "$folder/"
  (cd "$folder" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 run_logged npm.log npm ci --no-audit --no-fund)
fi
say "the browser test is ready: ctest -L browser, or $here/browser_test.sh"
