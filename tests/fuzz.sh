#!/usr/bin/env bash
# Each fuzzer for SECONDS_EACH (default 60) seconds; clang is needed.
GLI_FUZZ_REQUIRED=1 exec "$(dirname "$0")/fuzz/run.sh" "${SECONDS_EACH:-60}"
