# Two commands do everything: `make report` and `make test`. `make gates` repeats at full size what `make test` samples;
# `make help` lists the rest.
#
# The environment is made once, in .venv, from requirements.lock (exact versions, checked hashes): by uv where it
# is installed, else by venv and pip. Written for any POSIX sh and for GNU Make 3.81 (macOS) or later.

VENV      = .venv
BIN       = $(VENV)/bin
INSTALLER = uv
# The lock holds one, for where there is no other.
UV        = $(shell command -v uv || echo $(BIN)/uv)
SOURCE    = synthetic
OUT       = reports/$(SOURCE)
PYTHON   ?=

# These would change what runs, or make every process compile every module anew.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV CONDA_PREFIX
# Behind a network that signs with certificates of its own, uv trusts what the machine trusts.
export UV_SYSTEM_CERTS = 1

.DEFAULT_GOAL := help
.PHONY: help env report docs test gates bench lint types check lab lock sbom clean

help:
	@echo "make report [SOURCE=name]  run every study on a source and print the page to open (default: $(SOURCE))"
	@echo "make test                  style, types, all tests, the notebooks, the commands of the README"
	@echo "make gates                 the same at full size: every simulation, attack and study on every source (hours)"
	@echo "make bench                 measure speed beside other packages and fail where it is worse than stored (20 minutes)"
	@echo "make docs                  build the documentation site from its pages, the notebooks and the code"
	@echo "make lab [SOURCE=name]     open copies of the notebooks in JupyterLab, with an explorer"
	@echo "make env                   only create the environment in $(VENV)"
	@echo "make lint | make types     only the style checks | only the type checks"
	@echo "make lock                  choose versions anew for pyproject.toml and write requirements.lock (needs uv)"
	@echo "make sbom                  list what the lock installs, with licences (CycloneDX), and known weaknesses"
	@echo "make clean                 remove the environment, the reports and every cache"
	@echo "Options: PYTHON=/path/to/python3.12 chooses the interpreter, INSTALLER=pip does without uv."

report: env
	@$(BIN)/accountability report --source $(SOURCE) --out $(OUT)

# The types are checked beside the tests, which leave a part of two cores idle.
test: lint
	@$(MAKE) --no-print-directory -j2 types check

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env
	$(BIN)/mypy

# Files in their order: by their number of tests, slow files of few tests would come last, beside an idle worker.
check: env
	$(BIN)/python -m pytest -ra -n 2 --dist loadfile --no-loadscope-reorder --nbval --nbval-current-env tests notebooks docs/gallery docs/stories

# What is sampled in `make test` is run whole: tests read this option, the measurements of coverage are their own programs.
gates: lint types
	$(BIN)/python -m pytest -ra -n 2 --dist loadfile --no-loadscope-reorder --nbval --nbval-current-env --full tests notebooks docs/gallery docs/stories
	$(BIN)/python benchmarks/delay_coverage.py --jobs 2
	$(BIN)/python benchmarks/hazard_coverage.py --jobs 2
	$(BIN)/python benchmarks/dependence.py --jobs 2
	$(BIN)/python benchmarks/dependence_named.py --jobs 2

# BEFORE names a folder with an earlier commit, whose reports are timed beside these; else one is taken from the history.
# STORE=yes makes what is found what the next run is compared with.
bench: env
	$(BIN)/python benchmarks/bench.py $(if $(BEFORE),--before $(BEFORE)) $(if $(STORE),--store)

docs: env
	@$(BIN)/python docs/make_site.py

lab: env
	@$(BIN)/accountability lab --source $(SOURCE)

lock:
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra test --upgrade \
	  pyproject.toml -o requirements.lock

# Tools that are no part of the environment they describe. pip-audit asks a service on the network and fails where the
# lock holds a version with a known weakness.
sbom: env
	$(UV) tool run --from cyclonedx-bom cyclonedx-py environment --output-reproducible -o sbom.cdx.json $(BIN)/python
	$(UV) tool run pip-licenses --python $(BIN)/python --from=mixed --format=markdown --output-file=licences.md
	$(UV) tool run pip-audit --requirement requirements.lock --require-hashes --disable-pip

clean:
	rm -rf $(VENV) .venv-* reports build dist .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

env: $(VENV)/.installed

# A changed lock makes a new environment: nothing of the old one stays behind.
# pip takes minutes where uv takes seconds, so without uv pip first fetches the uv of the lock.
$(VENV)/.locked: requirements.lock
	@set -eu; python=; \
	for name in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
	  if "$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; \
	  then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "accountability needs Python 3.11, 3.12 or 3.13, and none was found as $(or $(PYTHON),python3.13 to 3.11 or python3)." >&2; \
	  echo "Install one, or name the one you have: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; \
	fi; \
	rm -rf $(VENV); \
	if [ $(INSTALLER) = uv ] && uv --version >/dev/null 2>&1; then \
	  echo "Creating $(VENV) from requirements.lock with uv ($$python)"; \
	  uv venv --quiet --python "$$python" $(VENV); \
	  uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock; \
	else \
	  echo "Creating $(VENV) from requirements.lock with venv and pip ($$python)"; \
	  if ! "$$python" -m venv $(VENV); then rm -rf $(VENV); \
	    echo "$$python cannot make an environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	  fi; \
	  pip="$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes"; \
	  awk '/^[^ #]/ { wanted = /^uv==/ } wanted' requirements.lock > $(VENV)/uv.txt; \
	  { [ $(INSTALLER) = uv ] && $$pip -r $(VENV)/uv.txt && \
	    $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock; } \
	  || $$pip -r requirements.lock; \
	fi; \
	touch $@

# Matplotlib looks for fonts once a machine; doing it here keeps its message out of the first notebook.
$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@$(BIN)/uv pip install --quiet --offline --python $(BIN)/python --no-deps --no-build-isolation -e .
	@$(BIN)/python -c "import matplotlib.font_manager"
	@touch $@
