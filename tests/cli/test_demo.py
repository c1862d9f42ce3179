"""`scoville demo`: starts, prints its address, stops everything that it started, loses nothing."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from pyapp.demo import embedded
from tests import prepared
from tests.cli.conftest import (
    COMMAND,
    Demo,
    Scoville,
    assert_one_clear_line,
    environment,
    place_order,
    postgres_processes,
    run_demo,
)
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable


def test_every_token_that_it_prints_opens_what_it_says(demo: Demo) -> None:
    for role in ("admin", "warehouse", "sales", "integration"):
        with demo.client(role) as client:
            assert client.get("/v1/inventory").status_code == 200
    with demo.client("sales") as client:
        assert client.get("/v1/orders").json()["data"]


def test_its_people_sign_in_with_the_secret_that_it_prints_at_every_start(copy_folder: Callable[[], Path]) -> None:
    folder = copy_folder()
    secrets = set()
    for _ in range(2):
        with run_demo(folder) as demo:
            who, secret = re.findall(r"sign in as (.+), secret (scs_\S+)", demo.output)[0]
            secrets.add(secret)
            for name in re.split(", | or ", who):
                form = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
                assert httpx2.post(f"{demo.url}/v1/oauth/token", data=form).status_code == 200, name
            assert demo.stop() == (0, "")
    assert len(secrets) == 1
    (folder / "jwt.key").unlink()  # a new key means a new secret; the old secret is refused
    with run_demo(folder) as demo:
        assert secrets.isdisjoint(re.findall(r"secret (scs_\S+)", demo.output))
        form = {"grant_type": "client_credentials", "client_id": "demo-admin", "client_secret": secrets.pop()}
        assert httpx2.post(f"{demo.url}/v1/oauth/token", data=form).status_code == 401


def test_it_holds_the_sample_sauces_and_the_real_ones(demo: Demo) -> None:
    with demo.client() as client:
        sample = client.get("/v1/inventory/HOTSAUCE-001").json()
        assert (sample["name"], sample["size_ml"], sample["price"]) == ("Fiery Ghost Pepper Sauce", 150, 12.99)
        assert client.get("/v1/inventory/HOTSAUCE-002").json()["price"] == 10.99
        assert client.get("/v1/inventory/HOTSAUCE-143").json()["attributes"]["grocer_product_id"] == "13511280"
        statuses = {order["status"] for order in client.get("/v1/orders", params={"limit": 200}).json()["data"]}
        assert statuses == {"processing", "completed", "canceled"}


def test_it_keeps_its_key_and_its_state_from_others(demo: Demo) -> None:
    for name in ("jwt.key", "scoville.json"):
        assert stat.S_IMODE((demo.data_dir / name).stat().st_mode) == 0o600
    sockets = list((demo.data_dir / "pg").glob(".s.PGSQL.*[0-9]"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in sockets] == [0o700]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_that_it_started(copy_folder: Callable[[], Path], sent: signal.Signals) -> None:
    with run_demo(copy_folder(), own_python=True) as demo:
        with demo.client() as client:
            order_id = place_order(client)
        port = int(demo.url.rpartition(":")[2])
        assert demo.stop(sent) == (0, "")
        assert not postgres_processes(demo.data_dir)
        assert not (demo.data_dir / "scoville.json").exists()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    with run_demo(demo.data_dir) as again, again.client() as client:
        assert client.get(f"/v1/orders/{order_id}").status_code == 200


def test_a_signal_while_it_starts_leaves_nothing_running(short_folder: Path) -> None:
    """At once, and at each stage: the folder is locked, initdb runs, PostgreSQL starts, the schema is deployed."""
    folder = short_folder / "early"
    command = [*COMMAND, "demo", "--port", "0", "--data-dir", str(folder)]
    for stage in (".", "lock", "pg.initializing", "pg/postmaster.pid", "jwt.key"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)
        (folder / "lock").unlink(missing_ok=True)
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (folder / stage).exists():
            assert process.poll() is None, stage
            assert time.monotonic() < deadline, stage
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) in (0, 130, -signal.SIGINT)  # the last code: Python itself had not started
        assert not postgres_processes(folder)
    with run_demo(folder) as demo:
        assert demo.stop()[0] == 0


def test_a_second_start_answers_within_three_seconds(copy_folder: Callable[[], Path]) -> None:
    """On a busy machine, the limit is the time of eight commands that do nothing."""
    folder = copy_folder()
    started = time.monotonic()
    subprocess.run([*COMMAND, "--version"], env=environment(), stdout=subprocess.DEVNULL, check=True)
    nothing = time.monotonic() - started
    started = time.monotonic()
    with run_demo(folder, own_python=True) as demo:
        assert httpx2.get(f"{demo.url}/readyz").status_code == 200
        assert time.monotonic() - started < max(3.0, 8 * nothing)
        assert "Demo data" not in demo.output  # the data already exists


@pytest.mark.parametrize("postgres_too", [False, True])
def test_kill_minus_9_loses_no_acknowledged_order(
    copy_folder: Callable[[], Path], scoville: Scoville, postgres_too: bool
) -> None:
    with run_demo(copy_folder()) as demo:
        with demo.client() as client:
            acknowledged = [place_order(client) for _ in range(20)]
        demo.process.kill()
        demo.process.communicate()
        for process in postgres_processes(demo.data_dir) if postgres_too else []:
            with suppress(psutil.NoSuchProcess):  # the other processes end when the first is killed
                process.kill()
        with run_demo(demo.data_dir) as again:
            assert again.token() != ""
            with again.client() as client:
                assert [client.get(f"/v1/orders/{order_id}").status_code for order_id in acknowledged] == [200] * 20
            assert scoville("verify", "--data-dir", demo.data_dir).stdout == "Everything agrees.\n"
            assert again.stop() == (0, "")
        assert not postgres_processes(demo.data_dir)


def test_it_trades_by_itself_and_everything_still_agrees(copy_folder: Callable[[], Path], scoville: Scoville) -> None:
    with run_demo(copy_folder(), quiet=False) as demo, demo.client() as client:
        before = client.get("/v1/orders", params={"limit": 1}).json()["data"][0]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (newest := client.get("/v1/orders", params={"limit": 1}).json()["data"][0]) == before:
            assert time.monotonic() < deadline, "no order was placed in time"
            time.sleep(0.2)
        assert newest["customer"]["name"].startswith("Household")
        assert newest["external_id"] is None
        assert scoville("verify", "--data-dir", demo.data_dir).stdout == "Everything agrees.\n"
        assert demo.stop() == (0, "")


def test_tokens_outlive_a_restart(copy_folder: Callable[[], Path]) -> None:
    with run_demo(copy_folder()) as demo:
        token = demo.token()
    with run_demo(demo.data_dir) as again:
        answer = httpx2.get(f"{again.url}/v1/inventory", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200


def test_the_shells_own_postgres_settings_do_not_matter(copy_folder: Callable[[], Path]) -> None:
    with run_demo(copy_folder(), PGPORT="6543", PGHOST="elsewhere", PGUSER="somebody", PGDATABASE="other") as demo:
        assert httpx2.get(f"{demo.url}/readyz").status_code == 200


def test_a_server_of_ones_own_is_used_instead(tmp_path: Path, new_database: Callable[[], str]) -> None:
    url = new_database()
    for _ in range(2):
        with run_demo(tmp_path / "data", DATABASE_URL=url) as demo:
            with demo.client() as client:
                assert client.get("/v1/inventory/HOTSAUCE-001").json()["stock"] == 550
            assert not (demo.data_dir / "pg").exists()
            assert demo.stop() == (0, "")


def test_a_login_that_the_server_refuses_is_named(scoville: Scoville, authenticator_url: str) -> None:
    done = scoville("demo", "--port", "0", DATABASE_URL=authenticator_url)
    assert_one_clear_line(done, 5)


def test_two_demos_do_not_share_a_folder(demo: Demo, scoville: Scoville) -> None:
    second = scoville("demo", "--port", "0", "--data-dir", demo.data_dir)
    assert_one_clear_line(second, 9, str(demo.data_dir), str(demo.process.pid), "--data-dir")


def test_a_taken_port_is_named_before_anything_is_made(demo: Demo, scoville: Scoville, tmp_path: Path) -> None:
    port = demo.url.rpartition(":")[2]
    assert_one_clear_line(scoville("demo", "--port", port), 7, port, "--port")
    assert not (tmp_path / ".scoville").exists()


def test_a_folder_that_cannot_be_made_is_named(scoville: Scoville, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = scoville("demo", "--port", "0", "--data-dir", tmp_path / "file" / "data")
    assert_one_clear_line(done, 8, str(tmp_path / "file"), "SCOVILLE_DATA_DIR")
    done = scoville("demo", "--port", "0", "--data-dir", "/proc/scoville")
    assert_one_clear_line(done, 8, "/proc/scoville", "SCOVILLE_DATA_DIR")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; /proc stands in for it above")
def test_a_read_only_folder_is_named(scoville: Scoville, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    assert_one_clear_line(scoville("demo", "--port", "0", "--data-dir", "data"), 8, "Permission denied")


def test_a_cluster_of_another_postgres_is_left_alone(copy_folder: Callable[[], Path], scoville: Scoville) -> None:
    folder = copy_folder()
    (folder / "pg" / "PG_VERSION").write_text("99\n")
    assert_one_clear_line(scoville("demo", "--port", "0", "--data-dir", folder), 6, "PostgreSQL 99")


def test_a_newer_database_is_left_alone(copy_folder: Callable[[], Path], scoville: Scoville) -> None:
    folder = copy_folder()
    server = embedded.start(folder)
    try:
        with psycopg.connect(server.url("postgres", "scoville")) as connection:
            connection.execute(
                "insert into migrations._yoyo_migration (migration_hash, migration_id, applied_at_utc)"
                " values ('x', '9999_from_the_future', now())"
            )
    finally:
        server.stop()
    assert_one_clear_line(scoville("demo", "--port", "0", "--data-dir", folder), 6, "9999_from_the_future")
    assert not postgres_processes(folder)


@pytest.mark.parametrize(
    "content",
    [f"{os.getpid()}\n/elsewhere\n1700000000\n5432\n/tmp\n\n  1  2\nready   \n", "12", ""],
    ids=["a pid that now belongs to another process", "cut short", "empty"],
)
def test_a_stale_pid_file_does_not_keep_it_from_starting(copy_folder: Callable[[], Path], content: str) -> None:
    folder = copy_folder()
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (folder / "pg" / name).write_text(content)
    with run_demo(folder) as demo:
        assert httpx2.get(f"{demo.url}/readyz").status_code == 200
        assert demo.stop() == (0, "")


def test_a_cluster_that_was_never_finished_is_made_anew(short_folder: Path) -> None:
    folder = short_folder / "half"
    (folder / "pg").mkdir(parents=True)
    (folder / "pg.initializing").touch()
    (folder / "pg" / "PG_VERSION").write_text("18\n")
    server = embedded.start(folder)
    try:
        with psycopg.connect(server.superuser_url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert not (folder / "pg.initializing").exists()
    finally:
        server.stop()


def test_a_path_too_long_for_a_socket_works(finished_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    prepared.copy(finished_folder, folder)
    with run_demo(folder) as demo, demo.client() as client:
        assert client.get("/v1/inventory").status_code == 200
        socket_dir = Path(re.search(r"host=([^&\s]+)", demo.output)[1].replace("%2F", "/"))  # type: ignore[index]
        assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
        assert demo.stop()[0] == 0
        assert not socket_dir.exists()
