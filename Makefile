# Everything a person does with this repository begins here: `make help` lists it.
# Needs python3 (3.11 or newer) with venv, and git; every other tool is installed into .venv
# from a lock file whose hashes are checked.

PYTHON ?= python3
BENCH ?=
CIRCLES ?=
RUNS ?= 3000
SECONDS ?= 600

VENV := .venv
BIN := $(VENV)/bin

# A stamp carries the place of the checkout: scripts in an environment name it, so a moved
# checkout needs a new environment.
PLACE := $(shell pwd -P | cksum | cut -d' ' -f1)
UV_STAMP := $(VENV)/.uv-$(PLACE)
SETUP_STAMP := $(VENV)/.setup-$(PLACE)
BROWSER_STAMP := node_modules/.browser-$(PLACE)

# Settings of the caller's own that would put packages elsewhere, leave some out, or choose
# another Python. Indexes, proxies and certificates are theirs to set and stay.
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PIP_CONSTRAINT PIP_REQUIREMENT PIP_NO_DEPS
unexport PIP_NO_BINARY PIP_ONLY_BINARY PIP_PLATFORM PIP_PYTHON PIP_DRY_RUN PIP_REPORT
unexport PIP_REQUIRE_HASHES PIP_BREAK_SYSTEM_PACKAGES PIP_IGNORE_INSTALLED
unexport UV_PROJECT UV_PROJECT_ENVIRONMENT UV_WORKING_DIRECTORY UV_PYTHON UV_SYSTEM_PYTHON
unexport UV_FROZEN UV_LOCKED UV_NO_DEV UV_DEV UV_NO_GROUP UV_NO_DEFAULT_GROUPS UV_NO_EDITABLE
unexport UV_NO_SYNC UV_NO_BINARY UV_NO_BUILD UV_TARGET UV_PREFIX UV_CONFIG_FILE UV_ISOLATED
unexport VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONHOME

.PHONY: help setup browser run test check bench simulate lock sbom absent

help: ## this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup: $(SETUP_STAMP) ## make .venv, with .venv/bin/osrati; does nothing when it is up to date

browser: $(BROWSER_STAMP) ## the browser that tests drive, unpacked under node_modules

run: setup ## the whole service, with its own PostgreSQL and Valkey unless told of others
	@exec $(BIN)/osrati run

test: setup browser ## every check and every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto --dist loadfile

check: setup ## the fast part, under a minute: run it before each commit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/domain tests/shape -q -m "not slow"

bench: setup ## measure; BENCH=name for one, CIRCLES=n for BENCH=population and BENCH=sync-large
	@CIRCLES=$(CIRCLES) exec $(BIN)/python -m bench $(BENCH)

simulate: setup ## thousands of seeded lives of phones, a worker killed over 20,000; RUNS=n SECONDS=n
	@$(BIN)/python -m tests.simulate --runs $(RUNS) --seconds $(SECONDS)
	@RECIPIENTS=20000 exec $(BIN)/python -m pytest -q tests/push/test_kill.py

# The locks name public hosts only, whatever index the caller's environment prefers.
lock: setup ## renew every lock file after a change of dependencies
	env -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_INDEX_URL -u UV_FIND_LINKS \
	  $(BIN)/uv lock --no-config --default-index https://pypi.org/simple
	$(BIN)/uv export --frozen --no-dev --no-emit-project --no-header --quiet \
	  --format requirements.txt --output-file requirements.txt
	PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only
	$(MAKE) setup

sbom: setup ## a bill of materials of what runs, as CycloneDX, in sbom.cdx.json
	$(BIN)/uv export --frozen --no-dev --no-emit-project --quiet \
	  --preview-features sbom-export --format cyclonedx1.5 --output-file sbom.cdx.json

# uv alone comes by pip, pinned by hash. A new environment each time: one whose Python has gone
# cannot be mended.
$(UV_STAMP): requirements-uv.txt $(if $(wildcard $(BIN)/python),,absent)
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " \
	  + sys.version.split()[0] + ": name another with make PYTHON=..." \
	  if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo 'The venv module is missing. On Debian: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-user --no-deps \
	  --require-hashes --requirement requirements-uv.txt
	@touch $@

$(SETUP_STAMP): $(UV_STAMP) pyproject.toml uv.lock $(if $(wildcard $(BIN)/osrati),,absent)
	$(BIN)/uv sync --frozen --python $(BIN)/python
	@touch $@

$(BROWSER_STAMP): $(SETUP_STAMP) package.json package-lock.json .npmrc scripts/install_browser.sh
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/install_browser.sh
	@touch $@

absent:
