#!/usr/bin/env bash
# Benchmarks, as ratios and rates printed in one run beside their goals. docs/benchmarks.md keeps results with date and machine.
#
#   tests/benchmarks/run.sh          all
#   tests/benchmarks/run.sh graph    the graph value: edits, filters, loading, kernels on pages, and Python beside its peers from PyPI
#   tests/benchmarks/run.sh peers    every algorithm from Python beside its peers from PyPI
#   tests/benchmarks/run.sh versions the store: commits, branches, differences, merges, bytes on disk, and git and pickles beside it
set -euo pipefail
cd "$(dirname "$0")/../.."
beside_peers() {
  echo "== peers_bench"
  for peer in igraph rustworkx networkit; do
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$peer" || echo "$peer could not be installed" >&2
  done
  .venv/bin/python -W ignore tests/benchmarks/peers_bench.py
}
if [ "${1:-all}" = peers ]; then
  beside_peers
  exit
fi
cmake -DGLI_BENCHMARKS=ON build/release >build/bench.log 2>&1 && cmake --build build/release >>build/bench.log 2>&1 || { tail -n 20 build/bench.log >&2; exit 1; }
bin=build/release/tests
case ${1:-all} in
  graph) programs=(edit filter fold build pagerank) ;;
  versions) programs=(versions) ;;
  *) programs=($(cd "$bin" && ls ./*_bench | sed 's|^\./||; s|_bench$||')) ;;
esac
for name in "${programs[@]}"; do
  [ -x "$bin/${name}_bench" ] || continue
  echo "== ${name}_bench"
  "$bin/${name}_bench"
done
if [ "${1:-all}" != graph ]; then
  echo "== versions_bench, beside git and pickles"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check networkx || echo "networkx could not be installed" >&2
  .venv/bin/python tests/benchmarks/versions_bench.py
fi
[ "${1:-all}" = versions ] && exit
echo "== graph_bench"
for peer in igraph networkx rustworkx networkit groggy; do # groggy builds itself with Rust, for minutes, the first time
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "$peer" || echo "$peer could not be installed" >&2
done
.venv/bin/python tests/benchmarks/graph_bench.py
[ "${1:-all}" = graph ] && exit
beside_peers
echo "== programs_bench"
.venv/bin/python tests/benchmarks/programs_bench.py
echo "== partitioners_bench"
.venv/bin/python tests/benchmarks/partitioners_bench.py
echo "== tls_bench"
.venv/bin/python tests/benchmarks/tls_bench.py || echo "skipped: see above"
echo "== cluster_bench"
.venv/bin/python tests/benchmarks/cluster_bench.py --flat "$bin/pagerank_bench"
