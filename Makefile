# Needs Python 3.11 or later, make and git. Everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
WEB := pyapp/web/built-from
# Three test workers for two cores: tests wait for processes, pages and moments.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((3 * len(os.sched_getaffinity(0)) + 1) // 2)')

# Python keeps what it compiles, whatever the shell says: the suite starts it hundreds of times.
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

# Any input, any role: an hour or so. The seed is printed; SCOVILLE_FUZZ_SEED repeats it.
fuzz: $(INSTALLED)
	SCOVILLE_FUZZ=long $(BIN)/python -m pytest -s tests/fuzz

bench: $(INSTALLED)
	$(BIN)/python -m bench $(ARGS)

# The tests of SQL and of what calls it, on Debian's PostgreSQL 15 with plpgsql_check, each write in a transaction of its own. One
# after the other: they share that server.
test-pg15: $(INSTALLED)
	.ci/with-postgres-15 $(BIN)/python -m pytest --database-only tests/sql $(foreach noun,batches catalog inventory orders reservations webhooks,tests/http/test_$(noun).py)

# Until the first release there is one migration, and it is sql/schema.
migration-0001:
	@{ echo '-- Everything that holds data. Made from sql/schema by `make migration-0001` until the first release;'; \
	   echo '-- never edited after it.'; echo "set local lock_timeout = '5s';"; \
	   for file in sql/schema/*.sql; do echo; cat $$file; done; } > migrations/0001_foundation.sql

# What the tests do for seconds, at length: an hour or so. The seed is printed; SCOVILLE_BATTERY_SEED repeats it.
battery: $(INSTALLED)
	@.ci/tools
	SCOVILLE_BATTERY=long $(BIN)/python -m pytest -s --timeout 7200 tests/battery

# Takes the guards that everything rests on away, one at a time, and sees that the tests notice. Ten minutes or so;
# ARGS='idempotency' tries those of that name.
mutants: $(INSTALLED)
	$(BIN)/python -m tests.mutants.run $(ARGS)

# Ten live clients, 100,000 events, connections cut at random; listener, server and PostgreSQL killed.
battery-live: $(INSTALLED)
	SCOVILLE_BATTERY_EVENTS=100000 \
	  SCOVILLE_BATTERY_FAULTS='listener postgres server listener postgres listener server postgres listener postgres' \
	  $(BIN)/python -m pytest -q -s --timeout 1800 tests/live/test_battery.py

# Orders, six webhooks, a worker killed 50 times and PostgreSQL 8 times. Claims last 8 s, not 40: kills are so frequent.
battery-webhooks: $(INSTALLED)
	SCOVILLE_BATTERY_WORKERS=50 SCOVILLE_BATTERY_POSTGRES=8 SCOVILLE_BATTERY_CLAIM_SECONDS=8 \
	  $(BIN)/python -m pytest -q -s --timeout 1800 tests/webhooks/test_battery.py

# The pages of docs/reference that are made from the code.
reference: $(INSTALLED)
	$(BIN)/python -m tests.docs.reference

# The outputs beside sql/examples, as psql prints them.
examples: $(INSTALLED)
	SCOVILLE_EXAMPLES=write $(BIN)/python -m pytest -q tests/examples

# Newest versions that pyproject.toml allows, with hashes of every file.
lock: $(INSTALLED)
	$(BIN)/pip install --quiet pip-tools
	CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --upgrade --all-extras --generate-hashes --strip-extras \
	  --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements.lock pyproject.toml

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist pyapp/web ui/node_modules

# The dashboard. Where its packages cannot be fetched it says so; everything else works without it.
$(WEB): $(INSTALLED) $(wildcard ui/* ui/src/* ui/src/*/*)
	@-$(BIN)/python ui/build.py && touch $@

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=/path/to/it")'
	@echo 'Setting up .venv; the first time takes a minute.'
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
