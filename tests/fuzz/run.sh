#!/usr/bin/env bash
# tests/fuzz/run.sh [SECONDS]: each fuzzer for SECONDS (default 60), two at a time, from the corpus in tests/fuzz/corpus, which stays as it
# is; what is new goes to build/fuzz/corpus-NAME. A find keeps its input as build/fuzz/NAME-crash-… . Those of C++ are *_fuzz.cpp, those of
# Python's readers readers_fuzz.py, of the package installed in .venv. Skipped, with a word on why, where clang, its fuzzer runtime or atheris
# is missing, unless GLI_FUZZ_REQUIRED is set. GLI_FUZZ_SEED=N makes runs alike (default: each its own).
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
skip() {
  echo "fuzz: skipped: $1" >&2
  [ -z "${GLI_FUZZ_REQUIRED:-}" ] || exit 1
  exit 0
}
command -v clang++ >/dev/null || skip "clang++ is not installed: apt-get install clang libclang-rt-dev"
.venv/bin/python -c 'import atheris, gli' 2>/dev/null || skip "atheris is not installed in .venv: deploy/bootstrap.sh ci"
mkdir -p build/fuzz
printf 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n' >build/fuzz/probe.cpp
clang++ -fsanitize=fuzzer build/fuzz/probe.cpp -o build/fuzz/probe 2>build/fuzz/probe.log || skip "clang's fuzzer runtime is not installed: apt-get install libclang-rt-dev"
names=$(cd tests/fuzz && ls ./*_fuzz.cpp | sed 's|^\./||; s|_fuzz\.cpp$||')
readers=$(.venv/bin/python tests/fuzz/readers_fuzz.py --list)
cmake --preset fuzz >build/fuzz.log 2>&1 || { tail -n 20 build/fuzz.log >&2; exit 1; }
cmake --build --preset fuzz --target $(printf '%s_fuzz ' $names) >>build/fuzz.log 2>&1 || { grep -E 'error|FAILED' build/fuzz.log | head -n 30 >&2; exit 1; }

run() { # NAME COMMAND…
  local name=$1 log=build/fuzz/$1.log
  shift
  mkdir -p "build/fuzz/corpus-$name" "tests/fuzz/corpus/$name"
  if "$@" -seed="${GLI_FUZZ_SEED:-0}" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -artifact_prefix="build/fuzz/$name-" -print_final_stats=1 \
    "build/fuzz/corpus-$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
    echo "fuzz: $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s"
  else
    { echo "fuzz: $name: a find"; tail -n 40 "$log"; } >&2
    return 1
  fi
}
export -f run
export seconds
{
  for name in $names; do echo "run $name build/fuzz/tests/fuzz/${name}_fuzz"; done
  for name in $readers; do echo "run $name .venv/bin/python tests/fuzz/readers_fuzz.py $name -max_len=4096"; done
} | xargs -P 2 -I{} bash -c '{}'
