PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test again check lint types layers bench fuzz machines lock clean

help: ## say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.all ## the main job with recorded model answers: one tool made, then reused by another user
	$(BIN)/toolguild demo

test: $(VENV)/.dev ## the whole test suite, on two cores
	$(BIN)/pytest -n 2

again: $(VENV)/.dev ## once more, alone, what failed in the last run
	$(BIN)/pytest --last-failed --last-failed-no-failures none

check: $(VENV)/.dev lint types layers ## all that needs no Docker and no long drill; run it all day
	$(BIN)/pytest -q -m "not docker and not slow"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.dev ## measure, beside the alternatives
	$(BIN)/python -m bench

fuzz: $(VENV)/.dev ## fuzz decoders and reviewer with atheris, SECONDS=60 in all
	$(BIN)/python -m pip install --quiet --only-binary :all: atheris==3.0.0
	nice -n 15 $(BIN)/python -m tests.fuzz.run --seconds $(or $(SECONDS),60)

machines: $(VENV)/.dev ## draw the state machines from the code
	PYTHONPATH=.:tests/support $(BIN)/python -m tests.machines.draw > docs/state-machines.md

lock: ## write the hash-pinned requirement files anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra all pyproject.toml -o requirements/all.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra dev pyproject.toml -o requirements/dev.txt

clean: ## remove what was built
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.all: requirements/all.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/all.txt
	$(BIN)/python -m pip install --quiet --no-deps -e .
	$(BIN)/python -m compileall -q shared services # where PYTHONDONTWRITEBYTECODE is set, every start would do it
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps -e .
	$(BIN)/python -m compileall -q shared services # where PYTHONDONTWRITEBYTECODE is set, every start would do it
	@touch $@ $(VENV)/.all
