"""Erasing a person over HTTP: the answer, repeats, dry runs, refusals, the register, and what readers of events get."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest

from pyapp.eventlog import recent as recent_events
from tests.http.conftest import Api, check_problem, key
from tests.patience import PATIENCE_SECONDS

ERASE = "/v1/customers/erase"
NOBODY = {"name": None, "email": None, "phone": None, "address": None}


def place(client: httpx2.Client, email: str, headers: dict[str, str] | None = None, **rest: Any) -> httpx2.Response:
    customer = {"name": "Jane Doe", "email": email, "address": "123 Hot St"}
    body = {"customer": customer, "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}], **rest}
    response = client.post("/v1/orders", json=body, headers=headers or key())
    assert response.status_code == 201, response.text
    return response


def streamed(client: httpx2.Client, after: str, until: str, about: str) -> str:
    """What a stream tells after a position, up to an event of this type about this order or erasure."""
    told = ""
    with client.stream("GET", "/v1/events/stream", params={"after": after}) as response:
        for text in response.iter_text():
            told += text
            _, found, rest = told.rpartition(f"event: {until}\n")
            if found and about in rest:
                break
    return told


def held(api: Api, until: str, about: str) -> str:
    """The events in the memory of the hub, once it has read one of this type about this order or erasure."""
    recent, deadline = api.live.hub.recent, time.monotonic() + PATIENCE_SECONDS
    while True:
        events = recent.after(recent.base, recent_events.EVENTS_MAX) or ()
        if events and any(event.type == until and about in event.body.decode() for event in events):
            return "".join(event.body.decode() for event in events)
        assert time.monotonic() < deadline, [event.type for event in events]
        time.sleep(0.01)


def ship(client: httpx2.Client, order_id: str) -> None:
    assert client.post(f"/v1/orders/{order_id}/fulfillments", json={}, headers=key()).status_code == 201


@pytest.fixture
def admin(module_api: Api) -> httpx2.Client:
    return module_api.client("admin")


def test_a_person_is_erased_and_the_order_stays(admin: httpx2.Client, module_api: Api) -> None:
    first = key()
    email = "first@example.com"
    placed = place(admin, email, first, note="Ring twice").json()
    ship(admin, placed["order_id"])
    before = admin.get(f"/v1/orders/{placed['order_id']}").json()
    mine = key()
    response = admin.post(ERASE, json={"email": email}, headers=mine)
    assert response.status_code == 200, response.text
    assert response.json()["orders"] == [placed["order_id"]]
    again = admin.post(ERASE, json={"email": email}, headers=mine)
    assert (again.headers["idempotency-replayed"], again.json()) == ("true", response.json())

    order = admin.get(f"/v1/orders/{placed['order_id']}").json()
    assert (order["customer"], order["note"], order["version"]) == (NOBODY, None, before["version"] + 1)
    assert {name: order[name] for name in ("items", "total_price", "created_at", "status", "allocations")} == {
        name: before[name] for name in ("items", "total_price", "created_at", "status", "allocations")
    }
    assert admin.get("/v1/orders", params={"customer": email}).json()["data"] == []
    body = {
        "customer": {"name": "Jane Doe", "email": email, "address": "123 Hot St"},
        "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}],
        "note": "Ring twice",
    }
    repeat = admin.post("/v1/orders", json=body, headers=first)
    assert repeat.headers["idempotency-replayed"] == "true"
    assert (repeat.json()["order_id"], repeat.json()["customer"]) == (placed["order_id"], NOBODY)

    register = admin.get("/v1/customers/erasures").json()["data"]
    assert register[0]["erasure_id"] == response.json()["erasure_id"]
    assert register[0]["orders"] == [placed["order_id"]]
    assert email not in str(register)
    audit = admin.get("/v1/audit", params={"key": placed["order_id"].rpartition("-")[2], "limit": 50}).text
    assert "Jane" not in audit
    assert email not in audit


def test_a_dry_run_tells_what_would_be_erased_and_erases_nothing(admin: httpx2.Client) -> None:
    placed = place(admin, "dry@example.com").json()
    ship(admin, placed["order_id"])
    told = admin.post(ERASE, params={"dry_run": "true"}, json={"email": "dry@example.com"}, headers=key()).json()
    assert told["orders"] == [placed["order_id"]]
    assert told["erased"]["answers"] == 2
    assert admin.get(f"/v1/orders/{placed['order_id']}").json()["customer"]["name"] == "Jane Doe"
    assert placed["order_id"] not in admin.get("/v1/customers/erasures").text


def test_open_orders_are_named(admin: httpx2.Client) -> None:
    placed = place(admin, "open@example.com").json()
    problem = check_problem(admin.post(ERASE, json={"email": "open@example.com"}, headers=key()), 409, "OR020")
    assert [error["order_id"] for error in problem["errors"]] == [placed["order_id"]]
    assert "include_open" in problem["detail"]
    erased = admin.post(ERASE, json={"email": "open@example.com", "include_open": True}, headers=key())
    assert erased.json()["orders"] == [placed["order_id"]]


BAD: list[tuple[dict[str, Any], int, str, str]] = [
    ({}, 422, "RQ422", "/email"),
    ({"email": "a@example.com", "order_ids": ["ORD-1-1001"]}, 422, "RQ422", "/email"),
    ({"email": "nobody"}, 422, "RQ422", "/email"),
    ({"order_ids": []}, 422, "RQ422", "/order_ids"),
    ({"order_ids": ["ORD-1-999999"]}, 404, "OR002", "/order_ids/0"),
    ({"email": "a@example.com", "name": "Jane Doe"}, 422, "RQ422", "/name"),
]


@pytest.mark.parametrize(("body", "status", "code", "pointer"), BAD)
def test_bad_input_is_named(admin: httpx2.Client, body: dict[str, Any], status: int, code: str, pointer: str) -> None:
    problem = check_problem(admin.post(ERASE, json=body, headers=key()), status, code)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_a_key_is_required_and_only_admins_erase(admin: httpx2.Client, module_api: Api) -> None:
    check_problem(admin.post(ERASE, json={"email": "a@example.com"}), 400, "ID003")
    sales = module_api.client("sales", channels=["web"])
    check_problem(sales.post(ERASE, json={"email": "a@example.com"}, headers=key()), 403, "RQ403")
    check_problem(sales.get("/v1/customers/erasures"), 403, "RQ403")


def test_readers_of_events_get_the_erased_ones(admin: httpx2.Client, module_api: Api) -> None:
    """The list, and the stream, whose events come from the memory of the hub."""
    email = "events@example.com"
    start = admin.get("/v1/events", params={"limit": 1}).json()["last"]
    placed = place(admin, email, note="Behind the shed").json()
    ship(admin, placed["order_id"])
    shop = module_api.client("sales", channels=["web"])
    assert "Jane Doe" in streamed(shop, start, "order.fulfilled", placed["order_id"])
    assert "Jane Doe" in held(module_api, "order.fulfilled", placed["order_id"])
    erasure = admin.post(ERASE, json={"email": email}, headers=key()).json()["erasure_id"]
    told = streamed(shop, start, "customer.erased", erasure)
    assert "Jane Doe" not in held(module_api, "customer.erased", erasure)
    listed = shop.get("/v1/events", params={"after": start, "subject": f"orders/{placed['order_id']}"})
    for text in (told, listed.text):
        assert "order.placed" in text
        assert "Jane Doe" not in text
        assert "shed" not in text
    for event in listed.json()["data"]:
        assert event["data"]["erased"] is True
        assert event["data"]["customer"] == {"name": None, "address": None}
    found = shop.get("/v1/events", params={"after": start, "types": "customer.erased"}).json()["data"]
    [erased] = [event for event in found if event["data"]["erasure_id"] == erasure]  # the log may hear late of earlier ones
    assert erased["data"]["orders"] == [{"order_id": placed["order_id"], "version": 3}]
