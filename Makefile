# make run LIBRARY=~/Pictures   install, import, watch and serve
# make test                     everything CI checks, browser included
# make bench                    measure how quick it is; prints one table
# make eval FOLDER=...          measure how well it understands; prints one table
# make abuse                    the abuse cases that photolib must survive, and their tests
# make fuzz                     ask strange things and send spoiled files for an hour or so, others each time; FUZZ=20 for minutes
# make check                    linter, formatter, types
# make words                    collect the sentences of the pages into web/languages/*.po

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WHEELS := build/wheels
# Problems and what was done are said by a sentence, which is translated where it is shown.
ERRORS := $(addprefix -k ,Said BadInput NotFound Refused NotSignedIn TryLater UnreadablePhoto StorageFailed DatabaseFailed)

.PHONY: run test check abuse fuzz bench eval format words clean

run: .venv/ready
	$(BIN)/photolib config init $(if $(LIBRARY),--library "$(LIBRARY)")
	$(BIN)/photolib models fetch built-in
	$(BIN)/photolib serve

test: .venv/ready-for-tests check
	sh tools/programs.sh
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: .venv/ready-for-tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

abuse: .venv/ready-for-tests
	sh tools/programs.sh
	$(BIN)/python -m tests.abuse_cases
	$(BIN)/python -m pytest -m abuse -n 3 --dist loadfile --no-loadscope-reorder

FUZZ ?= 500
fuzz: .venv/ready-for-tests
	PHOTOLIB_FUZZ_EXAMPLES=$(FUZZ) PHOTOLIB_FUZZ_SEED=random $(BIN)/python -m pytest tests/web/test_fuzz.py tests/web/test_api_schemathesis.py

bench: .venv/ready-for-tests
	sh tools/programs.sh
	$(BIN)/python -m tests.benchmarks

eval: .venv/ready-for-tests
	$(BIN)/python -m tests.evaluation $(FOLDER)

words: .venv/ready
	mkdir -p build
	$(BIN)/pybabel -q extract -F web/languages/babel.cfg -k N_ -k plural:1,2 $(ERRORS) --add-location=file --no-wrap --sort-by-file \
	  --omit-header -o build/words.pot .
	for language in $(basename $(notdir $(wildcard web/languages/*.po))); do $(BIN)/pybabel -q update -i build/words.pot \
	  -o web/languages/$$language.po -l $$language --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap; done

format: .venv/ready-for-tests
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "photolib needs Python 3.11 or newer (on Debian and Ubuntu: apt install python3)." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "Python's venv module is missing (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/ready: pyproject.toml tools/dlib_wheel.py tools/building.py web/package.json web/package-lock.json | .venv/bin/python
	$(BIN)/python tools/dlib_wheel.py $(WHEELS)
	$(PIP) install --find-links $(WHEELS) --editable '.[models]'
	touch $@

.venv/ready-for-tests: .venv/ready
	$(PIP) install --find-links $(WHEELS) --editable '.[models,dev]'
	touch $@

clean:
	rm -rf .venv build web/static/vendor
