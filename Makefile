# The two commands of the README. Each sets up all it needs in .venv, given Python 3.10 to 3.13, Node and make.
#   make demo    the whole job on the examples, in a few minutes
#   make test    every check that CI runs
# and make test-e2e drives the VS Code extension in a real VS Code.
#
# PYTHON=python3.12 chooses the interpreter that .venv is made with (remove .venv to change it).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS ?=
TARGET ?= linux-x64
MYPY_SCRIPTS := docs/generate.py benchmarks/realcode.py \
	benchmarks/run_overhead.py vscode-extension/scripts/bundle_wheels.py \
	examples/sample_data.py examples/run_with_samples.py $(wildcard examples/demo/*.py)
MYPY_DETECTION := $(foreach folder,. peers faults,$(wildcard benchmarks/detection/$(folder)/*.py))
MYPY_MUTANTS := $(foreach folder,. faults,$(wildcard benchmarks/mutants/$(folder)/*.py))

.PHONY: demo test test-e2e vsix compiled lint types docs docs-check extension-check pytest realcode format clean

demo: compiled
	$(BIN)/python examples/demo

test: lint types docs-check extension-check pytest

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/dev.stamp
	$(BIN)/mypy --strict
	$(BIN)/mypy --strict $(MYPY_SCRIPTS)
	$(BIN)/mypy --strict $(MYPY_DETECTION)
	$(BIN)/mypy --strict $(MYPY_MUTANTS)

docs-check: $(VENV)/dev.stamp
	$(BIN)/python docs/generate.py --check

extension-check: vscode-extension/node_modules/.installed
	npm --prefix vscode-extension run check
	npm --prefix vscode-extension test

pytest: $(VENV)/dev.stamp compiled
	$(BIN)/python -m pytest

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Writes the rules' pages and the README's table from the rule classes.
docs: $(VENV)/dev.stamp
	$(BIN)/python docs/generate.py

# The VS Code extension as a file to install: vscode-extension/scram-lsp-*.vsix. TARGET=darwin-arm64 for another platform.
vsix: $(VENV)/pip.stamp vscode-extension/node_modules/.installed
	$(BIN)/python vscode-extension/scripts/bundle_wheels.py --target $(TARGET)
	npm --prefix vscode-extension run package -- --target $(TARGET)

# Drives the extension in a real VS Code and a real browser; pictures are left in tests/e2e/output.
test-e2e: $(VENV)/dev.stamp compiled vsix
	tests/e2e/setup.sh
	tests/e2e/run.sh

# How the rules do on labelled real programs: make realcode CORPUS=folder (benchmarks/README.md).
realcode: $(VENV)/dev.stamp
	@test -n "$(CORPUS)" || { echo "usage: make realcode CORPUS=FOLDER (see benchmarks/README.md)"; exit 2; }
	$(BIN)/python benchmarks/realcode.py "$(CORPUS)"

clean:
	rm -rf $(VENV) vscode-extension/node_modules vscode-extension/out

# As pip does for what it installs. Where PYTHONDONTWRITEBYTECODE is set, each process would else do it anew for a second.
compiled: $(VENV)/demo.stamp
	$(BIN)/python -m compileall -q scram_lsp analyzers

# --group needs pip 25.1, newer than the one that comes with most interpreters.
$(VENV)/pip.stamp:
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if v >= (3, 10) else "scram-lsp needs Python 3.10 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	touch $@

$(VENV)/demo.stamp: $(VENV)/pip.stamp pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[tensorflow]' --group demo
	touch $@

$(VENV)/dev.stamp: $(VENV)/demo.stamp pyproject.toml
	$(BIN)/python -m pip install --quiet --group dev
	touch $@

vscode-extension/node_modules/.installed: vscode-extension/package-lock.json
	npm --prefix vscode-extension ci --ignore-scripts --no-audit --no-fund
	touch $@
