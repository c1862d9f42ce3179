"""Orders for sold-out SKUs are refused from cache for a moment; replays still get their response; new stock sells at once."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import psycopg
import pytest

from pyapp.cache import refusals
from pyapp.database.calls import Database
from pyapp.database.commands import Command, Result, Transactions, Wanted
from pyapp.database.lanes import Lanes
from pyapp.eventlog.hub import Hub
from pyapp.eventlog.levels import Change
from pyapp.eventlog.messages import Level
from pyapp.identity.tokens import Identity
from tests.calls import SKU
from tests.http.conftest import Api, check_problem, key
from tests.http.orders import lines, place
from tests.patience import PATIENCE_SECONDS


def sell_out(client: httpx2.Client) -> dict[str, str]:
    """Orders the whole stock; returns the key."""
    keys = key()
    assert place(client, lines(350), **keys).status_code == 201
    return keys


def refuse_from_memory(api: Api, client: httpx2.Client, order: dict[str, Any] | None = None) -> httpx2.Response:
    """The first refusal without a call of place_orders."""
    limit = time.monotonic() + PATIENCE_SECONDS
    refused = api.refusals.refused
    while True:
        response = place(client, order or lines(1))
        check_problem(response, 409, "ST001")
        if api.refusals.refused > refused:
            return response
        assert time.monotonic() < limit, "no refusal came from the cache"


def test_a_refusal_from_memory_is_the_database_s_own(api: Api, stocked: httpx2.Client, sales: httpx2.Client) -> None:
    sell_out(sales)
    asked = place(sales, lines(1)).json()
    again = refuse_from_memory(api, sales).json()
    assert {**again, "request_id": ""} == {**asked, "request_id": ""}
    [error] = again["errors"]
    assert (error["pointer"], error["requested"], error["available"]) == ("/items/0/quantity", 1, 0)


def test_a_repeat_gets_its_answer_though_all_is_sold(api: Api, stocked: httpx2.Client, sales: httpx2.Client) -> None:
    keys, order = key(), lines(1)
    placed = place(sales, order, **keys)
    assert placed.status_code == 201
    assert place(sales, lines(349)).status_code == 201
    for _ in range(30):
        refuse_from_memory(api, sales)
        repeated = place(sales, order, **keys)
        assert repeated.status_code == 201
        assert repeated.headers["idempotency-replayed"] == "true"
        assert repeated.content == placed.content
        check_problem(place(sales, lines(1) | {"note": "another payload"}, **keys), 422, "ID001")


def test_a_number_that_was_used_is_refused_as_such(api: Api, stocked: httpx2.Client, sales: httpx2.Client) -> None:
    placed = place(sales, lines(350) | {"external_id": "SHOP-1"})
    assert placed.status_code == 201
    refuse_from_memory(api, sales, lines(1) | {"external_id": "SHOP-2"})
    problem = check_problem(place(sales, lines(1) | {"external_id": "SHOP-1"}), 409, "OR005")
    assert problem["errors"][0]["order_id"] == placed.json()["order_id"]


def test_a_refusal_is_about_one_wish_only(api: Api, stocked: httpx2.Client, sales: httpx2.Client) -> None:
    assert place(sales, lines(340)).status_code == 201
    refuse_from_memory(api, sales, lines(11))
    assert place(sales, lines(10)).status_code == 201


def test_what_comes_in_is_sold_within_a_moment(api: Api, stocked: httpx2.Client, sales: httpx2.Client) -> None:
    sell_out(sales)
    refuse_from_memory(api, sales)
    assert stocked.post("/v1/inventory", json=SKU | {"stock": 5}, headers=key()).status_code == 201
    time.sleep(refusals.FRESH_SECONDS)
    assert place(sales, lines(1)).status_code == 201


REFUSED = Result("ST001", False, b"{}")
SHOP = Identity("sales", "shop", (), ("web",))
PLACE = "select * from api.place_orders($1, $2)"


def order_of(sku_id: str = "HOTSAUCE-001", quantity: int = 1) -> refusals.OrderKey:
    return refusals.OrderKey(1, (), Wanted((sku_id,), (quantity,)))


class Clock:
    """The time of the cache, which stands still."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(refusals, "time", clock)
    return clock


@pytest.fixture
def kept() -> refusals.Refusals:
    database = Database("postgresql://", 1)
    return refusals.Refusals(Transactions(database), Hub("", database))


def test_a_refusal_that_was_under_way_does_not_outlive_a_receipt(kept: refusals.Refusals) -> None:
    asked = time.monotonic()
    kept.on_reset("a receipt was booked")
    kept.keep(order_of(), asked, REFUSED)
    assert kept.find(order_of()) is None
    kept.keep(order_of(), time.monotonic(), REFUSED)
    assert kept.find(order_of()) is not None


def test_a_refusal_from_memory_wakes_no_sequencer(authenticator_url: str) -> None:
    async def run() -> None:
        database, woken = Database(authenticator_url, 1), 0

        def wake() -> None:
            nonlocal woken
            woken += 1

        database.on_write = wake
        await database.open()
        kept = refusals.Refusals(Lanes(Transactions(database)), Hub("", database))
        wanted = Wanted(("HOTSAUCE-001",), ())
        order = json.dumps(lines(1) | {"channel": "web", "meta": {"actor": "shop", "idempotency_key": "new"}}).encode()
        command = Command(SHOP, PLACE, 1, [order], "r", keyed=True, shares=True, wanted=wanted)
        kept.keep(refusals.OrderKey(1, (SHOP.role, (), SHOP.channels), wanted), time.monotonic() + 60, REFUSED)
        assert await kept.execute(command) == [REFUSED]
        assert woken == 0
        await kept.execute(command._replace(wanted=None))
        assert woken == 1
        await database.close()

    asyncio.run(run())


def restock(sku_id: str) -> Change:
    level = Level(sku_id, "WH-01", 100, 100, 0, 0, 0, 0, 0, 0, 2, "2026-01-01T00:00:00Z")
    return Change(1, 1, level)


def test_a_refusal_that_was_under_way_does_not_outlive_what_the_hub_heard(kept: refusals.Refusals) -> None:
    asked = time.monotonic()
    kept.on_events((), [restock("HOTSAUCE-001")])
    kept.keep(order_of(), asked, REFUSED)
    assert kept.find(order_of()) is None
    kept.keep(order_of("HOTSAUCE-002"), asked, REFUSED)  # no restock of this SKU was reported
    assert kept.find(order_of("HOTSAUCE-002")) is not None
    kept.keep(order_of(), time.monotonic(), REFUSED)
    assert kept.find(order_of()) is not None


def test_what_was_heard_is_remembered_no_longer_than_a_verdict(kept: refusals.Refusals, clock: Clock) -> None:
    asked = clock.now
    for again in range(3):
        kept.on_events((), [restock(f"SKU-{again}-{number}") for number in range(50)])
        assert len(kept._restocked) == 50
        clock.now += 1.1 * refusals.PROBED_SECONDS
    kept.keep(order_of("SKU-0-1"), asked, REFUSED)  # asked before the restock, answered after it
    assert len(kept) == 0


def test_while_the_probe_is_under_way_the_others_are_refused_and_not_for_long(
    api: Api, stocked: httpx2.Client, sales: httpx2.Client, database_url: str
) -> None:
    sell_out(sales)
    refuse_from_memory(api, sales)
    with psycopg.connect(database_url) as blocker, ThreadPoolExecutor(1) as threads:
        blocker.execute("select from stock.stock_levels for update")
        time.sleep(refusals.FRESH_SECONDS)
        probe = threads.submit(place, sales, lines(1))
        limit = time.monotonic() + PATIENCE_SECONDS
        while blocker.execute("select from pg_stat_activity where wait_event_type = 'Lock'").rowcount == 0:
            assert time.monotonic() < limit
            time.sleep(0.005)
        assert not probe.done()
        blocker.rollback()
        check_problem(probe.result(), 409, "ST001")


def test_memory_has_a_limit(api: Api, stocked: httpx2.Client, sales: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "ENTRIES_MAX", 3)
    for quantity in range(351, 361):
        check_problem(place(sales, lines(quantity)), 409, "ST001")
    assert len(api.refusals) <= 3


def test_what_is_too_old_to_be_given_is_not_kept(kept: refusals.Refusals, clock: Clock) -> None:
    for again in range(3):
        for number in range(50):
            kept.keep(order_of(f"SKU-{number}", again + 1), clock.now, REFUSED)
        assert 1 <= len(kept) <= 50
        assert len(kept._keys) <= 50
        clock.now += 1.1 * refusals.PROBED_SECONDS


def test_a_verdict_that_is_told_again_is_as_old_as_the_last_one(kept: refusals.Refusals, clock: Clock) -> None:
    for sku_id in ("FIRST", "SECOND"):
        kept.keep(order_of(sku_id), clock.now, REFUSED)
    clock.now += 0.75 * refusals.PROBED_SECONDS
    kept.keep(order_of("FIRST"), clock.now, REFUSED)
    clock.now += 0.5 * refusals.PROBED_SECONDS
    kept.keep(order_of("THIRD"), clock.now, REFUSED)
    assert {sku_id for key in kept._entries for sku_id in key.wanted.skus} == {"FIRST", "THIRD"}


@pytest.mark.parametrize(("lines_count", "entries"), [(refusals.LINES_MAX, 1), (refusals.LINES_MAX + 1, 0)])
def test_the_refusal_of_a_long_list_is_not_kept(kept: refusals.Refusals, lines_count: int, entries: int) -> None:
    skus = tuple(f"SKU-{number}" for number in range(lines_count))
    kept.keep(order_of()._replace(wanted=Wanted(skus, ())), time.monotonic(), REFUSED)
    assert len(kept) == entries
