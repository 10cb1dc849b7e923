# Each target does its own set-up; nothing but Python 3.10-3.13 and make is needed for `demo` and `test`.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: help demo test test-other test-locks lint format setup test-keystone test-oracles test-browser test-deploy test-faults package
.PHONY: wheel bench mutants
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: ## the whole check on a simulated cloud, no account needed
	@tools/setup.sh .venv-demo requirements-demo.lock
	@.venv-demo/bin/python -m handler demo

setup:
	@tools/setup.sh $(VENV) requirements-dev.lock

# COVERAGE=1 looks at branch coverage, too (at least 95 percent), for twice the CPU; THOROUGH=1 tries all examples of the
# property tests (tests/examples.py). Continuous integration (.ci/run) sets both.
COVERAGE ?=

test: setup lint ## lint, then all tests; with COVERAGE=1 their branch coverage, too
	$(BIN)/python -m pytest -n auto $(if $(COVERAGE),--cov --cov-report=term:skip-covered)

test-other: setup ## the tests that need no real server, on another Python: make test-other PYTHON=python3.12 VENV=.venv-3.12 [TESTS=tests/hss]
	$(BIN)/python -m pytest -n auto -q -m "not real" $(TESTS)

lint: setup ## ruff, mypy --strict, import contract, no boto3 in any lock file
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	tools/check_locks.sh

format: setup ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test-keystone: setup ## a real Keystone (PyPI, SQLite) as the token server
	tests/keystone/run.sh $(BIN)/python

test-oracles: setup ## message payloads against the chat vendors' own types (npm)
	tests/oracles/run.sh $(BIN)/python

test-browser: setup ## the HTML report in headless Chromium, with axe (npm, Debian's chromium)
	PYTHON=$(BIN)/python tests/browser/run.sh

test-locks: ## every lock file with one Python, its own pip and the newest: make test-locks PYTHON=python3.13
	tools/try_locks.sh $(or $(PYTHON),python3)

wheel: ## the package's wheel, in dist
	tools/wheel.sh

package: setup ## the function's zips for Python 3.10 and 3.12, with their bills of materials
	$(BIN)/python -m tools.package

test-deploy: setup ## serverless.yml in a Serverless Framework, Terraform, and a whole check from the zips
	tests/deploy/run.sh
	$(BIN)/python -m pytest tests/tools/test_package_zip.py tests/tools/test_package_parts.py tests/deploy/test_serverless.py tests/deploy/test_terraform*.py

test-faults: setup ## every fault on every edge, and the table of what held
	$(BIN)/python -m tests.faults

bench: setup ## figures beside peers: docs/performance.md, and all of them in build/bench
	PYTHON=$(BIN)/python bench/run.sh --page docs/performance.md

mutants: ## change the code a little, many times: does a test fail? make mutants ARGS="diff --all"
	@tools/setup.sh .venv-mutants tests/environments/mutants.lock
	.venv-mutants/bin/python -m tools.mutants $(ARGS)
