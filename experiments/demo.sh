#!/usr/bin/env bash
# From a fresh checkout to predictions beside published measurements: installs what is missing, builds the program, fills
# build/demo/results.db, prints both tables, writes build/demo/report.html. Run it again at any time: what is done is not
# done again.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need_packages build
build_preset release rooftile # ends in the root

rooftile=build/release/experiments/rooftile
db=build/demo/results.db
mkdir -p "$(dirname "$db")"

# title TEXT
title() { printf '\n%s\n\n' "$*"; }

"$rooftile" db import experiments/reference --db "$db" >/dev/null

title '1. Does QKᵀ keep an A100 busy? FLOP per byte against the ridge (312 TFLOP/s / 1555 GB/s)'
"$rooftile" run experiments/qk_roofline_table.yaml --db "$db"

"$rooftile" run experiments/published.yaml --db "$db" >/dev/null
title '2. Predicted beside published times: the error of each predictor, as it is'
"$rooftile" compare --db "$db"

# standard attention beside flash by length: bytes, time and crossover for the report
"$rooftile" run experiments/standard_vs_flash.yaml --db "$db" >/dev/null

report=build/demo/report.html
"$rooftile" report --db "$db" -o "$report"

cat <<END

Everything above is in $db (SQLite; any SQLite tool reads it).
The same as charts: $report (one file; open it in a browser).

Next:
  rooftile=$rooftile
  \$rooftile explain -p a100_sxm4_80gb -k fa2 --batch 8 --heads 16 --seq 4096 --head-dim 128 --mask causal
  \$rooftile whatif -p h100_sxm5_80gb -k fa2 --heads 16 --seq 4096 --head-dim 128 --set memory.dram.bandwidth="5 TB/s"
  \$rooftile query --db $db "select kernel, head_dim, seq_q, mask, predictor, error_pct from v_compare order by abs(error_pct) desc limit 10"
END
