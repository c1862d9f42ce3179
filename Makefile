# Needs Python 3.11 or later, make and git. Everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
WEB := pyapp/web/built-from
# Two test workers for a core, because tests often wait for processes, pages and timeouts.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * len(os.sched_getaffinity(0)))')

# Python writes its bytecode even if the shell forbids it: the suite starts Python hundreds of times.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test lint fuzz bench test-pg15 migration-0001 lock clean battery battery-live battery-webhooks mutants reference examples

run: $(INSTALLED) $(WEB)
	@$(BIN)/scoville demo

test: $(INSTALLED)
	@.ci/chromium
	@.ci/tools
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/squawk migrations/*.sql
	$(BIN)/sqlfluff lint --disable-progress-bar sql

# Random input for every role, about an hour. Prints its seed; SCOVILLE_FUZZ_SEED repeats a run.
fuzz: $(INSTALLED)
	SCOVILLE_FUZZ=long $(BIN)/python -m pytest -s tests/fuzz

bench: $(INSTALLED)
	$(BIN)/python -m bench $(ARGS)

# The tests of SQL and its callers on Debian's PostgreSQL 15 with plpgsql_check, with each write in its own transaction.
test-pg15: $(INSTALLED)
	WORKERS=$(WORKERS) .ci/with-postgres-15 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
	  --database-only tests/sql $(foreach noun,batches catalog inventory orders reservations webhooks,tests/http/test_$(noun).py)

# Until the first release, the only migration is a copy of sql/schema.
migration-0001:
	@{ echo '-- Everything that holds data. Made from sql/schema by `make migration-0001` until the first release;'; \
	   echo '-- never edited after it.'; echo "set local lock_timeout = '5s';"; \
	   for file in sql/schema/*.sql; do echo; cat $$file; done; } > migrations/0001_foundation.sql

# Long forms of the quick tests, about an hour. Prints its seed; SCOVILLE_BATTERY_SEED repeats a run.
battery: $(INSTALLED)
	@.ci/tools
	SCOVILLE_BATTERY=long $(BIN)/python -m pytest -s --timeout 7200 tests/battery
	SCOVILLE_BATTERY=long $(BIN)/python -m pytest -n $(WORKERS) tests/sql/orders tests/sql/stock -k 'any_sequence or what_an_answer_says'

# Removes essential guards one at a time and checks that the tests fail. About ten minutes; ARGS='idempotency' selects guards
# by name.
mutants: $(INSTALLED)
	$(BIN)/python -m tests.mutants.run $(ARGS)

# Ten live clients, 100,000 events, connections cut at random; listener, server and PostgreSQL killed.
battery-live: $(INSTALLED)
	SCOVILLE_BATTERY_EVENTS=100000 \
	  SCOVILLE_BATTERY_FAULTS='listener postgres server listener postgres listener server postgres listener postgres' \
	  $(BIN)/python -m pytest -q -s --timeout 1800 tests/live/test_battery.py

# Orders, six webhooks, a worker killed 50 times and PostgreSQL 8 times. Claims last 8 s, not 40, because kills are frequent.
battery-webhooks: $(INSTALLED)
	SCOVILLE_BATTERY_WORKERS=50 SCOVILLE_BATTERY_POSTGRES=8 SCOVILLE_BATTERY_CLAIM_SECONDS=8 \
	  $(BIN)/python -m pytest -q -s --timeout 1800 tests/webhooks/test_battery.py

# Generates the pages of docs/reference that come from the code.
reference: $(INSTALLED)
	$(BIN)/python -m tests.docs.reference

# Writes the psql output beside each file of sql/examples.
examples: $(INSTALLED)
	SCOVILLE_EXAMPLES=write $(BIN)/python -m pytest -q tests/examples

# Locks the newest versions that pyproject.toml allows, with hashes of every file.
lock: $(INSTALLED)
	$(BIN)/pip install --quiet pip-tools
	CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --upgrade --all-extras --generate-hashes --strip-extras \
	  --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements.lock pyproject.toml

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist pyapp/web ui/node_modules

# Builds the dashboard. Without access to its packages it prints a message; everything else works without it.
$(WEB): $(INSTALLED) $(wildcard ui/* ui/src/* ui/src/*/*)
	@-$(BIN)/python ui/build.py && touch $@

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=/path/to/it")'
	@echo 'Creating .venv; this takes a minute the first time.'
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
