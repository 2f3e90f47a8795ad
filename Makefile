# make demo: fly through the demo model (without a display: record demo.mp4). make test: everything that must hold.
PYTHON ?= python3
pip = .venv/bin/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test
demo: .venv/installed
	@PYTHON=$(PYTHON) sh .ci/need.sh gl
	@.venv/bin/tensornaut demo

test: .venv/installed-for-tests .venv/typed/tensornaut
	@PYTHON=$(PYTHON) sh .ci/need.sh gl xvfb
	.venv/bin/ruff check .
	MYPYPATH=.venv/typed .venv/bin/mypy -p tensornaut
	.venv/bin/python -m pytest tests

.venv/bin/python:
	@PYTHON=$(PYTHON) sh .ci/need.sh venv
	@$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	@echo "installing into .venv"
	@$(pip) install --editable .
	@touch $@

.venv/installed-for-tests: pyproject.toml | .venv/installed
	@echo "installing into .venv for tests"
	@$(pip) install --editable '.[test]'
	@touch $@

# mypy knows the checkout by the package's name only through this link
.venv/typed/tensornaut: | .venv/bin/python
	@mkdir -p .venv/typed
	@ln -s ../.. $@
