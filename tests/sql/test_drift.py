"""History (migrations) and state (sql/schema) produce the same database, and a deploy can always be repeated."""

from __future__ import annotations

import difflib
import re
import subprocess
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from yoyo import read_migrations

from pyapp.demo.embedded import POSTGRES_BIN_PATH
from pyapp.deploy import migrate as deploy
from pyapp.deploy.migrate import migrate, open_backend
from pyapp.deploy.replay import QUEUE_SCHEMA, ROLES, SCHEMAS
from pyapp.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

MIGRATIONS = ROOT / "migrations"
REFERENCE_ROWS = ("catalog.regions", "catalog.reason_codes")


def dump(url: str) -> list[str]:
    """The schema, without insignificant parts: comments, the order of grants, and an option of columns that

    PostgreSQL 15.20 keeps in attoptions and that its own pg_dump would leave out.
    """
    command = [str(POSTGRES_BIN_PATH / "pg_dump"), "--schema-only", "--exclude-schema=migrations", f"--dbname={url}"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines: list[str] = []
    grants: list[str] = []
    for line in text.splitlines():
        if re.match(r"(GRANT|REVOKE) ", line):
            grants.append(line)
        elif line and not re.search(r"^--|^\\(un)?restrict |SET \(pg_attver=\d+\)", line):
            lines += [*sorted(grants), line]
            grants = []
    return lines + sorted(grants)


def difference(before: list[str], after: list[str]) -> list[str]:
    return list(difflib.unified_diff(before, after, lineterm="", n=1))


def rows(url: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return [sorted(connection.execute(f"select to_jsonb(t)::text from {name} t")) for name in REFERENCE_ROWS]


def run(url: str, statements: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statements)


def load_state(url: str) -> None:
    """sql/schema and the replay, without any migration."""
    parameters = deploy._parse(url)
    with psycopg.connect(url, autocommit=True) as connection:
        deploy._bootstrap(connection, ROOT)
    with open_backend(parameters) as backend:
        with backend.connection.transaction():
            for path in sorted((ROOT / "sql" / "schema").glob("*.sql")):
                backend.connection.execute(path.read_text(encoding="utf-8"))
        backend.run_post_apply(read_migrations(str(MIGRATIONS)))
    with psycopg.connect(url, autocommit=True) as connection:
        deploy._make_partitions(connection)


def roll_back(url: str, how_many: int | None = None) -> None:
    with open_backend(deploy._parse(url)) as backend:
        backend.rollback_migrations(backend.to_rollback(read_migrations(str(MIGRATIONS)))[:how_many])


def test_migrations_and_sql_schema_make_the_same_database(new_database: Callable[[], str]) -> None:
    history, state = new_database(), new_database()
    migrate(history)
    load_state(state)
    assert difference(dump(history), dump(state)) == []
    assert rows(history) == rows(state)


def test_the_dump_sees_a_difference(database_url: str) -> None:
    before = dump(database_url)
    run(database_url, "alter table catalog.skus alter column name drop not null")
    assert difference(before, dump(database_url))


def test_a_second_deploy_changes_nothing(database_url: str) -> None:
    before = dump(database_url)
    assert migrate(database_url).applied == ()
    assert difference(before, dump(database_url)) == []


@pytest.mark.parametrize("how_many", [1, None], ids=["the newest migration", "every migration"])
def test_migrations_roll_back_and_return(database_url: str, how_many: int | None) -> None:
    before, content = dump(database_url), rows(database_url)
    roll_back(database_url, how_many)
    assert difference(before, dump(database_url))
    migrate(database_url)
    assert difference(before, dump(database_url)) == []
    assert rows(database_url) == content


def test_rolling_back_everything_leaves_nothing(new_database: Callable[[], str], database_url: str) -> None:
    empty = new_database()
    with psycopg.connect(empty, autocommit=True) as connection:
        deploy._bootstrap(connection, ROOT)
    roll_back(database_url)
    assert difference(dump(empty), dump(database_url)) == []


def test_a_deploy_drops_what_no_file_wrote(database_url: str) -> None:
    before = dump(database_url)
    run(
        database_url,
        """create function app.now(p_old text) returns int language sql as 'select 1';
        create procedure stock.old() language sql as 'select 1';
        create policy open_all on catalog.skus using (true);
        create view stock.v as select sku_id from stock.stock_levels;
        create view stock.w as select sku_id from stock.v;
        create function audit.tg_old() returns trigger language plpgsql as 'begin return null; end';
        create trigger tg_skus__old after update on catalog.skus execute function audit.tg_old();
        create trigger tg_ledger__old after insert on stock.stock_movements for each row execute function audit.tg_old()""",
    )
    assert difference(before, dump(database_url))
    migrate(database_url)
    assert difference(before, dump(database_url)) == []


def test_a_deploy_takes_back_stray_grants(database_url: str) -> None:
    before = dump(database_url)
    run(
        database_url,
        """grant update (name), delete on catalog.skus to sales;
        grant select on stock.stock_movements_default to bi_reader;
        grant usage on sequence orders.orders_order_id_seq to integration;
        grant create on schema api to warehouse;
        grant execute on all routines in schema stock to public, admin""",
    )
    assert difference(before, dump(database_url))
    migrate(database_url)
    assert difference(before, dump(database_url)) == []


def test_a_deploy_puts_back_a_changed_function_and_policy(database_url: str) -> None:
    before = dump(database_url)
    run(
        database_url,
        """create or replace function app.claim_role() returns text language sql stable parallel safe return 'admin';
        alter function app.claim_role() cost 7""",
    )
    assert difference(before, dump(database_url))
    migrate(database_url)
    assert difference(before, dump(database_url)) == []


def test_other_roles_keep_the_grants_that_their_administrator_gave(database_url: str) -> None:
    run(database_url, "grant select on catalog.skus to pg_monitor")
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        query = "select has_table_privilege('pg_monitor', 'catalog.skus', 'select')"
        assert connection.execute(query).fetchone() == (True,)


def test_the_replay_knows_every_schema_and_role_of_ours(connection: psycopg.Connection[Any]) -> None:
    schemas = connection.execute("select nspname from pg_namespace where nspowner = 'scoville_owner'::regrole")
    assert {name for (name,) in schemas} - {"migrations", QUEUE_SCHEMA} <= set(SCHEMAS)
    roles = re.findall(r"^--   ([a-z_ ]+?)  +\w", (ROOT / "sql/policies/roles.sql").read_text(), flags=re.MULTILINE)
    made = connection.execute("select rolname from pg_roles where rolname = any (%s)", [ROLES]).fetchall()
    assert {name for names in roles for name in names.split()} == set(ROLES) == {name for (name,) in made}


def test_the_first_statement_of_every_migration_bounds_its_wait_for_locks() -> None:
    for path in sorted(MIGRATIONS.glob("*.sql")):
        text = re.sub(r"^(--.*)?\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert "transactional: false" in path.read_text() or text.startswith("set local lock_timeout"), path.name


def test_every_migration_has_its_way_back() -> None:
    names = {path.name for path in MIGRATIONS.glob("[0-9]*.sql")}
    forward = {name for name in names if not name.endswith(".rollback.sql")}
    assert names - forward == {name.replace(".sql", ".rollback.sql") for name in forward}
