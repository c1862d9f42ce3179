"""W3C Trace Context: a valid traceparent appears in logs, problem documents and events; an invalid one is ignored."""

from __future__ import annotations

import json
import logging
import time

import httpx2
import pytest

from pyapp.metrics import trace
from pyapp.metrics.logs import JsonFormatter
from tests.http.conftest import check_problem
from tests.patience import PATIENCE_SECONDS

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GOOD = f"00-{TRACE}-00f067aa0ba902b7-01"
GARBAGE = [
    "",
    "garbage",
    GOOD.upper(),
    f"ff-{TRACE}-00f067aa0ba902b7-01",
    f"00-{'0' * 32}-00f067aa0ba902b7-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"{GOOD}-more",
    f"00-{TRACE[:-1]}-00f067aa0ba902b7-01",
    f"00-{TRACE}-00f067aa0ba902b7-1",
    f"00-{TRACE}-00f067aa0ba902bg-01",
    f"0-{TRACE}-00f067aa0ba902b7-01",
    f"00-{TRACE}-00f067aa0ba902b7-01\u0661",
    "x" * 10000,
]


@pytest.mark.parametrize("header", GARBAGE)
def test_garbage_is_none(header: str) -> None:
    assert trace.read(header) is None


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (GOOD, GOOD),
        (f" \t{GOOD} ", GOOD),
        (f"00-{TRACE}-00f067aa0ba902b7-00", f"00-{TRACE}-00f067aa0ba902b7-00"),
        # A later version: the known fields are read like ours.
        (f"cc-{TRACE}-00f067aa0ba902b7-03", GOOD),
        (f"cc-{TRACE}-00f067aa0ba902b7-02-what-the-future-will-be-like", f"00-{TRACE}-00f067aa0ba902b7-00"),
    ],
)
def test_a_good_one_is_read_in_our_version(header: str, read: str) -> None:
    assert trace.read(header) == read


def test_the_trace_stands_in_log_and_problem_document(stocked: httpx2.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scoville.access"):
        raised = stocked.get("/v1/inventory/NONE", headers={"traceparent": GOOD})
        adjustment = {"sku_id": "NONE", "warehouse_location": "WH-01", "delta": 1, "reason_code": "found"}
        refused = stocked.post("/v1/inventory/adjust", json=adjustment, headers={"traceparent": GOOD, "idempotency-key": "k"})
        without = stocked.get("/v1/inventory/NONE")
        garbage = stocked.get("/v1/inventory/NONE", headers={"traceparent": GARBAGE[1]})
        twice = stocked.get("/v1/inventory/NONE", headers=[("traceparent", GOOD), ("traceparent", GOOD)])
        limit = time.monotonic() + PATIENCE_SECONDS
        while sum(record.name == "scoville.access" for record in caplog.records) < 5:  # written after the response is sent
            assert time.monotonic() < limit
            time.sleep(0.01)
    assert check_problem(raised, 404, "ST010")["trace_id"] == TRACE
    assert check_problem(refused, 422, "ST002")["trace_id"] == TRACE
    for response in (without, garbage, twice):
        assert "trace_id" not in check_problem(response, 404, "ST010")
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records if record.name == "scoville.access"]
    assert [line.get("trace_id") for line in lines] == [TRACE, TRACE, None, None, None]
    # The response carries its request ID, but not the trace: the Recommendation defines no response header.
    assert "traceparent" not in raised.headers
