#!/usr/bin/env bash
# The C++ tests under ASan+UBSan, and the concurrent parts under TSan (oneTBB's library is not instrumented: kernels are left out there, and the
# log's threads fold without helpers).
set -euo pipefail
cd "$(dirname "$0")/.."
run() { # preset, targets, ctest filter
  cmake --preset "$1" >"build/$1.log" 2>&1 || { tail -n 20 "build/$1.log" >&2; exit 1; }
  cmake --build --preset "$1" --target $2 >>"build/$1.log" 2>&1 || { grep -E 'error|FAILED' "build/$1.log" | head -n 30 >&2; exit 1; }
  echo "sanitizers: $1"
  (cd "build/$1" && ctest --output-on-failure -j2 -R "$3" | tail -n 12)
}
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp"
run dev "test_runtime test_storage test_durability test_partitions test_coordinator test_glid" .
run tsan "test_runtime test_storage test_versions" 'exchange|dictionary|door|content_pool|graph_store|version'
