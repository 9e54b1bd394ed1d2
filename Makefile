PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO   := .make/demo
DAGSTER := .make/dagster

.DEFAULT_GOAL := help
.PHONY: dagster help setup demo test lint types arch cover bench repairs fixtures lock check clean

help:  ## print this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "aftershock needs Python 3.10 or later: make PYTHON=python3.12 …"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

setup: $(READY)  ## make the development environment in .venv

demo: setup  ## build the demo shop with dbt, break a model, and ask what that affects
	@mkdir -p .make
	@$(BIN)/python fixtures/build.py --demo $(DEMO) > .make/demo.log 2>&1 || { cat .make/demo.log; exit 1; }
	@echo
	@echo '$$ cd $(DEMO) && aftershock assess stg_orders --category pipeline-failure'
	@cd $(DEMO) && $(CURDIR)/$(BIN)/aftershock assess stg_orders --category pipeline-failure

test: setup  ## run the tests
	$(BIN)/pytest --quiet -n 2

lint: setup  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup  ## mypy, strict
	$(BIN)/mypy

arch: setup  ## import-linter: who may import whom
	$(BIN)/lint-imports --no-logo

dagster: $(DAGSTER)/.ready  ## make the environment in which tests run Dagster, apart from ours

$(DAGSTER)/.ready: tests/dagster_project/requirements.lock
	$(PYTHON) -m venv $(DAGSTER)
	$(DAGSTER)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

cover: setup  ## the tests, with branch coverage
	$(BIN)/pytest --quiet -n 2 --cov --cov-report=term

bench: setup  ## measure, side by side with the field's tools
	$(BIN)/python bench/run.py

repairs: setup  ## play every incident, run its plan, compare the warehouse with one that never had it (an hour)
	$(BIN)/python bench/repairs.py

fixtures: setup  ## build the shop with dbt in every scenario and keep what dbt wrote
	$(BIN)/python fixtures/build.py

lock: setup  ## pin the development environment anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --no-annotate --no-header --all-extras --group dev --upgrade \
		--output-file requirements-dev.lock pyproject.toml

check: lint types arch cover demo  ## what CI runs

clean:  ## remove what make made
	rm -rf $(VENV) .make dist .coverage* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
