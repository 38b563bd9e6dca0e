# Plainwork's commands. `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install run test check fix bench clean

TOOLS := $(CURDIR)/build/tools
UV := $(or $(shell command -v uv 2>/dev/null),$(TOOLS)/bin/uv)
export UV_PYTHON_DOWNLOADS := never
# The machine's own certificates, so that a company's proxy or mirror is trusted where the machine trusts it.
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1
BIN := .venv/bin
WORKERS ?= 2
ARGS ?=

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(TOOLS)/bin/uv:
	@python3 scripts/get_uv.py $(TOOLS)

SYNC = $(UV) sync --frozen --quiet --compile-bytecode

.venv/.installed: pyproject.toml uv.lock | $(UV)
	@$(SYNC) --no-dev --inexact
	@$(BIN)/python -m compileall -q src
	@touch $@

.venv/.developed: pyproject.toml uv.lock | $(UV)
	@$(SYNC)
	@$(BIN)/python -m compileall -q src
	@touch $@ .venv/.installed

install: .venv/.installed ## install what Plainwork needs into .venv

run: .venv/.installed ## install and start everything, print the address (ARGS="--port 9000")
	@$(BIN)/plainwork up $(ARGS)

test: .venv/.developed ## install what the tests need and run them (ARGS="tests/spec -k parse")
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: .venv/.developed ## lint, format, types, layers, house rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 12
	@$(BIN)/python scripts/house_rules.py

fix: .venv/.developed ## mend what ruff can mend
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

bench: .venv/.developed ## measure the hot paths, write build/bench.json (ARGS="durable_runs")
	@$(BIN)/python -m benchmarks $(ARGS)

clean: ## remove what was built and installed
	rm -rf .venv build .mypy_cache .ruff_cache .hypothesis
