"""The AsyncAPI document is valid and complete, and the messages really sent match it."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import psycopg
import pytest

from pyapp.api.event_types import DATA, Event
from pyapp.describe import asyncapi
from pyapp.eventlog.types import AUDIENCES, EVENT_TYPES
from tests import event_log
from tests.conftest import AsRole
from tests.docs.spectral import lint
from tests.http.conftest import Api, key
from tests.live.conftest import Shop, shop
from tests.world import Shop as World

__all__ = ["shop"]

DOCUMENT = asyncapi.build()
SCHEMAS = DOCUMENT["components"]["schemas"]
# Off: the document uses 3.0, not the newest version, and names no contact, since the operator is unknown.
RULES = {"extends": ["spectral:asyncapi"], "rules": {"asyncapi-latest-version": "off", "asyncapi-info-contact": "off"}}


def check(payload: object, name: str) -> None:
    """Validates against the payload of this message."""
    schema = {**DOCUMENT["components"]["messages"][name]["payload"], "components": DOCUMENT["components"]}
    jsonschema.validate(payload, schema)


def test_spectral_finds_nothing(tmp_path: Path) -> None:
    broken = json.loads(json.dumps(DOCUMENT))
    broken["channels"]["inventory"]["messages"]["pong"]["$ref"] = "#/components/messages/nothing"
    found = lint({"good": DOCUMENT, "broken": broken}, tmp_path, RULES)
    assert found["good"] == []
    assert found["broken"] != []


def test_it_is_served_and_shown(shared_api: Api) -> None:
    client = shared_api.client()
    assert client.get("/asyncapi.json").json() == DOCUMENT
    text = client.get("/docs/live").text
    for name, channel in DOCUMENT["channels"].items():
        assert f'id="{name}"' in text
        assert channel["address"] in text
        for message in channel["messages"]:
            assert f"<h3><code>{DOCUMENT['components']['messages'][message]['name']}</code></h3>" in text
    assert "4408" in text
    assert 'href="/docs/live"' in client.get("/docs").text


def do_everything(shop: Shop, as_role: AsRole) -> None:
    """Causes at least one event of each type about stock, orders, reservations, lots and catalog."""

    def post(path: str, body: object, method: str = "POST") -> dict[str, Any]:
        return shop.done(shop.admin.request(method, path, json=body, headers=key()))

    post("/v1/skus", {"sku_id": "HOT", "name": "Hot", "price": 5, "reorder_point": 3})
    post("/v1/skus/HOT", {"name": "Hotter"}, "PATCH")
    soon = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)).date().isoformat()
    receipt = {"sku_id": "HOT", "warehouse_location": "WH-01", "stock": 20, "batch_number": "B-1", "expiration_date": soon}
    post("/v1/inventory", receipt)
    items = [{"sku_id": "HOT", "quantity": 2}]
    customer = {"name": "Jane Doe", "email": "jane@example.com", "address": "123 Hot St"}
    held = post("/v1/reservations", {"items": items, "channel": "web"})["reservation_id"]
    post(f"/v1/reservations/{held}", {"ttl_seconds": 60}, "PATCH")
    post(f"/v1/reservations/{held}", {}, "DELETE")
    held = post("/v1/reservations", {"items": items, "channel": "web"})["reservation_id"]
    order = post("/v1/orders", {"customer": customer, "channel": "web", "reservation_id": held})["order_id"]
    post(f"/v1/orders/{order}", {"items": [{"sku_id": "HOT", "quantity": 1}]}, "PATCH")
    post(f"/v1/orders/{order}/fulfillments", {"tracking_number": "T-1"})
    order = post("/v1/orders", {"customer": customer, "channel": "web", "items": items})["order_id"]
    post(f"/v1/orders/{order}/cancel", {"reason": "customer"}, "PUT")
    for delta in (-17, -2, 1):  # low, out of stock, back in stock
        shop.adjust("HOT", delta)
    post("/v1/inventory/HOT/batches/B-1", {"status": "quarantined", "note": "smells"}, "PATCH")
    post("/v1/inventory/HOT/batches/B-1", {"status": "available", "note": "fine"}, "PATCH")
    post("/v1/reservations", {"items": [{"sku_id": "HOT", "quantity": 1}], "channel": "web"})
    with as_role("scoville_worker") as c:
        c.execute("select jobs.announce_expiring_lots(1::smallint, 100)")
        c.execute("select set_config('scoville.now', (now() + interval '1 hour')::text, true)")
        c.execute("select jobs.expire_reservations(1::smallint, 100)")


@pytest.mark.parametrize("name", DOCUMENT["components"]["messages"])
def test_each_example_is_such_a_message(name: str) -> None:
    for example in DOCUMENT["components"]["messages"][name]["examples"]:
        check(example["payload"], name)


def test_it_knows_the_types_of_events_that_the_database_knows(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute("select type, audience, about, says from events.event_types").fetchall()
    assert set(rows) == set(EVENT_TYPES.values())
    assert EVENT_TYPES.keys() == DATA.keys()
    [(audiences,)] = connection.execute(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'event_types_audience_is_known_check'"
    ).fetchall()
    assert set(re.findall(r"'(\w+)'", audiences)) == set(AUDIENCES)


def test_a_socket_says_what_is_described(shop: Shop) -> None:
    shop.receive("HOT")
    for role in ("admin", "integration"):
        socket = shop.connect(role, channels=["web"])
        socket.subscribe(after="0123456789ab:1")
        socket.receive()
        socket.snapshot()
        shop.adjust("HOT")
        socket.receive()
        socket.send(type="ping")
        socket.receive()
        socket.send(type="fire")
        socket.receive()
        assert [message["type"] for message in socket.told] == ["reset", "snapshot", "changes", "pong", "error"]
        for message in socket.told:
            check(message, message["type"])


def test_events_of_requests_are_what_is_described(shop: Shop, as_role: AsRole) -> None:
    do_everything(shop, as_role)
    end = shop.settle()
    rows = shop.connection.execute("select type, events.document(e) from events.event_log e order by seq").fetchall()
    assert len(rows) == int(end.partition(":")[2])
    assert len(check_events(rows)) == 26


def test_events_of_every_type_are_what_is_described(connection: psycopg.Connection[Any], as_role: AsRole) -> None:
    world = World(as_role, connection)
    world.furnish()
    event_log.do_everything(world)
    event_log.sequence(world)
    rows = connection.execute("select type, events.document(e) from events.event_log e order by seq").fetchall()
    assert check_events(rows) == set(DATA) - {"webhook.disabled", "webhook.test"}


def check_events(rows: list[tuple[str, Any]]) -> set[str]:
    """Validates each event; returns the event types."""
    for type_, event in rows:
        msgspec.convert(event, Event, strict=False)
        msgspec.convert(event["data"], DATA[type_], strict=False)
        check(event, type_)
    return {type_ for type_, _ in rows}
