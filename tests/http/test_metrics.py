"""GET /metrics: metrics, labels and access."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import httpx2
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pyapp import metrics
from pyapp.database.lanes import UNDER_WAY_MAX
from pyapp.metrics import exposition
from pyapp.settings import Settings
from pyapp.worker.business import FIGURES, Figures
from tests.calls import ORDER
from tests.http.conftest import KEY, Api, check_problem, key, run_server
from tests.patience import PATIENCE_SECONDS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"

Read = Callable[..., float]


def reader(client: httpx2.Client) -> Read:
    """`read(name, label=value)`: the sum of the samples with these labels.

    Gauges are reread `until` they reach the value: other tests' servers in this process set the same gauges.
    """

    def read(name: str, **labels: str) -> float:
        # Parses this metric only: parsing all metrics of a whole test run takes a second.
        lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith(f"scoville_{name}")]
        return sum(
            sample.value
            for family in text_string_to_metric_families("\n".join([*lines, ""]))
            for sample in family.samples
            if sample.name == f"scoville_{name}" and labels.items() <= sample.labels.items()
        )

    return read


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request gets the values of its moment, so that tests need not wait for the next second."""
    monkeypatch.setattr(exposition, "SHARED_SECONDS", 0.0)


@pytest.fixture
def read(api: Api) -> Read:
    return reader(api.client())


def until(said: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not said():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_requests_are_counted_by_route_template_and_status(stocked: httpx2.Client, read: Read) -> None:
    def counted(status: str) -> float:
        return read("http_requests_total", method="GET", route="/v1/inventory/{sku_id}", status=status)

    found, missing = counted("200"), counted("404")
    timed = read("http_request_duration_seconds_count", method="GET", route="/v1/inventory/{sku_id}")
    stocked.get("/v1/inventory/HOTSAUCE-001")
    stocked.get("/v1/inventory/HOTSAUCE-001")  # from cache
    stocked.get("/v1/inventory/HOTSAUCE-001", headers={"cache-control": "no-cache"})
    stocked.get("/v1/inventory/NONE")
    assert (counted("200") - found, counted("404") - missing) == (3, 1)
    assert read("http_request_duration_seconds_count", method="GET", route="/v1/inventory/{sku_id}") - timed == 4
    # 405 responses have the route, too. A path parameter with a slash is labeled as in the documentation.
    stocked.delete("/v1/inventory")
    assert read("http_requests_total", method="DELETE", route="/v1/inventory", status="405") >= 1
    stocked.patch("/v1/inventory/HOTSAUCE-001/batches/2024/04", json={"status": "on_hold"})
    assert read("http_requests_total", method="PATCH", route="/v1/inventory/{sku_id}/batches/{batch_number}") >= 1


def test_nothing_that_a_client_makes_up_becomes_a_label(api: Api, read: Read) -> None:
    client = api.client("admin")
    before = read("http_requests_total", route="unmatched", status="404")
    for number in range(5):
        client.get(f"/v1/made-up-{number}")
        client.request(("PROPFIND", "TRACE", "MKCOL", "REPORT", "SEARCH")[number], "/v1/orders")
        client.get("/healthz", headers={"x-request-id": "made-up-id", "user-agent": "made-up-agent"})
    assert read("http_requests_total", route="unmatched", status="404") - before == 5
    assert read("http_requests_total", method="other", route="/v1/orders", status="405") >= 5
    assert not re.search("made-up|PROPFIND|SEARCH", client.get("/metrics").text)


def test_it_says_nothing_about_anybody(stocked: httpx2.Client, read: Read) -> None:
    assert stocked.post("/v1/orders", json=ORDER, headers=key()).status_code == 201
    stocked.get("/v1/orders", params={"customer": "jane@example.com"})
    text = httpx2.get(f"{stocked.base_url}/metrics").text
    for secret in ("jane", "Jane", "HOTSAUCE", "ORD-", "postgres", KEY, stocked.headers["authorization"][7:30]):
        assert secret not in text
    assert read("lane_batch_elements_count", function="place_orders") >= 1


def test_a_batch_a_pool_and_a_sequencer_show(stocked: httpx2.Client, read: Read) -> None:
    orders, batches = read("lane_batch_elements_sum", function="place_orders"), read("lane_batch_elements_count")
    uses, moved = read("pool_requests_total"), read("sequencer_events_total")
    for _ in range(3):
        assert stocked.post("/v1/orders", json=ORDER | {"order_id": "x"}, headers=key()).status_code in (201, 409)
    assert read("lane_batch_elements_sum", function="place_orders") - orders == 3
    assert read("lane_batch_elements_count") - batches == 3
    assert read("pool_requests_total") - uses >= 3
    until(lambda: read("pool_connections_max") == 16)
    until(lambda: read("pool_connections") >= 1)
    until(lambda: read("sequencer_events_total") > moved)
    until(lambda: read("live_events_total") > 0)
    until(lambda: read("sequencer_connected") == read("live_connected") == read("processes") == 1)
    assert read("process_resident_memory_bytes") > 1e7
    assert read("build_info") == 1


def test_what_is_under_way_and_waits_shows(stocked: httpx2.Client, read: Read, connection: psycopg.Connection[object]) -> None:
    threads = [
        threading.Thread(
            target=stocked.post, args=("/v1/orders",), kwargs={"json": ORDER | {"order_id": str(n)}, "headers": key()}
        )
        for n in range(4)
    ]
    with connection.transaction():
        connection.execute("select from stock.stock_levels for update")
        # Threads start one by one, or the first batch would take several orders. Finally every batch slot is in use and the other
        # orders wait. The request that reads the metric also counts.
        for number, thread in enumerate(threads, start=1):
            thread.start()
            until(lambda number=number: read("http_requests_in_flight") == 1 + number)  # type: ignore[misc]
            until(lambda: read("pool_connections", state="busy") >= 1)
        until(lambda: read("lane_queued_elements") == 4 - UNDER_WAY_MAX)
        until(lambda: read("lanes") == 1)
        until(lambda: read("pool_connections", state="busy") >= UNDER_WAY_MAX)
    for thread in threads:
        thread.join()
    until(lambda: read("http_requests_in_flight") == 1)
    until(lambda: read("lane_queued_elements") == read("lanes") == 0)


def test_callers_that_get_no_connection_are_counted(
    server: object, authenticator_url: str, monkeypatch: pytest.MonkeyPatch, connection: psycopg.Connection[object]
) -> None:
    monkeypatch.setattr("pyapp.database.calls.POOL_WAIT_SECONDS", 0.3)
    with run_server(authenticator_url, pool_size=1) as api:
        read, admin = reader(api.client()), api.client("admin")
        admin.get("/v1/skus")
        before = read("pool_refusals_total", reason="timeout")
        with connection.transaction():
            connection.execute("lock table catalog.skus")
            first = threading.Thread(target=admin.get, args=("/v1/skus",))
            first.start()
            until(lambda: read("pool_connections", state="busy") == 1)
            check_problem(admin.get("/v1/orders"), 503, "RQ503")
        first.join()
        assert read("pool_refusals_total", reason="timeout") - before == 1
        assert read("http_requests_total", route="/v1/orders", status="503") >= 1


def test_a_stream_is_no_slow_request(api: Api, read: Read) -> None:
    before = read("live_streams")
    with api.client("admin").stream("GET", "/v1/events/stream") as stream:
        lines = stream.iter_lines()  # keep a reference: deleting it closes the connection
        next(lines)
        until(lambda: read("live_streams") - before == 1)
    until(lambda: read("live_streams") == before)
    until(lambda: read("http_requests_total", route="/v1/events/stream", status="200") >= 1)
    assert read("http_request_duration_seconds_count", route="/v1/events/stream") == 0


def test_it_is_open_unless_it_has_a_token(authenticator_url: str) -> None:
    with run_server(authenticator_url) as api:
        response = api.client().get("/metrics")
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert response.headers["cache-control"] == "no-store"
    with run_server(authenticator_url, metrics_token="a token for metrics") as api:
        client = api.client()
        for headers in ({}, {"authorization": "Bearer another"}, {"authorization": "Basic a token for metrics"}):
            check_problem(client.get("/metrics", headers=headers), 401, "RQ401")
        check_problem(api.client("admin").get("/metrics"), 401, "RQ401")
        assert client.get("/metrics", headers={"authorization": "Bearer a token for metrics"}).status_code == 200


def test_who_asks_within_a_second_gets_the_same_text(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposition, "SHARED_SECONDS", 2.0)
    written = []

    def render() -> bytes:
        written.append(time.monotonic())
        return b"# the metrics\n"

    def ask(_: int) -> bytes:
        return httpx2.get(f"{api.url}/metrics").content

    monkeypatch.setattr(exposition, "render", render)
    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(ask, range(100))) == {b"# the metrics\n"}
    assert all(later - earlier > 1.0 for earlier, later in pairwise(written))
    time.sleep(2.0)
    ask(0)
    assert len(written) >= 2


def test_on_a_public_address_there_are_none_without_a_token(authenticator_url: str) -> None:
    """The own port: tests/cli/test_processes.py."""
    with run_server(authenticator_url, host="0.0.0.0") as api:  # noqa: S104 (the tests' server listens on 127.0.0.1 nevertheless)
        check_problem(api.client().get("/metrics"), 404, "RQ404")
    with run_server(authenticator_url, host="0.0.0.0", metrics_token="a token for metrics") as api:  # noqa: S104
        check_problem(api.client().get("/metrics"), 401, "RQ401")
        assert api.client().get("/metrics", headers={"authorization": "Bearer a token for metrics"}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1", "0.0.0.0", "::", "10.0.0.7", "shop.example"])  # noqa: S104
def test_an_address_is_public_unless_it_is_of_this_machine(host: str) -> None:
    assert Settings(host=host).is_local is (host in ("127.0.0.1", "127.9.9.9", "localhost", "::1"))


def test_names_and_units_are_as_prometheus_wants_them(stocked: httpx2.Client) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not here: .ci/tools installs it for root")
    text = stocked.get("/metrics").text
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def declared() -> list[tuple[str, str, str, str]]:
    """Name, type, labels and help text of every metric."""
    rows = []
    for family in metrics.REGISTRY.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        collector = metrics.REGISTRY._names_to_collectors[family.name]
        labels = getattr(collector, "_labelnames", ())
        rows.append((name, family.type, ", ".join(labels), family.documentation))
    for name, (help_, labels) in FIGURES.items():
        rows.append((f"scoville_{name}", "gauge", ", ".join(labels), help_))
    return rows


def test_the_reference_lists_every_metric_and_no_other() -> None:
    rows = [f"| `{name}` | {type_} | {labels} | {help_} |" for name, type_, labels, help_ in declared()]
    listed = [line for line in REFERENCE.read_text(encoding="utf-8").splitlines() if line.startswith("| `scoville_")]
    assert listed == rows


def test_figures_that_are_old_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyapp.worker.business import Row

    figures = Figures()
    assert list(figures.collect()) == []
    figures.measured([Row("holds", {"region": "1"}, 3.0)])
    assert [family.name for family in figures.collect()] == ["scoville_holds"]
    monkeypatch.setattr("pyapp.worker.business.time.monotonic", lambda: time.perf_counter() + 1e9)
    assert list(figures.collect()) == []
