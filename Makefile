# Hikeshi: `make run` starts the product, `make test` runs every check.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
export PYTHONPATH := src
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Some machines tell Python to compile everything anew at each start; that doubles every start.
unexport PYTHONDONTWRITEBYTECODE
PYTEST := $(PY) -m pytest

.PHONY: help run test lint fix bench bench-large soak quality requirements translations messages lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(VENV)/.run: requirements.lock
	@echo "Making $(VENV) with what running needs (requirements.lock, hashes checked) ..."
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "Adding what testing needs (requirements-dev.lock, hashes checked); about a minute ..."
	@$(PY) -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

translations: $(VENV)/.run
	@$(PY) build_translations.py

run: $(VENV)/.run translations ## the product with its demo company on 127.0.0.1:8000
	@HIKESHI_DATA=$${HIKESHI_DATA:-var} $(PY) -m hikeshi serve --demo

lint: $(VENV)/.dev translations ## style, imports, types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy

fix: $(VENV)/.dev ## mend what can be mended by itself
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

test: lint ## lint, then every test on SQLite and PostgreSQL, browser included
	$(PYTEST) -n 2 --dist worksteal -m "not soak"
	HIKESHI_TEST_DATABASE=postgresql $(PYTEST) -n 2 --dist worksteal -m "not soak and not browser and not pure"

soak: $(VENV)/.dev translations ## the long versions of kill, fuzz and load tests
	HIKESHI_RANDOM=1 $(PYTEST) -q -n 2 -m "pure and not soak"
	HIKESHI_RANDOM=1 $(PYTEST) -m soak
	HIKESHI_RANDOM=1 HIKESHI_TEST_DATABASE=postgresql $(PYTEST) -m "soak and not pure"

oracle: $(VENV)/.dev translations ## an independent program (from npm) reads the CSAF we write
	@$(PY) -m tests.oracle

bench: $(VENV)/.dev translations ## timings, as ratios against a baseline of the same run
	$(PY) -m bench

bench-large: $(VENV)/.dev translations ## the same for a group's fleet; some ten minutes and 8 GB of disk
	$(PY) -m bench --large

quality: $(VENV)/.dev translations ## precision and recall of matching, by ecosystem
	$(PYTEST) -q tests/accuracy

requirements: $(VENV)/.dev translations ## which of R001-R183 have a passing test
	@$(PYTEST) -q -n 2 -m "not soak" --requirements

messages: $(VENV)/.dev ## collect new texts for translation
	@$(PY) -m tests.messages

lock: ## make the lock files anew
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q --extra source pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q --extra source --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## throw away everything that was made
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist
