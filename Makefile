# make demo: see the whole product work. make sandbox: use it yourself. make test: run the tests.
# Needs Python 3.11 or newer, git and make; no service has to run.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.PHONY: demo sandbox test lint docs messages clean

demo: $(INSTALLED)
	@$(BIN)/python sandbox/manage.py demo

sandbox: $(INSTALLED)
	@$(BIN)/python sandbox/manage.py serve

test: $(INSTALLED)
	$(BIN)/python -m pytest -n 2

lint: $(INSTALLED)
	$(BIN)/python -m pip install --quiet -e ".[lint]"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djhtml --check wagtail_syndicate/templates sandbox
	$(BIN)/python sandbox/manage.py makemigrations --check --dry-run

docs: $(INSTALLED)
	$(BIN)/python docs/matrix.py

$(INSTALLED): setup.py
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; say which with: make PYTHON=/path/to/python3")'
	@echo "Installing into $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[testing]"
	@touch $@

messages: $(INSTALLED)
	cd wagtail_syndicate && ../$(BIN)/django-admin makemessages --all --no-location --no-wrap
	cd wagtail_syndicate && ../$(BIN)/django-admin compilemessages

clean:
	rm -rf $(VENV) sandbox/var
