# Everything a contributor types. Needs Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test lint format check picture schema bench clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(READY)  ## the app on a simulated platform
	@$(BIN)/cxtop demo --service tests.examples.demo:create_app

test: $(READY)  ## the tests, with the coverage gate on core/
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov --cov-report=term --cov-fail-under=95

lint: $(READY)  ## ruff, basedpyright and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright core tui
	$(BIN)/lint-imports --no-cache

format: $(READY)  ## put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

picture: $(READY)  ## docs/screen.svg, the picture in the README
	$(BIN)/python docs/picture.py

schema: $(READY)  ## docs/snapshot.schema.json, what an export as JSON holds
	$(BIN)/python docs/schema.py

bench: $(READY)  ## the benchmarks, as ratios, into docs/benchmarks.txt
	$(BIN)/python -m tests.benchmarks

check: lint test  ## what the gate runs

clean:  ## remove what was made
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .pytest_cache .ruff_cache
