"""`serve --workers 2`: two processes share one port and report shared metrics; if one dies, it is replaced."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil  # type: ignore[import-untyped]
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pyapp.identity.tokens import mint_token
from pyapp.metrics.exposition import SHARED_SECONDS
from pyapp.settings import Settings
from tests.cli.conftest import COMMAND, ROOT, environment
from tests.patience import PATIENCE_SECONDS

KEY = "a key for tests, at least 32 bytes long"
ROUTE = {"method": "GET", "route": "/v1/skus"}


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:  # it ended after it was listed
        return False


class Parent:
    """A running `serve`."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self.headers = {"authorization": f"Bearer {mint_token(Settings(jwt_key=KEY), 'admin')}", "connection": "close"}

    @property
    def children(self) -> list[psutil.Process]:
        return [child for child in psutil.Process(self.process.pid).children() if _lives(child)]

    def ask(self) -> int:
        """Opens a new connection, so any process may respond."""
        return httpx2.get(f"{self.url}/v1/skus", headers=self.headers, timeout=PATIENCE_SECONDS).status_code

    def metrics(self) -> str:
        """The metrics of this moment: any process may answer, with a text of up to SHARED_SECONDS ago."""
        time.sleep(SHARED_SECONDS)
        return httpx2.get(f"{self.url}/metrics", headers={"connection": "close"}, timeout=PATIENCE_SECONDS).text

    def read(self, name: str, text: str = "", **labels: str) -> float:
        text = text or self.metrics()
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return sum(s.value for s in samples if s.name == f"scoville_{name}" and labels.items() <= s.labels.items())

    def until(self, name: str, value: float) -> str:
        """Returns the metrics once this one has the value."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while (found := self.read(name, text := self.metrics())) != value:
            assert time.monotonic() < limit, f"{name} is {found}"
        return text


@contextmanager
def serve(authenticator_url: str, folder: Path) -> Iterator[Parent]:
    given = {"DATABASE_URL": authenticator_url, "SCOVILLE_JWT_KEY": KEY, "SCOVILLE_POOL_SIZE": "4", "TMPDIR": str(folder)}
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--workers", "2"],
        cwd=ROOT,
        env=environment(**given),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    listening = threading.Thread(target=lambda: said.extend(process.stderr or ()))
    try:
        assert process.stderr
        said.append(process.stderr.readline())
        assert "serving on" in said[0], said[0] + process.stderr.read()
        listening.start()
        parent = Parent(process, said[0].split()[-1])
        parent.until("processes", 2)
        yield parent
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)
        if listening.ident:
            listening.join()
        assert process.stderr
        process.stderr.close()


@pytest.fixture
def parent(authenticator_url: str, tmp_path: Path) -> Iterator[Parent]:
    with serve(authenticator_url, tmp_path) as parent:
        yield parent


def test_any_process_answers_for_all_and_a_killed_one_leaves_no_gauge(parent: Parent) -> None:
    for _ in range(40):
        assert parent.ask() == 200
    assert [parent.read("http_requests_total", **ROUTE) for _ in range(4)] == [40] * 4
    assert [parent.read("http_request_duration_seconds_count", **ROUTE) for _ in range(2)] == [40] * 2
    assert parent.read("pool_connections_max") == 8
    cpu = [child.cpu_times().user for child in parent.children]
    assert min(cpu) > 0

    victim = parent.children[0]
    os.kill(victim.pid, signal.SIGKILL)
    alone = parent.until("processes", 1)
    assert parent.read("pool_connections_max", alone) == 4
    assert parent.read("http_requests_total", alone, **ROUTE) == 40
    parent.until("processes", 2)
    assert victim.pid not in [child.pid for child in parent.children]
    assert parent.ask() == 200
    assert parent.read("http_requests_total", **ROUTE) == 41
    assert parent.read("live_connected") <= 2


def test_a_process_that_hangs_is_replaced(parent: Parent) -> None:
    victim = parent.children[0]
    os.kill(victim.pid, signal.SIGSTOP)
    _, alive = psutil.wait_procs([victim], PATIENCE_SECONDS)
    assert alive == []
    parent.until("processes", 2)
    assert victim.pid not in [child.pid for child in parent.children]
    assert [parent.ask() for _ in range(10)] == [200] * 10


def test_hangup_replaces_every_process_and_no_request_fails(parent: Parent) -> None:
    before = {child.pid for child in parent.children}
    failures: list[object] = []
    asked, stop = 0, threading.Event()

    def keep_asking() -> None:
        nonlocal asked
        while not stop.is_set():
            try:
                if (status := parent.ask()) != 200:
                    failures.append(status)
            except httpx2.HTTPError as error:
                failures.append(error)
            asked += 1

    threads = [threading.Thread(target=keep_asking) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        parent.process.send_signal(signal.SIGHUP)
        limit = time.monotonic() + PATIENCE_SECONDS
        while before & {child.pid for child in parent.children} or len(parent.children) != 2:
            assert time.monotonic() < limit
            time.sleep(0.1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert asked > 5
    parent.until("processes", 2)


def test_nothing_outlives_the_parent(authenticator_url: str, tmp_path: Path) -> None:
    with serve(authenticator_url, tmp_path) as parent:
        children = parent.children
        assert len(list(tmp_path.glob("scoville-metrics-*"))) == 1
        parent.process.kill()
        _, alive = psutil.wait_procs(children, PATIENCE_SECONDS)
        assert alive == []
    left = list(tmp_path.glob("scoville-metrics-*"))
    assert len(left) == 1
    with serve(authenticator_url, tmp_path) as parent:
        assert left[0] not in tmp_path.iterdir()
    assert parent.process.returncode == 0
    assert list(tmp_path.glob("scoville-metrics-*")) == []


@pytest.mark.parametrize(("workers", "given"), [("2", ("--metrics-port", "0")), ("1", ("--metrics-port", "0")), ("1", ())])
def test_on_a_public_address_metrics_have_a_port_of_their_own_or_none(
    authenticator_url: str, tmp_path: Path, workers: str, given: tuple[str, ...]
) -> None:
    command = [*COMMAND, "serve", "--host", "0.0.0.0", "--port", "0", "--workers", workers, *given]  # noqa: S104
    variables = {"DATABASE_URL": authenticator_url, "SCOVILLE_JWT_KEY": KEY, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=ROOT, env=environment(**variables), stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            said = process.stderr.readline()
            if not given:
                assert "/metrics answers 404" in said
                assert "SCOVILLE_METRICS_PORT" in said
                said = process.stderr.readline()
            found = re.findall("http://[^ ,\n]+", said)
            assert len(found) == 1 + bool(given), said
            limit = time.monotonic() + PATIENCE_SECONDS
            while _status(f"{found[0]}/healthz") != 200:
                assert time.monotonic() < limit
                time.sleep(0.1)
            assert [_status(f"{found[0]}/metrics") for _ in range(4)] == [404] * 4
            for url in found[1:]:
                assert "scoville_processes" in httpx2.get(url).text
                assert [_status(url.replace("metrics", path)) for path in ("healthz", "v1/skus")] == [200, 404]
        finally:
            process.terminate()
            process.communicate()  # reads all output: the process writes while it stops
    assert process.returncode == 0


def _status(url: str) -> int:
    try:
        return httpx2.get(url, headers={"connection": "close"}, timeout=PATIENCE_SECONDS).status_code
    except httpx2.TransportError:
        return 0


def test_processes_that_cannot_start_are_an_error(authenticator_url: str, tmp_path: Path) -> None:
    # The settings are valid for the parent and invalid for its children.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif 'PROMETHEUS_MULTIPROC_DIR' in os.environ: os.environ['SCOVILLE_JWT_KEY'] = 'short'\n"
    )
    given = {"DATABASE_URL": authenticator_url, "SCOVILLE_JWT_KEY": KEY, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run(
        [*COMMAND, "serve", "--port", "0", "--workers", "2"],
        cwd=tempfile.gettempdir(),
        env=environment(**given),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert "could not be started" in done.stderr.splitlines()[-1]
    assert "SCOVILLE_JWT_KEY is too short" in done.stderr
