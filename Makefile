PYTHON ?= python3
PORT ?= 8000
.DEFAULT_GOAL := help
.PHONY: help demo demo-data test bench lint lock clean system

help:            ## what each target does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

.venv/runtime: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install -q --require-hashes -r requirements.lock
	.venv/bin/pip install -q --no-deps --no-build-isolation -e . || .venv/bin/pip install -q --no-deps -e .
	@touch $@

.venv/dev: .venv/runtime requirements-dev.lock
	.venv/bin/pip install -q --require-hashes -r requirements-dev.lock
	@touch $@
