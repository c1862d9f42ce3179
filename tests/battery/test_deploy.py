"""A deploy under load: a new column and a replay of all code. No client gets an error or waits long for a lock."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from pyapp.deploy.migrate import DeployError, migrate
from pyapp.files import ROOT
from tests.battery.history import check_history
from tests.battery.lengths import LENGTH, chance
from tests.battery.load import run_clients, stock_up
from tests.battery.system import System, running_system

WAIT_SECONDS_MAX = 1.0  # or half of the shorter deploy, which a slow machine makes longer: the locks are taken near its end
PAUSE_SECONDS = 0.02
LONGEST = "select coalesce(max(extract(epoch from clock_timestamp() - waitstart)), 0)::float8 from pg_locks where not granted"
CHANGE = """set local lock_timeout = '500ms';
alter table orders.orders add column gift_message text;
comment on column orders.orders.gift_message is 'What the card says.';
"""


def deployed(url: str, root: Path) -> bool:
    """Whether the deploy succeeded. A migration that does not get its lock in time is tried again, so it blocks no client."""
    try:
        migrate(url, root=root)
    except DeployError as error:
        if "lock timeout" not in str(error):
            raise
        return False
    return True


class Watch(threading.Thread):
    """Measures how long sessions wait for locks."""

    def __init__(self, system: System) -> None:
        super().__init__()
        self.system = system
        self.longest = 0.0
        self.stopping = False

    def run(self) -> None:
        while not self.stopping:
            [(seconds,)] = self.system.cluster.rows(LONGEST)
            self.longest = max(self.longest, seconds)
            time.sleep(PAUSE_SECONDS)


class Reader(threading.Thread):
    """Reads through policies and through views in a loop."""

    def __init__(self, system: System) -> None:
        super().__init__()
        self.client = system.client("admin")
        self.statuses: Counter[int] = Counter()
        self.stopping = False

    def run(self) -> None:
        while not self.stopping:
            for path in ("/v1/orders", "/v1/analytics/turnover", "/v1/audit"):
                self.statuses[self.client.get(path).status_code] += 1
                time.sleep(PAUSE_SECONDS)


@pytest.mark.timeout(600)
def test_a_deploy_under_load_fails_nobody_and_blocks_nobody_for_long(tmp_path: Path) -> None:
    for folder in ("migrations", "sql"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "migrations" / "0002_add_gift_message.sql").write_text(CHANGE)
    draw = chance("deploy")
    with running_system() as system:
        stock_up(system)
        watch, reader = Watch(system), Reader(system)
        seconds: list[float] = []

        def deploy() -> None:
            for root in (ROOT, tmp_path):
                time.sleep(LENGTH.seconds / 8)
                started = time.monotonic()
                while not deployed(system.cluster.owner_url, root):
                    time.sleep(0.2)
                seconds.append(time.monotonic() - started)
            time.sleep(LENGTH.seconds / 8)

        watch.start()
        reader.start()
        try:
            clients = run_clients(system, LENGTH.clients, draw, deploy)
        finally:
            watch.stopping = reader.stopping = True
            watch.join()
            reader.join()
        findings = check_history(system.cluster, clients)
        taken = ", ".join(f"{one:.1f} s" for one in seconds)
        print(
            f"\n{findings}; {reader.statuses.total()} reads; deploys took {taken}; longest wait for a lock {watch.longest:.2f} s"
        )
        assert findings.unknown == 0
        assert max(act.attempts for client in clients for act in client.acts) == 1, "a request failed"
        assert set(reader.statuses) == {200}, reader.statuses
        assert watch.longest < max(WAIT_SECONDS_MAX, min(seconds) / 2)
