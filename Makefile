# Needs Python 3.11 or later, make and git. Everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: run test lint bench test-pg15 migration-0001 lock clean

run: $(INSTALLED)
	@$(BIN)/scoville demo

test: $(INSTALLED)
	$(BIN)/python -m pytest

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/squawk migrations/*.sql
	$(BIN)/sqlfluff lint --disable-progress-bar sql

bench: $(INSTALLED)
	$(BIN)/python -m bench

# The tests that use a database, on Debian's PostgreSQL 15 with plpgsql_check.
test-pg15: $(INSTALLED)
	.ci/with-postgres-15 $(BIN)/python -m pytest --database-only

# Until the first release there is one migration, and it is sql/schema.
migration-0001:
	@{ echo '-- Everything that holds data. Made from sql/schema by `make migration-0001` until the first release;'; \
	   echo '-- never edited after it.'; echo "set local lock_timeout = '5s';"; \
	   for file in sql/schema/*.sql; do echo; cat $$file; done; } > migrations/0001_foundation.sql

# Newest versions that pyproject.toml allows, with hashes of every file.
lock: $(INSTALLED)
	$(BIN)/pip install --quiet pip-tools
	CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --upgrade --all-extras --generate-hashes --strip-extras \
	  --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements.lock pyproject.toml

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=/path/to/it")'
	@echo 'Setting up .venv; the first time takes a minute.'
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
