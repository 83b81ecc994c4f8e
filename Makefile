# Two commands do all the set-up: make demo, make test.
.PHONY: demo test bench bench-graph bench-versions bench-algorithms bench-cluster sanitize fuzz lint format clean
demo: ; @deploy/bootstrap.sh && .venv/bin/gli demo
test: ; @deploy/bootstrap.sh tests && ctest --test-dir build/release --output-on-failure -j2 && .venv/bin/python -m pytest
bench: ; @deploy/bootstrap.sh tests && tests/benchmarks/run.sh
bench-graph: ; @deploy/bootstrap.sh tests && tests/benchmarks/run.sh graph
bench-versions: ; @deploy/bootstrap.sh tests && tests/benchmarks/run.sh versions
bench-algorithms: ; @deploy/bootstrap.sh && .venv/bin/python tests/benchmarks/algorithms_bench.py && tests/benchmarks/run.sh peers
bench-cluster: ; @deploy/bootstrap.sh && .venv/bin/python tests/benchmarks/algorithms_bench.py --cluster
sanitize: ; @deploy/bootstrap.sh tests && tests/sanitize.sh
fuzz: ; @deploy/bootstrap.sh ci && GLI_FUZZ_REQUIRED=1 tests/fuzz/run.sh
lint: ; @deploy/bootstrap.sh tests && tests/lint.sh
format: ; @git ls-files '*.h' '*.cpp' | xargs clang-format -i
clean: ; @rm -rf build .venv
