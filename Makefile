PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
APT_PACKAGES := chromium fonts-dejavu-core libturbojpeg0 orthanc orthanc-dicomweb postgresql nginx-light tesseract-ocr
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
.DEFAULT_GOAL := help
.PHONY: help diagrams laws demo demo-data test test-postgresql lint bench verifier lock clean system

help:       ## list these targets
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  .*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

demo: .venv/runtime       ## a gateway with made-up data at http://127.0.0.1:$(PORT)
	$(BIN)/slidegate demo --port $(PORT)

demo-data: .venv/runtime  ## all of the demo but serving it; see var/demo/demo.json
	$(BIN)/slidegate demo --port $(PORT) --data-only

test: .venv/dev system    ## the whole suite
	$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

test-postgresql: .venv/dev system  ## the suite on PostgreSQL instead of SQLite
	TEST_POSTGRESQL=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

lint: .venv/dev           ## style, types, floors
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev system   ## performance as ratios; writes var/bench.json
	$(BIN)/python -m tests.benchmarks

verifier: .venv/runtime   ## slidegate-verify as one file, var/slidegate-verify.pyz, and its SHA-256
	$(BIN)/slidegate audit verifier var/slidegate-verify.pyz

faults: .venv/dev system  ## kills, crashes, full and read-only stores, tampering, at length; writes var/faults.json
	$(BIN)/python -m tests.faults $(PARTS)

laws: .venv/dev           ## ten thousand sequences of commands of governance (COUNT=); writes var/laws.json
	$(BIN)/python -m tests.governance.sequences

diagrams: .venv/runtime   ## draw the state diagrams of docs/governance.md from policies/workflows
	$(BIN)/slidegate workflow redraw docs/governance.md

lock: .venv/runtime       ## pin every dependency anew, with hashes
	$(BIN)/pip install -q uv
	$(BIN)/$(LOCK) pyproject.toml -o requirements.lock
	$(BIN)/$(LOCK) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	echo 'setuptools>=77' | $(BIN)/$(LOCK) - -o requirements-build.lock

clean:      ## remove the demo's data and all caches, not the virtual environment
	rm -rf var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/runtime: requirements.lock requirements-build.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements-build.lock -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/runtime requirements-dev.lock
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

system:     # a browser, libturbojpeg, Orthanc, PostgreSQL, nginx and tesseract, where apt and root are there; else tests that need them are left out
	@if command -v chromium >/dev/null && ldconfig -p | grep -q libturbojpeg && [ -e /usr/sbin/Orthanc ] \
	   && [ -e /usr/sbin/nginx ] && command -v tesseract >/dev/null \
	   && ls -d /usr/lib/postgresql/*/bin >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(APT_PACKAGES); \
	else echo "no Chromium, libturbojpeg, Orthanc, PostgreSQL, nginx or tesseract, and no root with apt to install them: tests that need them will be left out"; fi
