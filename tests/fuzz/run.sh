#!/usr/bin/env bash
# tests/fuzz/run.sh [SECONDS]: each fuzzer for SECONDS (default 60) from the corpus in tests/fuzz/corpus, which stays as it is; what is new
# goes to build/fuzz/corpus-NAME. Stops at the first find and keeps its input as build/fuzz/NAME-crash-… . Skipped, with a word on why, where
# clang or its fuzzer runtime is missing, unless GLI_FUZZ_REQUIRED is set.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
skip() {
  echo "fuzz: skipped: $1: apt-get install clang libclang-rt-14-dev" >&2
  [ -z "${GLI_FUZZ_REQUIRED:-}" ] || exit 1
  exit 0
}
command -v clang++ >/dev/null || skip "clang++ is not installed"
mkdir -p build/fuzz
printf 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n' >build/fuzz/probe.cpp
clang++ -fsanitize=fuzzer build/fuzz/probe.cpp -o build/fuzz/probe 2>build/fuzz/probe.log || skip "clang's fuzzer runtime is not installed"
names=$(cd tests/fuzz && ls ./*_fuzz.cpp | sed 's|^\./||; s|_fuzz\.cpp$||')
cmake --preset fuzz >build/fuzz.log 2>&1 || { tail -n 20 build/fuzz.log >&2; exit 1; }
cmake --build --preset fuzz --target $(printf '%s_fuzz ' $names) >>build/fuzz.log 2>&1 || { grep -E 'error|FAILED' build/fuzz.log | head -n 30 >&2; exit 1; }
for name in $names; do
  mkdir -p "build/fuzz/corpus-$name" "tests/fuzz/corpus/$name"
  echo "fuzz: $name, $seconds s"
  "build/fuzz/tests/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -artifact_prefix="build/fuzz/$name-" \
    -print_final_stats=1 "build/fuzz/corpus-$name" "tests/fuzz/corpus/$name" >"build/fuzz/$name.log" 2>&1 ||
    { tail -n 40 "build/fuzz/$name.log" >&2; exit 1; }
  grep -E 'number_of_executed_units|new_units_added' "build/fuzz/$name.log"
done
