# `make demo` and `make test` are all a newcomer needs: Python 3.13, make and the package registries.
PYTHON ?= python3.13
VENV := .venv
BIN := $(VENV)/bin
SOURCES := function_app.py shared local tests

.PHONY: install demo up test lint unit contract acceptance infra thorough bench audit sbom lock clean

install: $(VENV)/.installed node_modules/.installed

$(VENV)/.installed: requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --requirement requirements-dev.txt
	touch $@

node_modules/.installed: package-lock.json $(VENV)/.installed
	$(BIN)/python -m local.node npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

demo: install
	@$(BIN)/python -m local demo

up: install
	@$(BIN)/python -m local up

test: lint
	$(BIN)/pytest --numprocesses 4 --dist loadfile --ignore tests/contract/limiter
	$(BIN)/pytest tests/contract/limiter  # alone: its four workers share the machine as it is

lint: install
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports --no-logo

unit: install
	$(BIN)/pytest tests/unit

contract: install
	$(BIN)/pytest tests/contract

acceptance: install
	$(BIN)/pytest tests/acceptance tests/faults

infra: install
	$(BIN)/pytest tests/infra

# Ten thousand generated cases for each property of money: the model, line prices, and orders through every simulator.
# Some minutes on two cores. A test checks that no property is left out.
MONEY_PROPERTIES := tests/unit/money tests/unit/mapping*/test_line_prices.py tests/contract/dynamics_simulator/test_totals.py tests/contract/connectors/test_*_generated_orders.py
thorough: install
	HYPOTHESIS_PROFILE=thorough $(BIN)/pytest $(MONEY_PROPERTIES) --numprocesses 2 -o timeout=3600

bench: install
	@$(BIN)/python -m tests.benchmarks

# Both need the advisory service. --strict: a package that could not be looked up fails, instead of counting as clean.
audit: install
	$(BIN)/pip-audit --strict --requirement requirements.txt --no-deps --disable-pip

sbom: install
	$(BIN)/pip-audit --strict --requirement requirements.txt --no-deps --disable-pip --format cyclonedx-json --output sbom.json

lock: $(VENV)/.installed
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.txt requirements.in
	$(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements-dev.txt requirements-dev.in

clean:
	rm -rf $(VENV) node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
