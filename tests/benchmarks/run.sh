#!/usr/bin/env bash
# Benchmarks, as ratios and rates printed in one run beside their goals. docs/benchmarks.md keeps results with date and machine.
#
#   tests/benchmarks/run.sh          all
#   tests/benchmarks/run.sh graph    the graph value: edits, filters, loading, kernels on pages, and Python beside its peers from PyPI
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake -DGLI_BENCHMARKS=ON build/release >build/bench.log 2>&1 && cmake --build build/release >>build/bench.log 2>&1 || { tail -n 20 build/bench.log >&2; exit 1; }
bin=build/release/tests
case ${1:-all} in
  graph) programs=(edit filter fold build pagerank) ;;
  *) programs=($(cd "$bin" && ls ./*_bench | sed 's|^\./||; s|_bench$||')) ;;
esac
for name in "${programs[@]}"; do
  [ -x "$bin/${name}_bench" ] || continue
  echo "== ${name}_bench"
  "$bin/${name}_bench"
done
echo "== graph_bench"
for peer in igraph networkx rustworkx networkit groggy; do # groggy builds itself with Rust, for minutes, the first time
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "$peer" || echo "$peer could not be installed" >&2
done
.venv/bin/python tests/benchmarks/graph_bench.py
[ "${1:-all}" = graph ] && exit
echo "== cluster_bench"
.venv/bin/python tests/benchmarks/cluster_bench.py --flat "$bin/pagerank_bench"
