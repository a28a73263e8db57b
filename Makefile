# Two commands do everything: `make run` and `make test`. Neither asks a question.

# The first Python that is new enough; `make PYTHON=/path/to/python3 run` names another.
ifndef PYTHON
PYTHON := $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$name && break; done)
endif

BIN := .venv/bin
# More than eight workers only get in each other's way at the databases.
PYTEST := $(BIN)/python -m pytest --numprocesses=logical --maxprocesses=8 --dist=loadgroup

.PHONY: help run test lint format translations clean python

help:
	@echo 'make run          start the shop on http://127.0.0.1:5000 (PORT=8000 for another port)'
	@echo 'make test         run every test, on SQLite and PostgreSQL (ARGS="-k words" for some)'
	@echo 'make lint         check style, types, and which module imports which'
	@echo 'make format       put the code into the house style'
	@echo 'make translations   gather what the bot says into translations/*.po, and compile them'
	@echo 'make clean        remove what these commands made, but not the shop in instance/'

run: python
	@$(PYTHON) tools/install.py run
	@exec $(BIN)/salesbot serve --demo $(if $(PORT),--port $(PORT))

test: python
	@$(PYTHON) tools/install.py dev
	@$(PYTEST) $(ARGS)

lint: python
	@$(PYTHON) tools/install.py dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: python
	@$(PYTHON) tools/install.py dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

translations: python
	@$(PYTHON) tools/install.py dev
	@$(BIN)/python tools/translate.py $(LANGUAGE)

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "salesbot needs Python 3.11 or newer; here is" \
			"$$($(or $(PYTHON),python3) --version 2>/dev/null || echo none)."; \
		echo 'Debian and Ubuntu: sudo apt install python3 python3-venv. macOS: brew install python'; \
		exit 1; } >&2
