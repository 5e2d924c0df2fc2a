# `make ui` and `make test` set everything up on a machine with Python 3.11 or newer and make only.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DATA   ?= ../shared/data/xquad_en
READY  := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev

.PHONY: ui test test-faults test-ui soak audit load page-speed screenshots lint bench bench-scale bench-answers eval eval-peers gate clean

ui: $(READY)            ## index the seed articles (unless a folder is indexed already) and open the chat
	$(BIN)/dateline ui --first-folder seeds

test: $(READY_DEV)      ## every test; the first run fetches the chat model (1.1 GB, once)
	$(BIN)/python -m pytest

test-faults: $(READY_DEV) ## what is killed, broken or hostile: kills, bombs, lies, guesses, and 100,000 examples of any input
	$(BIN)/python -m pytest -m faults -n 2 --dist loadfile --hypothesis-profile fuzz --durations=10 -rs tests/faults

soak: $(READY_DEV)      ## two hours of everything at once, with faults: make soak SOAK="--minutes 20"
	PYTHONPATH=.:tests $(BIN)/python tests/soak.py $(SOAK)

test-ui: $(READY_DEV)   ## the page in a real headless Chromium (Debian: apt install chromium)
	@PYTHONPATH=tests $(BIN)/python -m browser_fixtures
	$(BIN)/python -m pytest -m browser

load: $(READY_DEV)      ## twenty readers at once for five minutes, on the real model
	$(BIN)/python tests/load.py

page-speed: $(READY_DEV) ## how soon the passages are on the screen: make page-speed DATA=path/to/xquad_en
	PYTHONPATH=.:tests $(BIN)/python tests/page_speed.py $(DATA)/articles $(DATA)/questions.jsonl

screenshots: $(READY_DEV) ## pictures of the page in each state, into docs/
	PYTHONPATH=.:tests $(BIN)/python tests/screenshots.py

lint: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

audit: $(READY_DEV)     ## known holes in what is installed, and patterns of holes in our own code
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml index rag web evals ui.py
	$(BIN)/pip-audit --progress-spinner off --skip-editable --local

eval: $(READY_DEV)      ## the seeds' test split, scored: about six minutes on two cores
	$(BIN)/dateline eval --split test

eval-peers: $(READY_DEV) ## the same, with four peers in the same run
	$(BIN)/dateline eval --split test --peer all

gate: $(READY_DEV)      ## part of the dev split against the figures in evals/gate.toml
	$(BIN)/dateline eval gate

bench: $(READY_DEV)     ## start, indexing and search, each beside its bar: make bench BENCH="--against COMMIT"
	$(BIN)/python -m evals.scale.quick $(BENCH)

bench-scale: $(READY_DEV) ## the same with up to 100,000 articles; goes on where it was interrupted
	$(BIN)/python -m evals.scale $(BENCH)

bench-answers: $(READY_DEV) ## speed beside LlamaIndex's CitationQueryEngine: make bench-answers DATA=path/to/xquad_en
	$(BIN)/python -m evals.bench $(DATA)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Dateline needs Python 3.11 or newer; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV) || \
		{ echo "This Python has no venv module (on Debian: apt install python3-venv)."; rm -rf $(VENV); exit 1; }
# pips before 24 warn of an extra that lxml has under another spelling, those from 26 on print what setuptools tells
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=24,<26'

$(READY): pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(READY_DEV): pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(READY)

clean:
	rm -rf $(VENV) build *.egg-info
