#!/usr/bin/env bash
# Each fuzzer for SECONDS_EACH (default 60) seconds; stops at the first find and keeps its input in build/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v clang++ >/dev/null || { echo "fuzz: needs clang: apt-get install clang libclang-rt-14-dev" >&2; exit 1; }
cmake --preset fuzz >build/fuzz.log 2>&1 || { tail -n 20 build/fuzz.log >&2; exit 1; }
cmake --build --preset fuzz --target text_fuzz codec_fuzz >>build/fuzz.log 2>&1 || { grep -E 'error|FAILED' build/fuzz.log | head -n 30 >&2; exit 1; }
for name in text codec; do
  mkdir -p "build/fuzz/corpus-$name"
  echo "fuzz: $name, ${SECONDS_EACH:-60} s"
  "build/fuzz/tests/fuzz/${name}_fuzz" -max_total_time="${SECONDS_EACH:-60}" -artifact_prefix=build/fuzz/ -print_final_stats=1 "build/fuzz/corpus-$name" 2>&1 | tail -n 8
done
