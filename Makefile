# metinfer: set up, run, check. `make demo` and `make test` set up what they need.
#   make setup          .venv in this folder, so that .venv/bin/metinfer runs
#   make demo           the bundled evidence -> runs/demo/report.html (QUICK=1: a first look)
#   make test           the fast tests        make lint        style, types
#   make bench          speed and accuracy    make notebooks   run every notebook
#   make docs           documentation         make clean       remove what was built
#   PYTHON=/path/to/python3.12 make setup     picks the interpreter

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench docs notebooks clean lock moved

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTHON ?=
QUICK ?=
DEMO ?= runs/demo$(if $(QUICK),-quick)

help:
	@sed -n '2,/^$$/s/^# \{0,3\}//p' Makefile

setup: $(STAMP)

# An environment holds absolute paths: a moved or copied folder is installed again.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
$(STAMP): moved
endif

# Each candidate is run and asked: a name on the PATH may be a stub that starts nothing, or an
# older Python. Numba has no build for 3.15 yet.
$(STAMP): requirements.lock pyproject.toml
	@set -eu; \
	asks='import sys, venv, ensurepip; sys.exit(not (3, 12) <= sys.version_info[:2] < (3, 15))'; \
	if [ "$$(cat $(STAMP) 2>/dev/null || echo "$(CURDIR)")" != "$(CURDIR)" ] \
	    || ! $(BIN)/python -c "$$asks" >/dev/null 2>&1; then \
	  found=; \
	  for candidate in "$(PYTHON)" python3 python3.14 python3.13 python3.12 \
	      "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/*/bin/python3; do \
	    if [ -n "$$candidate" ] && "$$candidate" -c "$$asks" >/dev/null 2>&1; then \
	      found="$$candidate"; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "metinfer needs Python 3.12, 3.13 or 3.14 with its venv module, and none was found." >&2; \
	    echo "Install one (Debian: apt-get install python3 python3-venv; or pyenv install 3.12)," >&2; \
	    echo "or name it: PYTHON=/path/to/python3.12 make setup" >&2; \
	    exit 1; fi; \
	  echo "Setting up $(VENV) with $$("$$found" --version)"; \
	  rm -rf $(VENV); "$$found" -m venv $(VENV); \
	fi
	@rm -f $(STAMP)
	@echo "Installing the locked packages"
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pip install --quiet \
	    --disable-pip-version-check --require-hashes -r requirements.lock
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pip install --quiet \
	    --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@echo "Compiling the solver and the likelihood (half a minute)"
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m metinfer.inference.tape
	@printf '%s\n' "$(CURDIR)" > $(STAMP)

demo: setup
	@$(BIN)/metinfer demo -o $(DEMO) --resume $(if $(QUICK),--quick) || { code=$$?; \
	if [ $$code -eq 2 ]; then echo "$(DEMO) is kept as it is. To make another beside it:" \
	    "make demo DEMO=$(DEMO)-again" >&2; fi; exit $$code; }

test: setup
	$(BIN)/python -m pytest -m "not slow" -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m benchmarks

docs: setup
	$(BIN)/python docs/build.py

notebooks: setup
	$(BIN)/python notebooks/build.py

clean:
	rm -rf $(VENV) .bench-peers build dist site jupyter_execute .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Needs uv on the PATH. The lock holds names, versions and hashes, and no address.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.12 \
	    --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    --quiet -o requirements.lock
