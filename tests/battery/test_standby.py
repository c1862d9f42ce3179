"""A standby replaces a primary that is killed under load: with synchronous replication no acknowledged act is lost."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest

from tests.battery.history import check_history
from tests.battery.lengths import LENGTH, chance
from tests.battery.load import run_clients, stock_up
from tests.battery.system import Cluster, running_cluster, running_system, wait_until_ready
from tests.folders import short_folder


def url_of_both(first: Cluster, second: Cluster) -> str:
    """A libpq URL with both servers: libpq connects to the one that accepts writes."""
    hosts = ",".join(quote(str(cluster.pgdata), safe="") for cluster in (first, second))
    return f"postgresql://authenticator@/postgres?host={hosts}&port=5432,5432&target_session_attrs=read-write"


@pytest.mark.timeout(600)
def test_a_standby_takes_over_and_nothing_acknowledged_is_lost() -> None:
    draw = chance("standby")
    with short_folder() as folder, running_cluster() as primary:
        standby = primary.standby(folder / "standby")
        try:
            primary.rows("alter system set synchronous_standby_names = '*'")
            primary.rows("select pg_reload_conf()")
            with running_system(primary, DATABASE_URL=url_of_both(primary, standby)) as system:
                stock_up(system)
                [(epoch,)] = primary.rows("select epoch from events.stream")
                assert primary.rows("select sync_state from pg_stat_replication") == [("sync",)]
                orders: list[int] = []

                def fail_over() -> None:
                    time.sleep(LENGTH.seconds / 2)
                    primary.end()
                    standby.program("pg_ctl", "promote", "-D", standby.pgdata, "-w")
                    wait_until_ready(system.url)
                    orders.append(standby.rows("select count(*) from orders.orders")[0][0])
                    time.sleep(LENGTH.seconds / 4)

                def go_on(_: object) -> bool:
                    return standby.rows("select count(*) > %s from orders.orders", orders[0]) == [(True,)]

                clients = run_clients(system, LENGTH.clients, draw, fail_over, go_on)
                print("\n", check_history(standby, clients), sep="")
                assert standby.rows("select epoch <> %s from events.stream", epoch) == [(True,)]  # a new epoch, which clients see
                assert go_on(clients)
        finally:
            standby.stop()
