#!/usr/bin/env bash
# All benchmarks, as ratios and rates printed in one run. docs/benchmarks.md keeps results with date and machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake -DGLI_BENCHMARKS=ON build/release >build/bench.log 2>&1 && cmake --build build/release >>build/bench.log 2>&1 || { tail -n 20 build/bench.log >&2; exit 1; }
bin=build/release/tests
for program in "$bin"/*_bench; do
  echo "== $(basename "$program")"
  "$program"
done
echo "== cluster_bench"
.venv/bin/python tests/benchmarks/cluster_bench.py --flat "$bin/pagerank_bench"
