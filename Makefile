## make install        the environment in .venv, and the model learned from the examples
## make demo           forty tickets through the real parts against a simulated HubSpot
## make test           ruff, mypy and the tests
## make test-contract  the simulator, driven by HubSpot's own SDK
## make test-storm     a small storm: all that chaos does, for two minutes at most
## make test-reliability  the same, and Redis restarted under the worker
## make chaos          everything breaks at once (TICKETS=10000 SEED=7)
## make test-pages     the report pages in a headless Chromium (where it is missing: apt-get, as root)
## make sweep          every client of a large portal in one night (CLIENTS=100000)
## make audit          known vulnerabilities of what is deployed (ADVISORIES=osv asks another service)
## make quality        how well voices are routed that were not learned from (DESIGNS=1: all designs)
## make train          learn from the examples again
## make lock           pin the dependencies anew (needs uv; UPGRADE=--upgrade takes newer ones)
## make clean          remove everything that was made here

# Everything here works on a machine with Python >= 3.11, its pip, and make: no root, no compiler.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODEL := var/model/.trained

# The machine's own pip fills the environment from outside: Debian ships venv without ensurepip,
# and its pip refuses to install anywhere but into an environment. It is silent where all is well
# and starts over in full words where not.
PIP := PIP_USER=0 $(PYTHON) -m pip --python $(BIN)/python --disable-pip-version-check --no-input
PACKAGES := install --only-binary :all: --require-hashes --requirement requirements/dev.lock
OURSELVES := install --no-deps --no-build-isolation --editable .
COMPILE_LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet $(UPGRADE)

.PHONY: help install demo test lint types unit test-contract test-storm test-reliability test-pages chaos sweep quality audit train lock clean

help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST))

install: $(VENV)/.installed $(MODEL)

$(VENV)/.installed: requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Python 3.11 or newer is needed; $(PYTHON) is " + sys.version.split()[0] + ". Nothing was \
	installed. Name another one: make PYTHON=python3.12")'
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "$(PYTHON) has no pip. Nothing was \
	installed. On Debian and Ubuntu: apt install python3-pip" >&2; exit 1; }
	@echo "Making the environment in $(VENV)"
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear --without-pip $(VENV)
	@echo "Installing the pinned packages"
	@$(PIP) -qq $(PACKAGES) || $(PIP) $(PACKAGES)
	@$(PIP) -qq $(OURSELVES) || $(PIP) $(OURSELVES)
	@touch $@

# Workers would learn by themselves at their first start; done here, nobody waits for it then.
$(MODEL): $(VENV)/.installed $(filter-out config/portal.yaml,$(wildcard config/*.yaml)) \
		$(wildcard config/examples/*.csv worker/routing/*.py)
	@echo "Learning the ticket types"
	@$(BIN)/ticket-worker train
	@touch $@

demo: install
	@$(BIN)/python -m demo

test: lint types unit

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

unit: install
	$(BIN)/pytest --numprocesses 2 --dist loadfile

test-contract: install
	$(BIN)/pytest tests/contract

test-storm: install
	$(BIN)/pytest tests/reliability/test_chaos.py

test-reliability: install
	$(BIN)/pytest tests/reliability

chaos: install
	@$(BIN)/python -m chaos --tickets $(or $(TICKETS),10000) --seed $(or $(SEED),7)

# axe-core comes inside a package of which nothing else is used.
AXE := var/pages/axe
APT_GET := DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120
test-pages: install
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
		command -v google-chrome >/dev/null || \
		{ echo "Installing Chromium"; $(APT_GET) update && \
		$(APT_GET) install -y --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || \
		{ echo "There is no Chromium, and apt-get could not install it. Install it as root \
	(Debian: apt-get install chromium), then run make test-pages again" >&2; exit 1; }
	@test -e $(AXE)/axe_playwright_python/axe.min.js || $(PIP) -qq install --no-deps --target $(AXE) \
		--only-binary :all: --require-hashes --requirement requirements/pages.lock
	$(BIN)/pytest tests/pages

CLIENTS ?= 100000
sweep: install
	@$(BIN)/python -m benchmarks.sweep --clients $(CLIENTS)

# In an environment of its own, so that the auditor's packages are none of ours.
AUDIT ?= var/audit
$(AUDIT)/.installed: requirements/audit.lock
	@$(AUDIT)/bin/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear --without-pip $(AUDIT)
	@PIP_USER=0 $(PYTHON) -m pip --python $(AUDIT)/bin/python --disable-pip-version-check --no-input \
		-qq install --only-binary :all: --require-hashes --requirement requirements/audit.lock
	@touch $@

# Without --strict, a package of which nothing could be learned would count as a sound one.
audit: $(AUDIT)/.installed
	@rm -f $(AUDIT)/found; $(AUDIT)/bin/pip-audit --requirement requirements/run.lock --no-deps \
		--disable-pip --strict --progress-spinner off --output $(AUDIT)/found \
		$(if $(ADVISORIES),--vulnerability-service $(ADVISORIES)) 2>$(AUDIT)/said \
	&& cat $(AUDIT)/said || { if test -e $(AUDIT)/found; then cat $(AUDIT)/found; echo \
	"These versions are known to be vulnerable. Take newer ones: make lock UPGRADE=--upgrade"; \
	else tail -n 1 $(AUDIT)/said; echo "The advisories could not be fetched: nothing was audited," \
	"nothing is known. Try where they can be, or ask another service: make audit ADVISORIES=osv"; \
	fi >&2; exit 1; }

quality: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.routing $(if $(DESIGNS),--designs)

train: $(VENV)/.installed
	@$(BIN)/ticket-worker train
	@touch $(MODEL)

lock:
	@command -v uv >/dev/null || { echo "uv is needed to pin dependencies: pipx install uv" >&2; \
		exit 1; }
	$(COMPILE_LOCK) --group build --output-file requirements/build.lock
	$(COMPILE_LOCK) pyproject.toml --output-file requirements/run.lock
	$(COMPILE_LOCK) pyproject.toml --group dev --output-file requirements/dev.lock
	$(COMPILE_LOCK) --group audit --output-file requirements/audit.lock

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis
