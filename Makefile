# Everything starts here: `make help`. Needs Python 3.11 or newer, pip and make.
PYTHON ?= python3
PY := .venv/bin/python
ARGS ?=
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Dozens of processes start; none shall compile anew what another has compiled.
export PYTHONDONTWRITEBYTECODE :=

# Settings as production has them, for the checks that read them. No real secrets.
PRODUCTION := SECRET_KEY=check-only-0123456789-abcdefghijklmnopqrstuvwxyz-9876543210 \
	LEADRAILS_ENCRYPTION_KEYS=1:Y2hlY2stb25seS1rZXktb2YtMzItYnl0ZXMtbG9uZyE= \
	LEADRAILS_PUBLIC_URL=https://leadrails.example.com \
	ALLOWED_HOSTS=leadrails.example.com DEBUG=0

ifdef SKIP_BROWSER
BROWSER_TESTS := -m "not browser"
endif
# A process more than cores; files stay whole. Alone: ARGS="-n 0 tests/core".
SIDE_BY_SIDE := -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

.PHONY: help demo test bench bench-10m chaos chaos-report screenshots check fmt servers stop clean lock venv venv-dev chromium

help: ## List the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

demo: venv ## Start everything and send sample leads; ONCE=1 stops after them
	@exec $(PY) -m leadrails.embedded $(if $(filter-out 0,$(ONCE)),once,up)

test: venv-dev chromium ## Run the tests; ARGS="tests/core -x", SKIP_BROWSER=1
	@exec $(PY) -m leadrails.embedded servers \
		$(PY) -m pytest $(SIDE_BY_SIDE) $(BROWSER_TESTS) $(ARGS)

bench: venv-dev ## Measure speed beside its limits, JSON lines; ONLY=dispatch, RUNS=5
	@exec $(PY) -m tests.bench $(if $(RUNS),--runs $(RUNS)) $(ONLY)

bench-10m: venv-dev ## Measure the queries on ten million jobs; 25 GB, half an hour
	@exec $(PY) -m tests.bench.tenmillion

chaos: venv-dev ## Kill everything N=25 times under load and check; SEED=7, MINUTES=70
	@exec $(PY) -m tests.chaos --kills $(or $(N),25) \
		$(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

chaos-report: venv-dev ## Write docs/chaos-report.md; FROM=a run's report.jsonl
	$(PY) -m tests.chaos.summary $(FROM) > docs/chaos-report.md

screenshots: venv-dev chromium ## Take docs/images anew, light, dark and on a phone
	@exec $(PY) -m tests.screenshots

check: venv-dev ## Format, lint, types, imports, templates, migrations, deploy settings
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	DEBUG=1 $(PY) -m mypy
	.venv/bin/lint-imports
	find templates -name '*.html' -exec .venv/bin/djade --target-version 5.2 --check {} +
	$(PRODUCTION) $(PY) -m leadrails.embedded servers \
		$(PY) manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

fmt: venv-dev ## Format the code and the templates
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix --exit-zero .
	find templates -name '*.html' -exec .venv/bin/djade --target-version 5.2 {} +

servers: venv ## Start PostgreSQL and Redis alone and print how to reach them
	@exec $(PY) -m leadrails.embedded servers

stop: venv ## Stop what runs in this folder
	@exec $(PY) -m leadrails.embedded stop

clean: ## Stop, and remove the data, the servers and the virtual environment
	@$(PYTHON) leadrails/embedded/bootstrap.py --clean

lock: venv-dev ## Compile the lock files anew from pyproject.toml
	$(PY) leadrails/embedded/bootstrap.py --lock

venv:
	@$(PYTHON) leadrails/embedded/bootstrap.py requirements.lock

venv-dev:
	@$(PYTHON) leadrails/embedded/bootstrap.py requirements.lock requirements-dev.lock

chromium:
	@$(PY) -m leadrails.embedded.browser
