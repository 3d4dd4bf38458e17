# Needs Python 3.11 or newer, make and the package index. `make help` lists the commands.

VENV := .venv
UPGRADE ?=
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PORT ?= 7071
HOST ?=
BLOB_PORT ?= 10000
QUEUE_PORT ?= 10001
TABLE_PORT ?= 10002
AZURITE_FOLDER ?= .azurite
AZURITE_VERSION ?= 3.35.0
AZURITE := .tools/node_modules/.bin/azurite
AXE_VERSION ?= 4.14.1
AXE := .tools/axe/node_modules/axe-core/axe.min.js
KUSTO_VERSION ?= 12.4.1
KUSTO := .tools/kusto/node_modules/@kusto/language-service-next/package.json
# Percent of acr_global that the tests must reach, branches counted.
COVERAGE_MIN ?= 95

# A group that nobody has: snapshots show names and roles as they would be in it.
SNAPSHOT_OF := --subscription-id 00000000-0000-0000-0000-000000000000 --resource-group rg \
	--location westeurope

CORE := acr_global/*.py,acr_global/notify/*,acr_global/notify/channels/*,acr_global/ui/*

# A name on PATH proves nothing (it may be a shim of a version manager), so each one is tried.
FITS := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3; do \
	if $$p -c '$(FITS)' >/dev/null 2>&1; then echo $$p; break; fi; done)

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz fuzz-guided test-two-hosts test-next start azurite lint docs bench chaos lock \
	release keep secure az snapshots clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP) ## see it work: a simulated registry, six pushes, a table (under 60 s)
	@$(BIN)/python -m demo

test: $(STAMP) ## every test, with coverage; ARGS=tests/notify/test_signing.py for some, without it
	@$(BIN)/python -m tools.tests $(ARGS)
ifeq ($(strip $(ARGS)),)
	@$(BIN)/coverage report --skip-covered --fail-under=$(COVERAGE_MIN)
	@$(BIN)/coverage report --include='$(CORE)' --omit=acr_global/__main__.py \
		--format=total --fail-under=100 >/dev/null || { echo \
		"error: the core (no I/O) is covered to the last branch, and is not any more:"; \
		$(BIN)/coverage report -m --skip-covered --include='$(CORE)'; exit 1; }
endif

fuzz: $(STAMP) ## input that nobody meant, 100 times as much of it as `make test` (1 h); ARGS='-k words'
	@HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest tests -m fuzz $(ARGS)

fuzz-guided: $(STAMP) ## the same, guided by what the code does with it (Atheris; Linux; 6 min); ARGS='body --seconds 600'
	@$(BIN)/python -m tools.guided_fuzz $(ARGS)

test-two-hosts: $(STAMP) ## the scenes on two real hosts of one hub (needs func and npm; 6 min)
	@ACR_ENGINE_HOSTS=2 $(BIN)/python -m pytest tests/e2e -m engine -k scenes $(ARGS)

test-next: $(STAMP) ## the tests that can run on the next durable SDK (Python 3.13; 2 min)
	@$(BIN)/python -m tools.next_sdk $(ARGS)

start: $(STAMP) ## serve the app on PORT (7071); HOST=func or HOST=embedded decides on what
	@HOST='$(HOST)' PORT='$(PORT)' $(BIN)/python -m tools.start

azurite: $(AZURITE) $(STAMP) ## storage for HOST=func (npm); BLOB_PORT, QUEUE_PORT, TABLE_PORT, AZURITE_FOLDER
	@$(BIN)/python -m tools.azurite $(AZURITE) '$(AZURITE_FOLDER)' \
		'$(BLOB_PORT)' '$(QUEUE_PORT)' '$(TABLE_PORT)'

lint: $(STAMP) ## ruff, mypy --strict, and whether a page that is made of the code is stale
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m tools.docs --check

docs: $(STAMP) ## the pages of docs/ that are made of the code, after a change of it
	@$(BIN)/python -m tools.docs

bench: $(STAMP) ## the benchmarks; their numbers are for people, not for the tests
	@if [ -f benchmarks/__main__.py ]; then $(BIN)/python -m benchmarks $(ARGS); \
	else echo "There are no benchmarks."; fi

chaos: $(STAMP) ## random pushes and faults; ARGS="--seed 7 --pushes 2000 --on devhost" (or engine)
	@$(BIN)/python -m benchmarks.chaos $(ARGS)

lock: $(STAMP) ## requirements.lock, after a change of requirements.txt; UPGRADE=--upgrade for newer
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command 'make lock' --no-emit-index-url $(UPGRADE) \
		requirements.txt --output-file requirements.lock

release: $(STAMP) ## the zip that is published, in dist/; ARGS=v0.2.0 for a release's SBOM and notes
	@$(BIN)/python -m tools.package $(ARGS)

keep: $(STAMP) ## a release's zip and histories, kept for the tests of later ones (needs func and npm)
	@$(BIN)/python -m tools.keep

secure: $(STAMP) ## checkov on what infra/ would make
	@$(BIN)/python -m tools.checkov

az: $(STAMP) ## the real az judges the docs and the loopback ARM (Bicep; 4 min); ARGS='-k deploying'
	@ACR_AZ=1 ACR_BICEP_REQUIRED=1 $(BIN)/python -m pytest tests/az --numprocesses 2 -p no:cacheprovider $(ARGS)

snapshots: ## after a change of infra/: what it would make, anew (Bicep)
	@for file in infra/*.bicepparam infra/examples/*.bicepparam tests/infra/*.bicepparam; do \
		env -u ACR_GLOBAL_REGISTRY_ID -u AZURE_ENV_NAME ACR_GLOBAL_REGIONS=westeurope,northeurope \
		sh -c 'bicep snapshot "$$1" --mode validate $(SNAPSHOT_OF) >/dev/null 2>&1 || \
			bicep snapshot "$$1" --mode overwrite $(SNAPSHOT_OF)' - "$$file" || exit 1; done

clean: ## remove everything that these commands have made
	@rm -rf $(VENV) .tools .azurite build dist *.egg-info .coverage .coverage.* htmlcov
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Fresh as long as what is to be installed has not changed: later runs need no network.
$(STAMP): pyproject.toml requirements.txt
	@python='$(PYTHON)'; \
	if [ -z "$$python" ]; then \
		echo "error: no Python 3.11 or newer (with venv) found; install one," \
			"or name it: make PYTHON=/path/to/python3" >&2; exit 1; \
	elif ! "$$python" -c '$(FITS)' 2>/dev/null; then \
		echo "error: $$python is not Python 3.11 or newer with venv" >&2; exit 1; \
	fi; \
	$(BIN)/python -c '' 2>/dev/null || { \
		echo "Making $(VENV) with $$("$$python" --version)"; "$$python" -m venv --clear $(VENV); }
	@echo "Installing into $(VENV); this takes a minute the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

$(AZURITE):
	@command -v npm >/dev/null || { \
		echo "error: make azurite needs npm (Node.js 20 or newer); install it first" >&2; exit 1; }
	@mkdir -p .tools
	npm install --prefix .tools --no-save --no-audit --no-fund --loglevel=error \
		azurite@$(AZURITE_VERSION)

# In a folder of its own: npm removes from one what it is not told of.
$(AXE):
	@mkdir -p .tools/axe
	@npm install --prefix .tools/axe --no-save --no-audit --no-fund --loglevel=error \
		axe-core@$(AXE_VERSION) >/dev/null

$(KUSTO):
	@mkdir -p .tools/kusto
	@npm install --prefix .tools/kusto --no-save --no-audit --no-fund --loglevel=error \
		@kusto/language-service-next@$(KUSTO_VERSION) >/dev/null
