# The commands of this house. `make demo` shows what Headgate is; `make check` before every commit; `make test` before every push.
BIN := .venv/bin
LIBRARIES := .venv/.libraries-installed
HEADGATE := .venv/.headgate-installed
UNIT_TESTS := tests/unit tests/architecture

.PHONY: help env static check test test-long mutants demo bench docs fmt lock
.DEFAULT_GOAL := help

help:
	@echo "make env        create .venv with .venv/bin/headgate"
	@echo "make demo       a real job from first run to pause, crash and resume (DEMO_EXIT=1: end afterwards)"
	@echo "make check      format, lint, types, contracts, unit tests: one minute"
	@echo "make test       everything, with real Flink"
	@echo "make test-long  the suites that take long, one after another; SUITES=histories: one of them"
	@echo "make mutants    does a test notice each change of domain and reconciler? hours; MUTANTS=headgate.domain.settle* for a part"
	@echo "make bench      the measured figures"
	@echo "make docs       write the generated documents anew"
	@echo "make fmt        format, and mend what can be mended"
	@echo "make lock       resolve requirements/lock.txt anew"

env: $(HEADGATE)

$(BIN)/pip:
	@python="$$(tools/find-python)" && echo "Creating .venv with $$python" && "$$python" -m venv .venv

$(LIBRARIES): requirements/lock.txt | $(BIN)/pip
	@echo "Installing the locked libraries into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	@touch $@

$(HEADGATE): pyproject.toml $(LIBRARIES)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

static: env
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >.venv/contracts.txt 2>&1 || { cat .venv/contracts.txt; exit 1; }

check: static
	@$(BIN)/pytest --quiet -m "not real" $(UNIT_TESTS)

# Two at a time: the real tests wait more than they compute. The closing line of pytest is the last line of the output.
test: static
	@$(BIN)/pytest --numprocesses=$(or $(PROCESSES),2) --dist=loadscope

# Each long suite, and what pytest is given for it. `make test-long SUITES=histories` runs one of them.
SUITES := histories versions crashes servers
LONG_histories := tests/properties/test_histories.py --hypothesis-profile=long
LONG_versions := tests/adapters/flink/contract tests/stories/test_flink_versions.py --long --timeout=600
LONG_crashes := tests/crashes tests/stories/test_known_faults.py tests/stories/test_shared_flink.py --long
LONG_servers := tests/stories/test_two_servers.py --long

test-long: $(SUITES:%=test-long-%)

# What a suite went through is kept with its date.
test-long-%: SHELL := /bin/bash
test-long-%: .SHELLFLAGS := -o pipefail -c
test-long-%: env
	@mkdir -p docs/long-runs
	@{ echo "make test-long, suite $*, at $$(git rev-parse --short HEAD)" && \
		$(BIN)/pytest $(LONG_$*) --quiet --no-header --show-capture=no; } 2>&1 | \
		tee "docs/long-runs/$$(date -u +%F)-$*.txt"

# Goes on where it was cut off; changed functions are tried again. A part is not kept as a result.
mutants: SHELL := /bin/bash
mutants: .SHELLFLAGS := -o pipefail -c
mutants: env
	@$(BIN)/mutmut run --max-children $(or $(JOBS),1) $(MUTANTS)
	@{ echo "make mutants at $$(git rev-parse --short HEAD)" && $(BIN)/python -m tools.mutants; } 2>&1 | \
		tee $(if $(MUTANTS),/dev/null,"docs/long-runs/$$(date -u +%F)-mutants.txt")

demo: env
	@$(BIN)/headgate demo

bench: env
	@$(BIN)/python -m bench

docs: env
	@$(BIN)/python -m tools.reference
	@$(BIN)/python -m tools.requirements

fmt: env
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(LIBRARIES)
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--group dev --output-file requirements/lock.txt pyproject.toml
