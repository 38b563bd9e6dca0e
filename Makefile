# Plainwork's commands. `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install run web dev test check fix client screenshots properties simulate chaos fuzz examples bench clean chromium no-node
.DELETE_ON_ERROR:

TOOLS := $(CURDIR)/build/tools
UV := $(or $(shell command -v uv 2>/dev/null),$(TOOLS)/bin/uv)
export UV_PYTHON_DOWNLOADS := never
# The machine's own certificates, so that a company's proxy or mirror is trusted where the machine trusts it.
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1
export NEXT_TELEMETRY_DISABLED := 1
BIN := .venv/bin
WORKERS ?= 2
ARGS ?=

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# ── Python ────────────────────────────────────────────────────────────────────────────────────────────────────────────
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

# ── The web app ───────────────────────────────────────────────────────────────────────────────────────────────────────
NODE_MODULES := web/node_modules/.package-lock.json
SITE := src/plainwork/site/index.html
SITE_SOURCES = $(shell find web/src web/public web/scripts -type f) web/next.config.ts web/postcss.config.mjs web/tsconfig.json
IS_NEW_ENOUGH := const [a, b] = process.versions.node.split("."); console.log(a > 20 || (a == 20 && b >= 9) ? "yes" : "")
HAS_NODE := $(shell command -v npm >/dev/null && node -e '$(IS_NEW_ENOUGH)' 2>/dev/null)
NEEDS_NODE := The web app needs Node 20.9 or newer with npm, which this machine does not have. Install them \
  (https://nodejs.org, or your system's packages nodejs and npm) and run make again.

$(NODE_MODULES): web/package-lock.json
	@[ -n "$(HAS_NODE)" ] || { echo "$(NEEDS_NODE)" >&2; exit 1; }
	@echo "Installing what the web app needs …"
	@cd web && npm ci --loglevel=error
	@touch $@

$(SITE): $(NODE_MODULES) $(SITE_SOURCES)
	@echo "Building the web app …"
	@mkdir -p build
	@cd web && npm run build >../build/web.log 2>&1 || (cat ../build/web.log; exit 1)

no-node:
	@echo "$(NEEDS_NODE)" >&2

install: .venv/.installed ## install what Plainwork needs into .venv

run: .venv/.installed $(if $(HAS_NODE),$(SITE),no-node) ## install and start everything, print the address (ARGS="--port 9000")
	@$(BIN)/plainwork up $(ARGS)

web: $(if $(HAS_NODE),$(SITE),no-node) ## build the web app where the API serves it from
	@[ -n "$(HAS_NODE)" ]  # else it has not done what it was asked for

dev: .venv/.developed $(NODE_MODULES) ## everything behind one address, the web app reloading as it is edited (ARGS="--port 3000")
	@$(BIN)/python scripts/dev.py $(ARGS)

SCHEMA := web/src/client/schema.d.ts
TYPES_OF_API = $(BIN)/python scripts/openapi.py >build/openapi.json && cd web && \
  npx openapi-typescript ../build/openapi.json --default-non-nullable=false --empty-objects-unknown

client: .venv/.developed $(NODE_MODULES) ## generate the web app's client from the API
	@mkdir -p build
	@$(TYPES_OF_API) --output ../$(SCHEMA) >/dev/null

# ── Checking and measuring ────────────────────────────────────────────────────────────────────────────────────────────
# What is asked for by name (ARGS) is run alone; the web app is built only if browsers are part of it.
WEB_TESTS := $(if $(ARGS),,yes)
BROWSER_TESTS := $(if $(findstring tests/,$(ARGS)),$(findstring browser,$(ARGS)),yes)
BROWSER_READY = $(if $(HAS_NODE),$(SITE),no-node) chromium

test: .venv/.developed $(if $(BROWSER_TESTS),$(BROWSER_READY)) ## install what the tests need and run them (ARGS="tests/spec -k parse")
	@$(if $(and $(WEB_TESTS),$(HAS_NODE)),cd web && npm test --silent)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

chromium:
	@scripts/get_chromium.sh

check: .venv/.developed $(NODE_MODULES) ## lint, format, types, layers, the generated client, house rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 12
	@$(BIN)/python scripts/house_rules.py
	@cd web && npm run --silent types && npm run --silent lint && npm run --silent format
	@mkdir -p build && $(TYPES_OF_API) --output ../build/schema.d.ts >/dev/null
	@diff -q build/schema.d.ts $(SCHEMA) || (echo "The API has changed: run \`make client\` and commit $(SCHEMA)."; exit 1)

fix: .venv/.developed $(NODE_MODULES) ## mend what ruff, eslint and prettier can mend
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .
	@cd web && npx eslint --fix . && npx prettier --write --log-level warn .

screenshots: .venv/.developed $(BROWSER_READY) ## every screen and state, wide and narrow, light and dark → build/screenshots
	@$(BIN)/python -m tests.browser.screenshots $(ARGS)

properties: .venv/.developed ## look for new cases that break a property of the pure parts (ROUNDS=10)
	@for round in $$(seq $(or $(ROUNDS),10)); do \
	  $(BIN)/python -m pytest -n $(WORKERS) --hypothesis-profile=search tests/spec tests/engine/test_carry.py tests/engine/test_plan_properties.py tests/drafting/test_bounds.py || exit 1; \
	done

simulate: .venv/.developed ## run the engine through seeded crashes, lost messages and a failing database (SEEDS=2000 FIRST=0)
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),2000) --first $(or $(FIRST),0)

chaos: .venv/.developed ## kill real workers, Postgres and Redis under thousands of runs and count what was lost or doubled (RUNS=5000 SEED=1)
	@$(BIN)/python -m tests.chaos --runs $(or $(RUNS),5000) $(if $(SEED),--seed $(SEED)) $(ARGS)

examples: .venv/.developed ## ask every route once and keep the answers as the examples of the API's description
	@$(BIN)/python -m tests.api.recording

fuzz: .venv/.developed ## send made-up requests to every route and hold the answers against the API's description (CASES=3000 SEED=1)
	@mkdir -p build
	@$(BIN)/python -m tests.fuzz --cases $(or $(CASES),3000) $(if $(SEED),--seed $(SEED)) 2>build/fuzz.log

# The bare page that the canvas is measured against.
BARE := web/bench/out/index.html
$(BARE): $(NODE_MODULES) web/bench/pages/index.tsx web/bench/next.config.ts
	@cd web && npx next build bench >../build/bare.log 2>&1 || (cat ../build/bare.log; exit 1)

bench: .venv/.developed $(if $(ARGS),$(if $(findstring web,$(ARGS)),$(BROWSER_READY) $(BARE)),$(BROWSER_READY) $(BARE)) ## measure the hot paths, write build/bench.json (ARGS="durable_runs")
	@$(BIN)/python -m benchmarks $(ARGS)

clean: ## remove what was built and installed
	rm -rf .venv build .mypy_cache .ruff_cache .hypothesis web/node_modules web/.next web/out web/bench/.next web/bench/out src/plainwork/site
