# `make run` and `make test` set up everything themselves; they need Python ≥ 3.11, pip and make.

PORT ?= 8000
N ?= 200
SEED ?=
ONLY ?=
SABOTAGE ?=
PROVE ?=
ARGS ?=
PAGES ?=

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PY = .venv/bin/python
STAMP = $(shell cksum < requirements/$(1).txt | tr ' ' -)
RUN = .venv/run-$(call STAMP,run)
DEV = .venv/dev-$(call STAMP,dev)
# Checks that need no database get addresses at which nothing answers.
OFFLINE = DIALNEXA_DEBUG=1 DATABASE_URL=postgres://nobody@127.0.0.1:9/none REDIS_URL=redis://127.0.0.1:9

# One more than there are processors: many tests wait for real processes.
WORKERS = $(shell expr $$(getconf _NPROCESSORS_ONLN || echo 2) + 1)

.DEFAULT_GOAL = help
.PHONY: help setup run test lint chaos fuzz bench lighthouse scale deploy-check messages lock audit sbom

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(DEV) ## Install everything for development into .venv

run: $(if $(wildcard $(DEV)),$(DEV),$(RUN)) ## Run it all: PORT=8000, ARGS="--no-demo --data-dir …"
	@$(PY) manage.py up --port $(PORT) $(ARGS)

test: $(DEV) ## Run the tests: ARGS="tests/dialnexa -k wallet"
	@$(PY) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: $(DEV) ## Style, types, forgotten migrations
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(OFFLINE) $(PY) -m mypy .
	@$(OFFLINE) PYTHONWARNINGS=ignore $(PY) manage.py makemigrations --check --dry-run

CHAOS = --n $(N) $(if $(SEED),--seed $(SEED)) $(if $(SABOTAGE),--sabotage $(SABOTAGE)) $(if $(PROVE),--prove $(PROVE))
GUARDS = $(filter-out all,$(SABOTAGE) $(PROVE))# of calls: call-…, of rent: rent-…

chaos: $(DEV) ## Buy, call, rent while everything is killed: N=200 SEED=… SABOTAGE=… PROVE=all
	@$(if $(filter call-% rent-%,$(GUARDS)),,$(PY) -m tests.chaos $(CHAOS))
	@$(if $(filter-out call-%,$(GUARDS)),,$(PY) -m tests.chaos.calls $(CHAOS))
	@$(if $(filter-out rent-%,$(GUARDS)),,$(PY) -m tests.chaos.rentals $(CHAOS))

fuzz: $(DEV) ## Send the API what its document allows and forbids: N=5000 SEED=…
	@$(PY) -m tests.fuzz --n $(if $(filter file,$(origin N)),5000,$(N)) $(if $(SEED),--seed $(SEED))

bench: $(DEV) ## Measure every target, with a table at the end: N=1000000 (rows, numbers) ONLY="rating api"
	@$(PY) -m tests.bench $(if $(filter file,$(origin N)),,--n $(N)) $(if $(ONLY),--only $(ONLY))

scale: $(DEV) ## Two web servers, three workers, two sweepers under load; one of each dies: N=300 SABOTAGE=…
	@$(PY) -m tests.scale $(if $(filter file,$(origin N)),,--n $(N)) $(if $(SABOTAGE),--sabotage $(SABOTAGE))

lighthouse: $(DEV) ## Ask Lighthouse about every page, as phone and desktop: PAGES='accounts|wallet'
	@$(PY) -m tests.lighthouse --pages '$(PAGES)'

deploy-check: $(DEV) ## Follow docs/deploy.md in a bare Debian, as root: ARGS="--bare ROOT --tree HEAD"
	@$(PY) -m tests.deploy $(ARGS)

messages: $(DEV) ## Say what lacks a translation, or has one in vain: ARGS="--add AREA --below templates/…"
	@$(OFFLINE) PYTHONWARNINGS=ignore $(PY) manage.py messages $(ARGS)

COMPILE = $(PY) -m piptools compile --quiet --upgrade --allow-unsafe --generate-hashes --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links
lock: $(DEV) ## Pin the dependencies anew, with hashes
	@CUSTOM_COMPILE_COMMAND="make lock" $(COMPILE) --output-file requirements/run.txt requirements/run.in
	@CUSTOM_COMPILE_COMMAND="make lock" $(COMPILE) --output-file requirements/dev.txt requirements/dev.in

audit: $(DEV) ## Ask whether a pinned dependency has a known hole
	@$(PY) requirements/audit.py

sbom: $(DEV) ## Write what an installation is made of: sbom.json (CycloneDX)
	@$(PY) requirements/sbom.py > sbom.json && echo "sbom.json"

# The stamp's name holds the lock file's checksum: a new lock, a new installation. Debian's Python may come
# without ensurepip; then the pip outside installs into the environment.
.venv/run-% .venv/dev-%: requirements/run.txt requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and was not found." >&2; exit 1; }
	@echo "Installing the dependencies into .venv (once; a minute or so) …"
	@test -x $(PY) || $(PYTHON) -m venv .venv >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip .venv
	@pip="$(PY) -m pip"; $$pip --version >/dev/null 2>&1 || pip="$(PYTHON) -m pip --python $(PY)"; \
	said=$$($$pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore \
		--require-hashes -r requirements/$(firstword $(subst -, ,$(@F))).txt 2>&1) || { echo "$$said" >&2; exit 1; }
	@rm -f .venv/$(firstword $(subst -, ,$(@F)))-*; touch $@
