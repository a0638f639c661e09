#!/bin/bash
# Runs a compilation and keeps what ptxas says of it beside the object file, as OBJECT.ptxas; the rest is shown. CMake
# puts this in front of nvcc (and of ccache, which replays what the compiler said).
#
#   ptxas_log.sh [ccache] nvcc ... -Xptxas=-v -c flash2_fp16.cu -o flash2_fp16.cu.o
set -u
object=
previous=
for argument; do
  [[ $previous == -o ]] && object=$argument
  previous=$argument
done
[[ -n $object ]] || exec "$@"

said=$("$@" 2>&1)
status=$?
report='^ptxas info|bytes stack frame'
grep -E "$report" <<<"$said" >"$object.ptxas"
grep -vE "$report|^$" <<<"$said" >&2
exit $status
