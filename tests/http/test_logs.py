"""Logs: one line of JSON per request, without tokens, keys or e-mail addresses."""

from __future__ import annotations

import json
import logging
import re
import time

import httpx2
import pytest

from pyapp.metrics.logs import JsonFormatter
from tests.calls import ORDER
from tests.http.conftest import KEY, Api, key
from tests.patience import PATIENCE_SECONDS


def test_every_request_leaves_a_line_without_secrets(stocked: httpx2.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        stocked.get("/v1/orders?customer=jane@example.com", headers={"x-request-id": "one"})
        stocked.post("/v1/orders", json=ORDER, headers={"idempotency-key": "canary-key", "x-request-id": "two"})
        stocked.post("/v1/orders", content=b"{", headers=key() | {"content-type": "application/json"})
    lines = [JsonFormatter().format(record) for record in caplog.records]
    access = [line for line in map(json.loads, lines) if line["logger"] == "scoville.access"]
    assert [(line["method"], line["path"], line["status"]) for line in access] == [
        ("GET", "/v1/orders", 200),
        ("POST", "/v1/orders", 201),
        ("POST", "/v1/orders", 400),
    ]
    assert [line["request_id"].partition(":")[2] for line in access[:2]] == ["one", "two"]
    ours = "\n".join(line for line in lines if '"logger":"scoville' in line or '"logger":"psycopg' in line)
    token = stocked.headers["authorization"].split()[1]
    for secret in ("jane@example.com", "Jane", "canary-key", token, token.split(".")[2], KEY):
        assert secret not in ours


def test_a_line_names_the_problem_the_address_and_a_repeat(stocked: httpx2.Client, caplog: pytest.LogCaptureFixture) -> None:
    order = {"customer": {"name": "Jane"}, "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]}
    too_many = order | {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 999_999}]}
    repeated = key()
    with caplog.at_level(logging.INFO, "scoville.access"):
        for headers in (repeated, repeated, key()):
            stocked.post("/v1/orders", json=order if headers is repeated else too_many, headers=headers)
        stocked.post("/v1/orders", json=[order, too_many, {**too_many, "channel": "none"}], headers=key())
        stocked.get("/v1/nothing")
        stocked.get("/v1/orders?limit=0")
        stocked.delete("/v1/orders")
        stocked.post("/v1/oauth/token", data={"grant_type": "client_credentials"})
        limit = time.monotonic() + PATIENCE_SECONDS
        while len(caplog.records) < 8:  # the line is written after the response is sent
            assert time.monotonic() < limit
            time.sleep(0.01)
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records if record.name == "scoville.access"]
    assert {line["address"] for line in lines} == {"127.0.0.1"}
    assert [(line["status"], line.get("code"), line.get("refused"), line.get("replayed")) for line in lines] == [
        (201, None, None, None),
        (201, None, None, True),
        (409, "ST001", None, None),
        (207, None, {"ST001": 1, "OR008": 1}, None),
        (404, "RQ404", None, None),
        (400, "RQ400", None, None),
        (405, "RQ405", None, None),
        (401, "RQ401", None, None),
    ]


def test_an_exception_is_one_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", None, (type(error), error, error.__traceback__))
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert "ValueError" in json.loads(text)["exception"]


def test_a_line_names_route_and_principal_and_no_e_mail(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scoville.access"):
        api.client("sales", subject="shop-7", channels=["web"]).get("/v1/orders/ORD-1-1")
        api.client("sales", subject="jane@example.com", channels=["web"]).get("/v1/orders/jane@example.com")
        api.client().get("/v1/orders")
        limit = time.monotonic() + PATIENCE_SECONDS
        while len(caplog.records) < 3:  # the line is written after the response is sent
            assert time.monotonic() < limit
            time.sleep(0.01)
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records if record.name == "scoville.access"]
    assert [(line["route"], line.get("path"), line["status"]) for line in lines] == [
        ("/v1/orders/{order_id}", "/v1/orders/ORD-1-1", 404),
        ("/v1/orders/{order_id}", None, 404),
        ("/v1/orders", "/v1/orders", 401),
    ]
    principals = [line.get("principal") for line in lines]
    assert principals[0] == "shop-7"
    assert re.fullmatch("sha256:[0-9a-f]{16}", principals[1])
    assert principals[2] is None
    assert "jane" not in json.dumps(lines)
