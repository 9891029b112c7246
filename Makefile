# Needs python3 (3.11 or newer) and make; everything else goes into the virtual environment .venv.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(JOBS)

# One stamp for each set of packages, so that `make demo` does not wait for the test tools.
INSTALLED := $(VENV)/installed
TEST_TOOLS := $(VENV)/installed-test

.PHONY: demo test test-all tests lint types bench coverage clean

demo: $(INSTALLED)
	$(BIN)/python examples/demo.py

test: lint types tests

tests: $(TEST_TOOLS)
	$(PYTEST)

test-all: lint types
	$(PYTEST) -m ""

lint: $(TEST_TOOLS)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(TEST_TOOLS)
	$(BIN)/mypy

# What benchmarks/compare.py compares with; one that cannot be had is missing in its table.
PEERS := heyoka casadi symengine jax sympy numba

bench: $(TEST_TOOLS)
	for peer in $(PEERS); do \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check $$peer || \
	        echo "$$peer cannot be installed here, and is left out"; \
	done
	for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

coverage: $(TEST_TOOLS)
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report

clean:
	rm -rf $(VENV) build dist demo *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "graphad needs Python 3.11 or newer; say which with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	    { rm -rf $(VENV); echo "no virtual environment: Debian and Ubuntu need python3-venv"; exit 1; }

$(INSTALLED): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(TEST_TOOLS): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $(INSTALLED) $@
