# Each target does its own set-up; nothing but Python 3.10-3.13 and make is needed for `demo` and `test`.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: help demo test lint format setup
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: ## the whole check on a simulated cloud, no account needed
	@tools/setup.sh .venv-demo requirements-demo.lock
	@.venv-demo/bin/python -m handler demo

setup:
	@tools/setup.sh $(VENV) requirements-dev.lock

test: setup lint ## lint, then all tests with branch coverage
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

lint: setup ## ruff, mypy --strict, import contract, no boto3 in any lock file
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	tools/check_locks.sh

format: setup ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
