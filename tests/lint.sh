#!/usr/bin/env bash
# Includes follow the arrows between the rooms, generated and foreign headers stay where they belong, Python passes ruff.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
against() { # room, pattern of what it may not include, [exception]
  if git grep -nE "#include [\"<]($2)" -- "$1/*.h" "$1/*.cpp" | grep -vE "${3:-^$}"; then
    echo "lint: $1 must not include $2" >&2
    status=1
  fi
}
against runtime '(storage|partitions|coordinator|python|deploy)/'
against storage '(partitions|coordinator|python|deploy)/'
against partitions '(coordinator|python|deploy)/'
against coordinator '(partitions|python|deploy)/'
against runtime 'caf/' '^runtime/control'
against storage '(caf/|lmdb.h)' '^storage/lmdb_'
against partitions '(caf/|lmdb.h)' '^partitions/partition_actor'
against python '(caf/|lmdb.h)'
against storage '.*capnp'
against partitions '.*capnp'
against coordinator '.*capnp'
if git grep -nE 'using namespace' -- '*.h'; then echo "lint: no using namespace in headers" >&2; status=1; fi
if git grep -nE '(std::abort|[^_]exit\()' -- runtime storage partitions coordinator ':!*.capnp'; then echo "lint: library code does not exit" >&2; status=1; fi
if [ -x .venv/bin/ruff ]; then .venv/bin/ruff check python tests || status=1; else echo "lint: ruff is not installed: skipped"; fi
[ $status = 0 ] && echo "lint: clean"
exit $status
