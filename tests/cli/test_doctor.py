"""`scoville doctor`: reports ok on a healthy system, and finds every planted fault."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pyapp import settings
from pyapp.cli.checks import cluster, database, machine
from pyapp.cli.state import Running
from pyapp.deploy import migrate
from pyapp.files import ROOT
from tests.cli.conftest import Demo, Scoville

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pyapp.cli.checks import Finding


def by_check(findings: Iterator[Finding] | list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def look(url: str, **given: Any) -> dict[str, Finding]:
    with psycopg.connect(url, autocommit=True) as connection:
        return by_check(database.check(connection, settings.Settings(**given)))


@contextmanager
def a_worker(url: str) -> Iterator[None]:
    """A session that looks like a worker."""
    with psycopg.connect(url, application_name="scoville worker"):
        yield


def test_a_demo_that_runs_is_in_order(scoville: Scoville, demo: Demo) -> None:
    done = scoville("doctor", "-o", "json", "--data-dir", demo.data_dir)
    found = {finding["check"]: finding for finding in json.loads(done.stdout)}
    # New events may still wait to be sequenced; doctor then rightly reports them.
    assert {name: finding for name, finding in found.items() if finding["state"] != "ok" and name != "events"} == {}
    assert done.returncode == (0 if found["events"]["state"] == "ok" else 1)
    assert set(found) == {
        *("python", "settings", "tokens", "api", "data folder", "disk", "server", "clock", "login", "migrations"),
        *("functions", "partitions", "worker", "expired reservations", "overdue orders", "events", "snapshots", "webhooks"),
        *("durability", "autovacuum", "slots", "archive", "connections", "locks", "notifications", "rights", "analysts"),
        "encryption",
    }


def test_where_something_is_bad_it_says_what_to_do_and_ends_with_1(scoville: Scoville, database_url: str) -> None:
    done = scoville("doctor", DATABASE_URL=database_url, SCOVILLE_JWT_KEY="0123456789abcdef" * 2)
    assert done.returncode == 1
    assert "BAD   login" in done.stdout
    assert "-> For serve and worker, log in as authenticator.\n" in done.stdout
    assert "\x1b" not in done.stdout
    assert "BAD   worker" in done.stdout
    assert re.fullmatch(r"scoville: \d of \d+ checks failed\.\n", done.stderr)
    done = scoville("doctor", "-o", "json", SCOVILLE_PORT="many")
    assert (done.returncode, json.loads(done.stdout)[-1]["check"]) == (1, "settings")
    done = scoville("doctor", DATABASE_URL="postgresql://authenticator@127.0.0.1:1/db", SCOVILLE_JWT_KEY="0123456789abcdef" * 2)
    assert (done.returncode, "No connection to the database" in done.stdout) == (1, True)


@pytest.fixture
def any_minor_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepts any minor version: the tests' server may be outdated."""
    monkeypatch.setattr(migrate, "SAFE_MINOR_VERSIONS", dict.fromkeys(migrate.MAJOR_VERSIONS, 0))


@pytest.mark.usefixtures("any_minor_version")
def test_a_database_in_order_is_in_order_for_the_login_of_the_api(authenticator_url: str) -> None:
    with a_worker(authenticator_url):
        found = look(authenticator_url)
    assert {name: finding.state for name, finding in found.items() if finding.state != "ok"} == {"durability": "bad"}
    assert found["durability"].said.startswith("fsync, full_page_writes, synchronous_commit off: ")  # the tests' server


@pytest.mark.usefixtures("any_minor_version")
def test_every_fault_of_the_database_is_found(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    def states() -> dict[str, str]:
        found = look(authenticator_url)
        del found["durability"]  # bad on the tests' server, which trades durability for speed
        return {name: finding.state for name, finding in found.items() if finding.state != "ok"}

    assert states() == {"worker": "bad"}
    with a_worker(authenticator_url):
        connection.execute("alter function api.place_orders rename to place_orders_before")
        connection.execute("alter function jobs.clean_up rename to clean_up_before")
        assert states() == {"functions": "bad", "migrations": "bad"}
        assert look(authenticator_url)["functions"].said == "missing: api.place_orders, jobs.clean_up"
        connection.execute("alter function api.place_orders_before rename to place_orders")
        connection.execute("alter function jobs.clean_up_before rename to clean_up")

        row = connection.execute(
            "select format('%s_y%s', 'audit.audit_log', to_char(now() at time zone 'UTC' + interval '1 month', 'YYYY\"m\"MM'))"
        ).fetchone()
        assert row
        connection.execute(f"alter table audit.audit_log detach partition {row[0]}")
        assert states() == {"partitions": "bad"}
        connection.execute("select 1")
        connection.execute(f"drop table {row[0]}")
        connection.execute("select jobs.make_partitions()")

        connection.execute("update migrations.deploy set fingerprint = 'of another release'")
        assert states() == {"migrations": "bad"}
        connection.execute("update migrations.deploy set fingerprint = %s", [migrate._fingerprint(ROOT)])

        connection.execute("insert into catalog.channels (channel_id, region_id, name) values ('web', 1, 'Web')")
        connection.execute(
            "insert into stock.reservations (region_id, channel_id, owner, expires_at, changed_by)"
            " values (1, 'web', 'o', now() - interval '61 s', 'o')"
        )
        assert states() == {"expired reservations": "bad"}
        connection.execute("delete from stock.reservations")
        connection.execute(
            "insert into events.outbox (region_id, type, audience, subject, version, data, actor, occurred_at)"
            " values (1, 'stock.out', 'warehouse', 's', 1, '{}', 'a', now() - interval '61 s')"
        )
        assert states() == {"events": "bad"}
        connection.execute("update events.outbox set occurred_at = now()")
        assert states() == {}


def test_a_database_that_nobody_deployed_to_is_bad_all_over(new_database: Any, server: Any) -> None:
    found = look(new_database())
    assert {found[name].state for name in ("migrations", "functions", "backlogs")} == {"bad"}
    assert "scoville migrate" in found["migrations"].remedy


def test_a_server_with_a_known_hole_and_a_clock_that_runs_away_are_found(
    authenticator_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "SAFE_MINOR_VERSIONS", dict.fromkeys(migrate.MAJOR_VERSIONS, 99))
    monkeypatch.setattr("pyapp.cli.checks.database.SKEW_SECONDS_BAD", -1)
    found = look(authenticator_url)
    assert (found["server"].state, "CVE" in found["server"].said) == ("bad", True)
    assert found["clock"].state == "bad"


@pytest.mark.parametrize(
    "change",
    [
        "create or replace function app.now() returns timestamptz language sql stable return transaction_timestamp()",
        "alter function api.place_orders(smallint, jsonb) security invoker",
        "alter policy orders_select_own_channels on orders.orders using (true)",
        "alter policy orders_select_own_channels on orders.orders to public",
        "create policy everything on orders.orders for select using (true)",
        "create or replace view bi.freshness with (security_invoker = true) as select r.region_id, r.rollup, r.as_of_at,"
        " 0::numeric(14, 1) as age_seconds from analytics.rollups r",
        "create function app.strange() returns int language sql return 1",
    ],
)
def test_what_was_changed_by_hand_since_the_deploy_is_found(
    authenticator_url: str, database_url: str, connection: psycopg.Connection[Any], change: str
) -> None:
    assert look(authenticator_url)["migrations"].state == "ok"
    connection.execute(change.encode())
    assert look(authenticator_url)["migrations"].said == "a function, policy or view was changed since the last deploy"
    migrate.migrate(database_url)
    assert look(authenticator_url)["migrations"].state == "ok"


@pytest.fixture
def server_setting(connection: psycopg.Connection[Any]) -> Iterator[Callable[[str, str], None]]:
    """Changes a setting of the whole server until the test ends."""
    changed = []

    def change(name: str, value: str) -> None:
        changed.append(name)
        connection.execute(f"alter system set {name} = '{value}'".encode())
        connection.execute("select pg_reload_conf()")
        limit = time.monotonic() + 60
        while connection.execute("select current_setting(%s)", [name]).fetchone() != (value,):
            assert time.monotonic() < limit
            time.sleep(0.01)

    yield change
    for name in changed:
        connection.execute(f"alter system reset {name}".encode())
    connection.execute("select pg_reload_conf()")


def test_each_setting_that_makes_a_server_forget_is_named(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    connection.execute(f"alter database {connection.info.dbname} set synchronous_commit = 'on'".encode())
    said = look(authenticator_url)["durability"].said
    assert said == "fsync, full_page_writes off: a power cut may destroy the whole database"


def test_a_server_that_does_not_tidy_up_or_grows_too_old_is_found(
    authenticator_url: str, server_setting: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look(authenticator_url)["autovacuum"].state == "ok"
    server_setting("autovacuum", "off")
    assert look(authenticator_url)["autovacuum"].state == "bad"
    server_setting("autovacuum", "on")
    monkeypatch.setattr(cluster, "AGE_LOW", -1)
    assert look(authenticator_url)["autovacuum"].state == "warning"
    monkeypatch.setattr(cluster, "AGE_BAD", -1)
    assert look(authenticator_url)["autovacuum"].state == "bad"


def test_a_slot_that_nobody_reads_is_found(
    authenticator_url: str, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("select pg_create_physical_replication_slot('forgotten', true)")
    try:
        found = look(authenticator_url)["slots"]
        assert (found.state, "forgotten has no reader and retains " in found.said) == ("warning", True)
        connection.execute("set synchronous_commit = on")  # otherwise the WAL is written later
        connection.execute("select pg_logical_emit_message(true, 'x', repeat('x', 1000000))")
        monkeypatch.setattr(cluster, "SLOT_BYTES_BAD", 500_000)
        assert look(authenticator_url)["slots"].state == "bad"
    finally:
        connection.execute("select pg_drop_replication_slot('forgotten')")
    assert look(authenticator_url)["slots"].state == "ok"


def test_a_table_of_locks_too_small_for_the_pool_is_found(authenticator_url: str) -> None:
    assert look(authenticator_url)["locks"].state == "ok"
    small = look(authenticator_url, pool_size=200, workers=4)["locks"]
    assert (small.state, "max_locks_per_transaction" in (small.remedy or "")) == ("warning", True)


def test_webhooks_of_owners_who_are_no_clients_are_listed(authenticator_url: str, as_role: Any) -> None:
    assert look(authenticator_url)["webhooks"].state == "ok"
    with as_role("admin") as admin:
        draft = '[{"url": "https://hooks.example.com/", "meta": {"actor": "former-partner"}}]'
        admin.execute("select from api.create_webhooks(1::smallint, %s::jsonb)", [draft])
    found = look(authenticator_url)["webhooks"]
    assert (found.state, "WHK-1-1001 of former-partner" in found.said, "30 days" in found.said) == ("warning", True, True)
    assert "days" not in look(authenticator_url, webhook_confirm_days=0)["webhooks"].said


def test_connections_that_run_out_are_found(authenticator_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECTIONS_LOW", 0.0)
    assert look(authenticator_url)["connections"].state == "warning"
    monkeypatch.setattr(cluster, "CONNECTIONS_BAD", 0.0)
    assert look(authenticator_url)["connections"].state == "bad"


@pytest.mark.parametrize(
    ("plant", "undo", "named"),
    [
        ("alter role sales bypassrls", "alter role sales nobypassrls", "sales"),
        ("alter role scoville_definer superuser", "alter role scoville_definer nosuperuser", "scoville_definer"),
        ("grant scoville_owner to authenticator", "revoke scoville_owner from authenticator", "scoville_owner"),
        ("grant postgres to admin", "revoke postgres from admin", "postgres"),
        ("alter table orders.orders disable row level security", "", "orders.orders"),
        ("alter table catalog.skus no force row level security", "", "catalog.skus"),
        ("create table stock.strange ()", "", "stock.strange"),
    ],
)
def test_rights_that_go_round_the_policies_are_found(
    authenticator_url: str, connection: psycopg.Connection[Any], plant: str, undo: str, named: str
) -> None:
    connection.execute(plant.encode())
    try:
        found = look(authenticator_url)["rights"]
        assert found.state == "bad"
        assert named in found.said.partition(": ")[2].split(", ")
    finally:
        if undo:
            connection.execute(undo.encode())


def test_a_connection_over_the_network_without_tls_is_warned_of(authenticator_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(authenticator_url)["encryption"].state == "ok"
    monkeypatch.setattr(cluster, "is_local", lambda _host: False)
    found = look(authenticator_url)["encryption"]
    assert (found.state, "sslmode=verify-full" in found.remedy) == ("warning", True)


def test_what_is_this_machine() -> None:
    assert all(map(cluster.is_local, ["/run/postgresql", "localhost", "127.0.0.1", "::1"]))
    assert not any(map(cluster.is_local, ["10.0.0.5", "db.example", "2001:db8::1"]))


def settings_of(folder: Path, **given: Any) -> settings.Settings:
    return settings.Settings(data_dir=folder, **given)


def test_the_port_is_free_or_of_a_scoville_or_taken(tmp_path: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "ANSWER_SECONDS", 0.5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.listen()
        state = by_check(machine.check_port(settings_of(tmp_path, port=port), None))["api"]
        assert (state.state, "--port" in state.remedy) == ("bad", True)
    assert by_check(machine.check_port(settings_of(tmp_path, port=port), None))["api"].said.endswith("is free")
    there = by_check(machine.check_port(settings_of(tmp_path, port=int(demo.url.rpartition(":")[2])), None))["api"]
    assert there.said == f"ready at {demo.url}"
    gone = by_check(machine.check_port(settings_of(tmp_path), Running("http://127.0.0.1:1", "", 1)))["api"]
    assert gone.state == "bad"


def test_tokens_need_a_key_or_an_issuer_that_answers(tmp_path: Path) -> None:
    def state(**given: Any) -> str:
        return by_check(machine.check_tokens(settings_of(tmp_path, **given), None))["tokens"].state

    assert state(jwt_key="0123456789abcdef" * 2) == "ok"
    assert state() == "ok"  # the demo creates a key
    assert state(database_url="postgresql://a@b/c") == "bad"
    assert state(jwks_url="http://127.0.0.1:1/keys") == "bad"


def test_a_folder_that_cannot_be_used_or_whose_key_is_open_is_found(tmp_path: Path) -> None:
    def state(folder: Path) -> str:
        return by_check(machine.check_folder(folder))["data folder"].state

    assert (state(tmp_path), state(tmp_path / "new")) == ("ok", "ok")
    (tmp_path / "file").touch()
    assert state(tmp_path / "file") == "bad"
    (tmp_path / "jwt.key").touch(mode=0o644)
    os.chmod(tmp_path / "jwt.key", 0o644)  # noqa: PTH101 (regardless of the umask)
    assert state(tmp_path) == "bad"


def test_a_disk_that_is_nearly_full_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = by_check(machine.check_disk(tmp_path / "new"))["disk"]
    assert str(tmp_path) in free.said
    for name, state in (("FREE_BYTES_LOW", "warning"), ("FREE_BYTES_BAD", "bad")):
        monkeypatch.setattr(machine, name, 2**60)
        assert by_check(machine.check_disk(tmp_path))["disk"].state == state
