# Everything a developer does here. `make demo` and `make test` need Python 3.11+, make and pip.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTS ?= tests

.DEFAULT_GOAL := help
.PHONY: help demo setup test lint fix docs check bench clean

help: ## Say what the targets do.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | expand -t 10

demo: setup ## Build Prospectr's database, prove its access, and print who can do what.
	@$(BIN)/prospectr-db server start >/dev/null
	@$(BIN)/prospectr-db reset
	@$(BIN)/python -m pytest -q --no-header -n 2 tests/policies
	@$(BIN)/prospectr-db access

# Not every environment lets Python keep what it compiled, and then each command would do it anew.
setup: $(READY) ## Install everything into .venv.
	@$(BIN)/python -m compileall -q prospectr_db

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[all]' --group dev
	@touch $@

test: setup ## Run the tests in parallel against a real PostgreSQL.
	$(BIN)/python -m pytest -n $${TEST_WORKERS:-2} --dist loadfile $(TESTS)

lint: setup ## Check style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --nofail supabase sql --processes 0 --disable-progress-bar

fix: setup ## Correct what can be corrected by itself.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --disable-progress-bar supabase

docs: setup ## Write the generated parts of docs/ and sql/schema.sql.
	$(BIN)/prospectr-db bundle
	$(BIN)/prospectr-db docs
	$(BIN)/python docs/generate.py

check: lint test ## All of it.

bench: setup ## Measure, with the peers in the same run.
	$(BIN)/python -m benchmarks

clean: ## Stop the servers and remove what was built.
	@[ ! -x $(BIN)/prospectr-db ] || $(BIN)/prospectr-db server stop
	rm -rf $(VENV) .peers build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
