# One command for each thing one does here; every target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
ROOMS := govsite feeds agents governance execution market rules ledger streams
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: install run test lint bench chaos chromium dashboard dashboard-tests
.NOTPARALLEL:

install: $(VENV)/runtime.stamp

run: install
	@exec $(BIN)/python manage.py runstack $(ARGS)

# Without ARGS all that is asked for most: the whole stack, what signing costs, and one governor beside two.
bench: install
	@$(BIN)/python manage.py bench $(ARGS)
	@$(if $(ARGS),,$(BIN)/python manage.py bench --signing && $(BIN)/python manage.py bench --partitions 2)

chaos: install
	@exec $(BIN)/python manage.py chaos --report docs/chaos.md $(ARGS)

dashboard: install
	@$(BIN)/python manage.py dashboard

test: $(VENV)/dev.stamp chromium lint dashboard-tests
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive $(ROOMS) manage.py
	@$(BIN)/python -m tests.vulnerabilities

# The dashboard wants Node 20.9: without it its own tests, and those of its pages, are skipped, by name.
dashboard-tests: $(VENV)/dev.stamp
	@if command -v npm >/dev/null; then \
	  $(BIN)/python manage.py dashboard && cd frontend && npm run --silent check && npm run --silent lint && npm run --silent test; \
	else \
	  echo "There is no npm here: the dashboard's tests will be skipped (Node 20.9 or newer)" >&2; \
	fi

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "There is no $(PYTHON) here: install Python 3.11 or newer, or name yours: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed and $(PYTHON) is older; name another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/runtime.stamp: requirements.txt constraints.txt | $(BIN)/python
	@echo "Installing what the stack runs on (a minute the first time)"
	@$(PIP) --requirement requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt constraints.txt | $(BIN)/python
	@echo "Installing tests and linters"
	@$(PIP) --requirement requirements-dev.txt
	@touch $@ $(VENV)/runtime.stamp

# The browser tests want a Chromium: root with apt gets one, everybody else is told; without it they are skipped, by name.
chromium:
	@if ! command -v chromium >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Chromium for the browser tests"; \
	    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >/dev/null; } \
	      || echo "Chromium could not be installed: the browser tests will be skipped" >&2; \
	  else \
	    echo "There is no chromium here: the browser tests will be skipped (apt-get install chromium)" >&2; \
	  fi; \
	fi
