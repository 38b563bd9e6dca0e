# Plainwork's commands. `make` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install run test check fix bench clean

TOOLS := $(CURDIR)/build/tools
UV := $(or $(shell command -v uv 2>/dev/null),$(TOOLS)/bin/uv)
export UV_PYTHON_DOWNLOADS := never
BIN := .venv/bin
WORKERS ?= 2
ARGS ?=

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(TOOLS)/bin/uv:
	@python3 scripts/get_uv.py $(TOOLS)

.venv/.installed: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --frozen --quiet --compile-bytecode
	@$(BIN)/python -m compileall -q src
	@touch $@

install: .venv/.installed ## install what Plainwork needs into .venv

run: .venv/.installed ## install and start everything, print the address (ARGS="--port 9000")
	@$(BIN)/plainwork up $(ARGS)

test: .venv/.installed ## install what the tests need and run them (ARGS="tests/spec -k parse")
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: .venv/.installed ## lint, format, types, layers, house rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 12
	@$(BIN)/python scripts/house_rules.py

fix: .venv/.installed ## mend what ruff can mend
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

bench: .venv/.installed ## measure the hot paths, write build/bench.json (ARGS="durable_runs")
	@$(BIN)/python -m benchmarks $(ARGS)

clean: ## remove what was built and installed
	rm -rf .venv build .mypy_cache .ruff_cache .hypothesis
