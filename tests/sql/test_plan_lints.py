"""Statements of full batches: no plan joins rows in vain, and none scans a table of ours.

A generic plan takes an array for 10 rows, whatever its length, and a trigger's table for as many rows as it had when the plan was
made. A nested loop that is right for them reads 128 x 128 rows of a full batch.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.types.numeric import Int2

from tests.prepared import AUTHENTICATOR_PASSWORD
from tests.sql.plans import explained, faults
from tests.world import WITHOUT_REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Server

BATCH = 128
FULFILLED = 40  # runs some fifty statements per order; 40 x 40 rows would be seen
SKUS = 300
CLAIMS = '{"sub": "till", "region": 1, "channels": ["web"], "warehouses": ["WH-1"]}'

Json = dict[str, Any]
Elements = list[Json]


def sku(number: int) -> str:
    return f"S-{number % SKUS}"


def keyed(elements: Elements) -> Elements:
    return [element | {"meta": {"actor": "till", "idempotency_key": str(uuid.uuid4())}} for element in elements]


def order(number: int) -> dict[str, Any]:
    """Two lines: the hot SKU and another one."""
    items = [{"sku_id": sku(number % (SKUS - 1) + 1), "quantity": 1}, {"sku_id": "S-0", "quantity": 1}]
    return {"channel": "web", "customer": {"name": "Jane", "email": "jane@example.com"}, "items": items}


def receipt(number: int) -> dict[str, Any]:
    return {"sku_id": sku(number), "warehouse_location": "WH-1", "stock": 100_000, "batch_number": "B"}


def adjustment(number: int) -> dict[str, Any]:
    return {"sku_id": sku(number), "warehouse_location": "WH-1", "delta": -1, "reason_code": "correction"}


def reservation(number: int) -> dict[str, Any]:
    return {"channel": "web", "items": [{"sku_id": sku(number), "quantity": 1}]}


LINES = [{"sku_id": sku(number), "quantity": 3} for number in range(BATCH)]
ARRIVALS = [{"sku_id": sku(number), "batch_number": "B", "received": 1, "damaged": 1} for number in range(BATCH)]

ELEMENTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "receive_stock": receipt,
    "adjust_stock": adjustment,
    "reserve_stock": reservation,
    "place_orders": order,
}


def run(session: psycopg.Connection[Any], command: str, elements: Elements) -> list[Any]:
    """The documents of a batch in its own transaction."""
    region = [] if command in WITHOUT_REGION else [Int2(1)]
    query = f"select code, body from api.{command}({', '.join(['%s'] * (len(region) + 1))}) order by ordinal"
    with session.transaction():
        session.execute("select app.enter('admin', %s)", [CLAIMS])
        rows = session.execute(query.encode(), [*region, json.dumps(keyed(elements))]).fetchall()
    assert {code for code, _ in rows} == {None}, rows[0]
    return [body for _, body in rows]


@pytest.fixture(scope="module")
def till(server: Server, module_clone: str) -> Iterator[psycopg.Connection[Any]]:
    """A session of a shop that has sold something, with the statistics of then."""
    with psycopg.connect(server.url(module_clone, "authenticator", AUTHENTICATOR_PASSWORD), autocommit=True) as session:
        run(session, "save_warehouses", [{"warehouse_id": "WH-1", "name": "One"}])
        run(session, "save_channels", [{"channel_id": "web", "name": "Web", "warehouses": ["WH-1"]}])
        run(session, "save_skus", [{"sku_id": sku(n), "name": f"Sauce {n}", "price": 4.5} for n in range(SKUS)])
        for command, element in ELEMENTS.items():
            run(session, command, [element(n) for n in range(SKUS)])
        with psycopg.connect(server.url(module_clone), autocommit=True) as connection:
            connection.execute("vacuum analyze")
        yield session


@pytest.mark.parametrize("command", [*ELEMENTS, "fulfill_orders", "cancel_orders"])
def test_a_full_batch_reads_by_key(till: psycopg.Connection[Any], server: Server, module_clone: str, command: str) -> None:
    if command in ELEMENTS:
        elements = [ELEMENTS[command](n) for n in range(BATCH + 1)]
    else:
        number = FULFILLED if command == "fulfill_orders" else BATCH
        elements = [{"order_id": body["order_id"]} for body in run(till, "place_orders", [order(n) for n in range(number + 1)])]
    with explained(server.url(module_clone)) as (session, plans):
        run(session, command, elements[:1])  # its plans are kept: they are made for one row
        plans.clear()
        run(session, command, elements[1:])
    assert len(plans) > 5, "nothing was explained"
    assert [fault for plan in plans for fault in faults(plan)] == []


def test_a_large_transfer_reads_by_key(till: psycopg.Connection[Any], server: Server, module_clone: str) -> None:
    """Not many transfers, but one of many SKUs."""
    run(till, "save_warehouses", [{"warehouse_id": "WH-2", "name": "Two"}])
    ends = {"from_warehouse_location": "WH-1", "to_warehouse_location": "WH-2"}
    small, large = run(till, "save_transfers", [ends | {"items": LINES[:1]}, ends | {"items": LINES}])
    steps: list[tuple[str, Json]] = [
        ("ship_transfers", {}),
        ("receive_transfers", {"items": ARRIVALS}),
        ("close_transfers", {"rest": "taken_back"}),
    ]
    with explained(server.url(module_clone)) as (session, plans):
        for command, element in steps:
            items = {"items": element["items"][:1]} if "items" in element else {}
            run(session, command, [element | items | {"transfer_id": small["transfer_id"]}])
        plans.clear()
        for command, element in steps:
            run(session, command, [element | {"transfer_id": large["transfer_id"]}])
    assert len(plans) > 5, "nothing was explained"
    assert [fault for plan in plans for fault in faults(plan)] == []


def delivered(number: int) -> Json:
    """A line of a delivery: a new lot, good or damaged, or refused units."""
    item = {"sku_id": sku(number), "quantity": 2}
    if number % 3 == 2:
        return item | {"condition": "refused", "reason_code": "damaged"}
    return item | {"batch_number": f"P-{number}", "condition": ("good", "damaged")[number % 3]}


def test_a_large_purchase_reads_by_key(till: psycopg.Connection[Any], server: Server, module_clone: str) -> None:
    """One purchase of many SKUs, and deliveries of many lots."""
    run(till, "save_suppliers", [{"supplier_id": "ACME", "name": "Acme"}])
    ordered = {"supplier_id": "ACME", "warehouse_location": "WH-1", "expected_on": "2040-01-01"}

    def story(session: psycopg.Connection[Any], units: int) -> None:
        [drafted] = run(session, "save_purchases", [ordered | {"items": LINES[:units]}])
        name = {"purchase_id": drafted["purchase_id"]}
        run(session, "order_purchases", [name])
        run(session, "save_purchases", [name | {"items": [line | {"quantity": 4} for line in LINES[:units]]}])
        for _ in range(2):  # the lots are new, then known
            items = [delivered(number) for number in range(units)]
            run(session, "receive_purchases", [name | {"items": items, "accept_over": True}])
        run(session, "close_purchases", [name | {"reason": "late"}])

    with explained(server.url(module_clone)) as (session, plans):
        story(session, 3)
        plans.clear()
        story(session, BATCH)
    assert len(plans) > 5, "nothing was explained"
    assert [fault for plan in plans for fault in faults(plan)] == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "select from unnest(array_fill(1, array[128])) a (n) join unnest(array_fill(2, array[128])) b (n) on a.n > b.n",
            "in vain",
        ),
        ("select from catalog.skus s where s.name = 'Sauce 1'", "scans catalog.skus"),
        ("select from catalog.skus s where s.sku_id = 'S-1'", None),
    ],
)
def test_the_lint_finds_what_it_is_for(
    till: psycopg.Connection[Any], server: Server, module_clone: str, statement: str, fault: str | None
) -> None:
    with explained(server.url(module_clone)) as (session, plans):
        session.execute("reset session authorization")
        session.execute(f"do $$ begin perform 1 from ({statement}) found; end $$".encode())
        found = [said for plan in plans for said in faults(plan)]
    assert [said for said in found if fault and fault in said] == found
    assert bool(found) is bool(fault)
