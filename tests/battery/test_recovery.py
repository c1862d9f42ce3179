"""Point-in-time recovery as in docs/how-to/backup.md: to a moment between two orders, so only the first order exists then."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psycopg
import pytest

from pyapp.cli.checks import Finding
from pyapp.cli.checks.cluster import check_archive
from tests.battery.history import check_books
from tests.battery.load import CHANNEL, SKUS, stock_up
from tests.battery.system import Cluster, running_cluster, running_system
from tests.folders import short_folder


def settings(cluster: Cluster, **values: str) -> None:
    for name, value in values.items():
        cluster.rows(f"alter system set {name} = '{value}'")


def place(client: object, name: str) -> None:
    body = {"customer": {"name": name}, "items": [{"sku_id": SKUS[0], "quantity": 1}], "external_id": name}
    response = client.post("/v1/orders", json=body, headers={"Idempotency-Key": name})  # type: ignore[attr-defined]
    assert response.status_code == 201, response.text


@pytest.mark.timeout(600)
def test_a_recovery_to_a_moment_between_two_orders_has_the_first_and_not_the_second() -> None:
    with short_folder() as folder, running_cluster() as cluster:
        archive = folder / "archive"
        archive.mkdir()
        owner = cluster.pgdata.stat()
        os.chown(archive, owner.st_uid, owner.st_gid)
        settings(cluster, archive_mode="on", archive_command=f"test ! -f {archive}/%f && cp %p {archive}/%f")
        cluster.restart()
        with running_system(cluster) as system:
            stock_up(system)
            base = cluster.base_backup(folder / "recovered")
            client = system.client("sales", subject="shop", channels=[CHANNEL])
            place(client, "FIRST")
            time.sleep(0.1)
            [(moment, epoch)] = cluster.rows("select clock_timestamp()::text, epoch from events.stream")
            time.sleep(0.1)
            place(client, "SECOND")
            cluster.rows("select pg_switch_wal()")
            deadline = time.monotonic() + 90
            while cluster.rows(
                "select 1 from pg_stat_archiver where last_archived_wal < pg_walfile_name(pg_current_wal_lsn() - 1)"
            ):
                cluster.rows("select pg_switch_wal()")
                assert time.monotonic() < deadline, "nothing is archived"
                time.sleep(0.2)
            assert archive_of(cluster).state == "ok"
            settings(cluster, archive_command="false")
            cluster.rows("select pg_reload_conf()")
            deadline = time.monotonic() + 90
            while archive_of(cluster).state != "bad":
                cluster.rows("select pg_switch_wal() from (select txid_current()) x")
                assert time.monotonic() < deadline, "doctor does not see that nothing is archived"
                time.sleep(0.2)
        recover(base, archive, moment)
        recovered = Cluster(folder / "recovered", standby=True)
        try:
            deadline = time.monotonic() + 60
            while recovered.rows("select pg_is_in_recovery()") == [(True,)]:
                assert time.monotonic() < deadline, "the recovery does not end"
                time.sleep(0.1)
            assert recovered.rows("select external_id from orders.orders") == [("FIRST",)]
            with running_system(recovered) as system:
                place(system.client("sales", subject="shop", channels=[CHANNEL]), "THIRD")
                check_books(recovered)
                assert recovered.rows("select epoch <> %s from events.stream", epoch) == [(True,)]
        finally:
            recovered.stop()


def archive_of(cluster: Cluster) -> Finding:
    """The output of doctor, with the API's login."""
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        [finding] = check_archive(connection)
    return finding


def recover(pgdata: Path, archive: Path, moment: str) -> None:
    """The two files that set the recovery target."""
    with (pgdata / "postgresql.auto.conf").open("a") as file:
        file.write(f"archive_mode = 'off'\nrestore_command = 'cp {archive}/%f %p'\n")
        file.write(f"recovery_target_time = '{moment}'\nrecovery_target_action = 'promote'\n")
    (pgdata / "recovery.signal").touch()
    owner = pgdata.stat()
    os.chown(pgdata / "recovery.signal", owner.st_uid, owner.st_gid)
