# make demo and make test need Python 3.11+ and Node 20+, nothing else: they install the rest into .venv and node_modules.

PYTHON ?= python3
BIN := .venv/bin
PYTHON_READY := .venv/.ready
AZURITE_READY := node_modules/.ready
AZURE_CLI_READY := .venv-azure-cli/.ready
THREE_AT_A_TIME := -n 3 --dist loadfile --no-loadscope-reorder
SHARED := $(or $(ARMATURE_SHARED),../shared)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long test-government up check conformance azure-cli cruelty faults hostile endurance lock

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

setup: $(PYTHON_READY) $(AZURITE_READY) ## install what is locked: Python packages and Azurite

$(PYTHON_READY): requirements-dev.txt requirements.in pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11")'
	@test -x $(BIN)/python || { echo "making .venv"; $(PYTHON) -m venv .venv; }
	@echo "installing the locked Python packages"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --requirement requirements-dev.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --editable .
	@touch $@

$(AZURITE_READY): package.json package-lock.json
	@node -e 'process.versions.node.split(".")[0] >= 20 || (console.error("Node.js 20 or later is needed"), process.exit(1))'
	@echo "installing Azurite"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

demo: setup ## deploy the samples on the emulator, with live progress
	@$(BIN)/python -m emulator.demo

test: setup ## the tests that need no reference material, but for the long ones
	$(BIN)/pytest -m "not conformance and not azure_cli and not long" $(THREE_AT_A_TIME)

test-long: setup ## the long ones: hosts killed again and again, load, attacks, rollbacks, a search for secrets
	$(BIN)/pytest -m long $(THREE_AT_A_TIME)

test-government: setup ## every test that deploys, on the emulator of Azure Government
	ARMATURE_TEST_CLOUD=AzureUSGovernment $(BIN)/pytest $(THREE_AT_A_TIME) \
	  tests/end_to_end tests/activities tests/armature/azure/test_metadata.py

up: setup ## keep the emulator and the app running
	@$(BIN)/python -m emulator up

check: setup ## style, types, the direction of imports, the shape of the Functions app
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/azure-functions-doctor doctor --profile deploy

conformance: setup ## against the reference material: its data, Microsoft's template engine, recordings of a real host
	@if test -f "$(SHARED)/design.md"; then \
	  ARMATURE_SHARED="$(SHARED)" $(BIN)/pytest -m conformance -n 2 --dist loadfile tests/conformance; \
	else \
	  echo "conformance: not run, there is no reference material at $(SHARED); ARMATURE_SHARED can name another place"; \
	fi

$(AZURE_CLI_READY): requirements-azure-cli.txt
	@test -x .venv-azure-cli/bin/python || $(PYTHON) -m venv .venv-azure-cli
	@echo "installing the locked Azure CLI (some 730 MB)"
	@.venv-azure-cli/bin/python -m pip install -qq --disable-pip-version-check --requirement requirements-azure-cli.txt
	@touch $@

azure-cli: setup $(AZURE_CLI_READY) ## the Azure CLI itself against the emulator
	$(BIN)/pytest -m azure_cli tests/azure_cli

cruelty: setup ## do every fault of the vocabulary to a deployment, and show in a table how it ends (some 7 minutes)
	@$(BIN)/python -m bench.cruelty

faults: setup ## nine goals for what goes wrong, measured: one table, exit code 1 for a missed one (under 20 minutes)
	@$(BIN)/python -m bench.faults

hostile: setup ## input that is meant to do harm, and what became of each: one table, exit code 1 for a surprise (a minute)
	@$(BIN)/python -m bench.hostile

endurance: setup ## forty deployments while two hosts and ARM are killed every three seconds
	@$(BIN)/python -m bench.endurance

lock: setup ## write the lock files from requirements.in, requirements-dev.in and package.json (newer: UPGRADE=--upgrade)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet $(UPGRADE) --python-version 3.11 --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet $(UPGRADE) --python-version 3.11 --no-header requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet $(UPGRADE) --python-version 3.11 --no-header requirements-azure-cli.in -o requirements-azure-cli.txt
	npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund
