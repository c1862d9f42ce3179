"""For any sequence of commands, the database and a small model in Python (model.py) agree on every answer and every unit.

A short form runs with the suite, with the same examples in each run; a long one runs in `make battery`. A failure prints the
shortest failing sequence and how to repeat it. SCOVILLE_BATTERY_EXAMPLES limits the number of examples for a quick look; failures
are then not shrunk.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from psycopg.types.json import Jsonb

from tests.battery.lengths import LENGTH, LONG, SEED
from tests.battery.model import PROMISED, Answer, Model, Place
from tests.battery.tables import EMPTY
from tests.conftest import Server
from tests.prepared import AUTHENTICATOR_PASSWORD

EXAMPLES = int(os.environ.get("SCOVILLE_BATTERY_EXAMPLES", LENGTH.examples))
STEPS = 24
ROUNDS_MAX = 20  # a round of a short run has few examples
KEPT = timedelta(minutes=15)  # the units of an unpaid order
START = datetime(2030, 5, 1, 12, tzinfo=UTC)
SERVING = {"web": ("WH-01", "WH-02"), "till": ("WH-02", "WH-01"), "far": ("WH-03",)}
OWNERS = {"ana": "web", "bo": "till"}  # the owners of reservations, and their channels
WAREHOUSES = ("WH-01", "WH-02", "WH-03")
BATCHES = {"B-1": date(2030, 5, 2), "B-2": date(2030, 5, 4), "B-3": None}
STATUSES = ("available", "on_hold", "quarantined", "recalled", "damaged")

# The books after a sweep that is then rolled back: the sweep must change no answer.
BOOKS = """
    select jsonb_build_object(
      'levels', (select jsonb_object_agg(warehouse_id || ' ' || sku_id, to_jsonb(l)) from stock.stock_levels l),
      'ledger', (select jsonb_object_agg(warehouse_id || ' ' || sku_id, to_jsonb(m)) from (
         select warehouse_id, sku_id, sum(on_hand_delta) as on_hand, sum(reserved_delta) as reserved,
                sum(committed_delta) as committed, sum(unavailable_delta) as unavailable, sum(shortfall_delta) as shortfall,
                sum(safety_stock_delta) as safety_stock from stock.stock_movements group by 1, 2) m),
      'lots', (select jsonb_object_agg(v.warehouse_id || ' ' || v.sku_id || ' ' || t.batch_number, v.on_hand)
         from stock.lot_levels v join stock.lots t using (region_id, lot_id) where v.on_hand > 0),
      'holds', (select jsonb_object_agg(stock.reservation_public_id(region_id, reservation_id), status) from stock.reservations),
      'orders', (select jsonb_object_agg(orders.public_id(region_id, order_id), status) from orders.orders),
      'open', (select jsonb_object_agg(orders.public_id(region_id, order_id) || ' ' || warehouse_id || ' ' || sku_id,
         quantity - fulfilled_quantity - released_quantity) from orders.order_allocations
         where quantity > fulfilled_quantity + released_quantity),
      'shipped', (select jsonb_object_agg(k, n) from (
         select orders.public_id(f.region_id, f.order_id) || ' ' || l.warehouse_id || ' ' || l.sku_id || ' ' || l.batch_number
                as k, sum(l.quantity) as n
           from orders.fulfillment_lines l join orders.fulfillments f using (region_id, fulfillment_id)
          where f.canceled_at is null group by 1) s),
      'verify', (select jsonb_agg(to_jsonb(v)) from stock.verify() v))"""
# A useful run must reach each of these refusals: a refusal that never occurs was not tested. The rare refusals occur only in
# a long run.
WANTED: dict[str, set[str | None]] = {
    "receive_stock": {None},
    "adjust_stock": {None, "ST001", "ST007", "ST015"},
    "set_stock": {None, "ST007", "ST015"},
    "set_safety_stock": {None, "ST001"},
    "change_batches": {None, "ST016"},
    "reserve_stock": {None, "ST001"},
    "extend_reservations": {None, "RV001", "RV002"},
    "release_reservations": {None, "RV001"},
    "place_orders": {None, "ST001", "OR005", "RV002"},
    "modify_orders": {None, "ST001", "OR010"},
    "cancel_orders": {None},
    "fulfill_orders": {None, "OR004", "OR013"},
    "confirm_orders": {None, "OR014"},
    "hold_orders": {None},
    "release_held_orders": {None},
    "cancel_fulfillments": {None},
}
WANTED_IN_A_LONG_RUN: dict[str, set[str | None]] = {
    "adjust_stock": {"ST020"},
    "cancel_orders": {"OR003"},
    "fulfill_orders": {"ST007", "ST013", "SH002"},
    "hold_orders": {"OR014"},
    "release_held_orders": {"OR014"},
    "place_orders": {"ID002"},
    "release_reservations": {"RV002"},
}
REASONS = ("found", "found", "correction", "correction", "expired", "recalled", "promotion")
COUNTERS = ("on_hand", "reserved", "committed", "unavailable", "shortfall", "safety_stock")


class Desk:
    """The API's own login on one connection. Each call is one transaction as the role of the caller."""

    def __init__(self, server: Server, database: str) -> None:
        self.owner = psycopg.connect(server.url(database), autocommit=True)
        self.api = psycopg.connect(server.url(database, "authenticator", AUTHENTICATOR_PASSWORD))
        self.now = START
        self.answers: Counter[tuple[str, str | None]] = Counter()

    def close(self) -> None:
        self.api.close()
        self.owner.close()

    def enter(self, role: str, **claims: Any) -> None:
        """At the beginning of a transaction, or after `reset role`."""
        values = [role, Jsonb({"sub": "tester", "region": 1, **claims}), self.now.isoformat()]
        self.api.execute("select app.enter(%s, %s), set_config('scoville.now', %s, true)", values)

    def send(self, command: str, *elements: dict[str, Any], role: str = "admin", **claims: Any) -> list[Any]:
        with self.api.transaction():
            self.enter(role, **claims)
            region = "" if command in ("save_skus", "save_warehouses", "save_channels") else "1::smallint, "
            query = f"select code, replayed, body from api.{command}({region}%s) order by ordinal"
            rows = self.api.execute(query.encode(), [Jsonb(list(elements))]).fetchall()
        self.answers.update((command, code) for code, _, _ in rows)
        return rows

    def sweep(self) -> None:
        """At the beginning of a transaction, or after `reset role`."""
        self.enter("scoville_worker")
        for job in ("expire_lots", "expire_reservations", "cancel_unpaid_orders"):
            self.api.execute(f"select jobs.{job}(1::smallint, 100)".encode())

    def parcels(self, order_id: str) -> list[str]:
        query = """select 'FUL-1-' || fulfillment_id from orders.fulfillments
                    where orders.public_id(region_id, order_id) = %s order by fulfillment_id"""
        return [name for (name,) in self.owner.execute(query, [order_id])]

    def books(self) -> dict[str, Any]:
        with self.api.transaction(force_rollback=True):
            self.enter("admin")
            assert self.api.execute("select * from stock.verify()").fetchall() == []
            self.api.execute("reset role")
            self.sweep()
            self.api.execute("reset role")
            self.enter("admin")
            row = self.api.execute(BOOKS.encode()).fetchone()
        assert row is not None
        return {name: value or {} for name, value in row[0].items()}


amounts = st.sampled_from([1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 12])
skus = st.sampled_from(["S-1", "S-2"])
# Mostly levels with stock; the third warehouse, SKU and channel start empty.
places = st.tuples(
    st.sampled_from(["WH-01"] * 4 + ["WH-02"] * 3 + ["WH-03"]), st.sampled_from(["S-1"] * 4 + ["S-2"] * 3 + ["S-3"])
)
baskets = st.one_of(st.dictionaries(skus, amounts, min_size=1), st.just({"S-1": 1, "S-3": 1}))
batches = st.sampled_from(sorted(BATCHES))
stocks = st.lists(st.tuples(st.sampled_from(["WH-01", "WH-02"]), skus, batches, st.integers(3, 15)), min_size=4, max_size=8)
small = st.dictionaries(skus, st.integers(1, 4), min_size=1)
channels = st.sampled_from(["web"] * 5 + ["till"] * 4 + ["far"])
callers = st.sampled_from([("admin", None), ("sales", "ana"), ("integration", "bo")])
passing = st.one_of(
    st.integers(1, 1200).map(lambda seconds: timedelta(seconds=seconds)), st.sampled_from([timedelta(hours=9), timedelta(days=1)])
)


def lines(wants: dict[str, int]) -> list[dict[str, Any]]:
    return [{"sku_id": sku, "quantity": units} for sku, units in wants.items()]


def told(code: str | None, body: Any) -> Answer:
    """The answer to an order or a reservation: its allocation, or the shortage."""
    if code == "ST001":
        return code, {error["sku_id"]: (error["requested"], error["available"]) for error in body["errors"]}
    if code is None:
        parts = {(p["warehouse_location"], p["sku_id"]): p["quantity"] - p.get("released", 0) for p in body["allocations"]}
        return code, {place: units for place, units in parts.items() if units}
    return code, None


class Shop(RuleBasedStateMachine):
    """One run: a shop that starts empty, with its own clock."""

    desk: ClassVar[Desk]

    @initialize(stock=stocks, sold=st.lists(st.tuples(st.sampled_from(sorted(OWNERS.values())), small), max_size=3))
    def open(self, stock: list[tuple[str, str, str, int]], sold: list[tuple[str, dict[str, int]]]) -> None:
        self.desk.owner.execute(EMPTY)
        self.desk.now = START
        self.model = Model(SERVING, START)
        self.keys = 0
        for warehouse, sku, batch, units in stock:
            self._receive((warehouse, sku), batch, units, staff=False)
        for channel, wants in sold:  # so that the first step can already change, ship or cancel an order
            self._place([(channel, wants, None, False)], repeats=False)
            self._hold_units(next(owner for owner in OWNERS if OWNERS[owner] == channel), wants, 900)

    def check(self) -> None:
        books, model = self.desk.books(), self.model
        assert books["verify"] == {}
        for key, level in books["levels"].items():
            place = tuple(key.split())
            assert {name: level[name] for name in (*COUNTERS, "available") if level[name]} == model.level(place), key
            ledger = books["ledger"].get(key, dict.fromkeys(COUNTERS, 0))
            assert {name: level[name] for name in COUNTERS} == {name: ledger[name] for name in COUNTERS}, key
            assert level["reserved"] + level["committed"] <= level["on_hand"], key  # promised units are on hand
        assert {tuple(key.split()) for key in books["levels"]} >= {place for place in model.places() if model.level(place)}
        assert books["lots"] == {" ".join(key): units for key, units in model.lots.items() if units}
        assert books["holds"] == {name: hold.status(model.now) for name, hold in model.holds.items()}
        swept = {name: order.swept(model.now) for name, order in model.orders.items()}
        assert books["orders"] == {name: status for name, (status, _) in swept.items()}
        open_units = {(name, *place): units for name, (_, kept) in swept.items() for place, units in kept.items() if units}
        assert books["open"] == {" ".join(key): units for key, units in open_units.items()}
        shipped = {(n, *part): units for n, o in model.orders.items() for part, units in o.shipped.items()}
        assert books["shipped"] == {" ".join(key): units for key, units in shipped.items()}

    @invariant()
    def books_and_model_agree(self) -> None:
        self.check()

    def _key(self) -> dict[str, Any]:
        self.keys += 1
        return {"meta": {"idempotency_key": f"k-{self.keys}"}}

    # Stock

    @rule(place=places, batch=batches, units=amounts, staff=st.booleans())
    def receive(self, place: Place, batch: str, units: int, staff: bool) -> None:
        self._receive(place, batch, units, staff=staff)

    def _receive(self, place: Place, batch: str, units: int, *, staff: bool) -> None:
        warehouse, sku = place
        expires_on = BATCHES[batch]
        element = {"sku_id": sku, "warehouse_location": warehouse, "batch_number": batch, "stock": units, **self._key()}
        element |= {"expiration_date": expires_on.isoformat()} if expires_on else {}
        claims: dict[str, Any] = {"role": "warehouse", "warehouses": [warehouse]} if staff else {}
        [(code, _, body)] = self.desk.send("receive_stock", element, **claims)
        expected = self.model.receive(warehouse, sku, batch, units, expires_on)
        assert (code, body["stock"]) == expected, body

    @rule(place=places, delta=amounts, batch=st.one_of(st.none(), batches), reason=st.sampled_from(REASONS))
    def adjust(self, place: Place, delta: int, batch: str | None, reason: str) -> None:
        delta = delta if reason == "found" else -delta
        element = {"sku_id": place[1], "warehouse_location": place[0], "delta": delta, "reason_code": reason}
        element |= {"batch_number": batch} if batch else {}
        self._change("adjust_stock", element | self._key(), self.model.change(*place, delta, batch, reason))

    @rule(place=places, units=st.integers(0, 20), batch=st.one_of(st.none(), batches))
    def count(self, place: Place, units: int, batch: str | None) -> None:
        element = {"sku_id": place[1], "warehouse_location": place[0], "stock": units}
        element |= {"batch_number": batch} if batch else {}
        self._change("set_stock", element, self.model.count(*place, units, batch))

    def _change(self, command: str, element: dict[str, Any], expected: Answer) -> None:
        if expected[0] == PROMISED:
            return
        [(code, _, body)] = self.desk.send(command, element)
        if code is None:
            detail: object = body["stock"]
        else:
            detail = (body["errors"][0]["requested"], body["errors"][0]["available"]) if code == "ST001" else None
        assert (code, detail) == expected, body

    @rule(place=places, units=st.integers(0, 8))
    def keep_back(self, place: Place, units: int) -> None:
        element = {"sku_id": place[1], "warehouse_location": place[0], "safety_stock": units}
        [(code, _, body)] = self.desk.send("set_safety_stock", element)
        detail = body["available"] if code is None else (body["errors"][0]["requested"], body["errors"][0]["available"])
        assert (code, detail) == self.model.keep_back(place, units), body

    @rule(sku=skus, batch=batches, status=st.sampled_from(STATUSES))
    def change_batch(self, sku: str, batch: str, status: str) -> None:
        [(code, _, body)] = self.desk.send("change_batches", {"sku_id": sku, "batch_number": batch, "status": status})
        assert (code, body.get("status") if code is None else None) == self.model.change_batch(sku, batch, status), body

    # Reservations

    @rule(owner=st.sampled_from(sorted(OWNERS)), wants=baskets, seconds=st.integers(1, 1800))
    def reserve(self, owner: str, wants: dict[str, int], seconds: int) -> None:
        self._hold_units(owner, wants, seconds)

    def _hold_units(self, owner: str, wants: dict[str, int], seconds: int) -> None:
        element = {"items": lines(wants), "ttl_seconds": seconds, **self._key()}
        [(code, _, body)] = self.desk.send("reserve_stock", element, role="sales", sub=owner, channels=[OWNERS[owner]])
        expected = self.model.reserve(body.get("reservation_id", ""), OWNERS[owner], owner, wants, seconds)
        assert told(code, body) == expected, body

    def _hold(self, data: st.DataObject, *, active: bool = False) -> str:
        """An existing reservation; `active`: mostly an active one."""
        names = list(self.model.holds)
        living = [name for name in names if self.model.holds[name].status(self.model.now) == "active"]
        return data.draw(st.sampled_from(living * 3 * active + names))

    @staticmethod
    def _claims(caller: tuple[str, str | None]) -> dict[str, Any]:
        role, owner = caller
        return {"role": role, **({"sub": owner, "channels": [OWNERS[owner]]} if owner else {})}

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data(), caller=callers, seconds=st.integers(1, 7200))
    def extend(self, data: st.DataObject, caller: tuple[str, str | None], seconds: int) -> None:
        name = self._hold(data)
        element = {"reservation_id": name, "ttl_seconds": seconds}
        [(code, _, body)] = self.desk.send("extend_reservations", element, **self._claims(caller))
        self._held(code, body, self.model.extend(name, [OWNERS[caller[1]]] if caller[1] else [], caller[1], seconds))

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data(), caller=callers)
    def release(self, data: st.DataObject, caller: tuple[str, str | None]) -> None:
        name = self._hold(data)
        [(code, _, body)] = self.desk.send("release_reservations", {"reservation_id": name}, **self._claims(caller))
        self._held(code, body, self.model.release(name, [OWNERS[caller[1]]] if caller[1] else [], caller[1]))

    @staticmethod
    def _held(code: str | None, body: Any, expected: Answer) -> None:
        status = body["status"] if code is None else body["errors"][0]["status"] if code == "RV002" else None
        assert (code, status) == expected, body

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data(), wants=st.one_of(st.none(), baskets))
    def convert(self, data: st.DataObject, wants: dict[str, int] | None) -> None:
        name = self._hold(data, active=True)
        element = {"reservation_id": name, **({"items": lines(wants)} if wants else {}), **self._key()}
        [(code, _, body)] = self.desk.send("place_orders", element)
        expected = self.model.convert(name, wants, body.get("order_id"))
        assert told(code, body) == (expected if code != "RV002" else ("RV002", None)), body
        assert code == expected[0], body

    # Orders

    @rule(
        orders=st.lists(
            st.tuples(channels, baskets, st.sampled_from([None, None, None, "X-1", "X-2"]), st.booleans()), min_size=1, max_size=3
        ),
        repeats=st.booleans(),
    )
    def order(self, orders: list[tuple[str, dict[str, int], str | None, bool]], repeats: bool) -> None:
        """One order, or several as a lane sends them; sometimes sent again."""
        self._place(orders, repeats=repeats)

    def _place(self, orders: list[tuple[str, dict[str, int], str | None, bool]], *, repeats: bool) -> None:
        elements = []
        for channel, wants, external_id, unpaid in orders:
            named = {"external_id": external_id} if external_id else {}
            named |= {"status": "pending"} if unpaid else {}
            elements.append({"channel": channel, "items": lines(wants), **named, **self._key()})
        answers = self.desk.send("place_orders", *elements)
        named_before: set[tuple[str, str | None]] = set()
        for (code, replayed, body), (channel, wants, external_id, unpaid) in zip(answers, orders, strict=True):
            assert not replayed
            if external_id and (channel, external_id) in named_before:  # the answer depends on the order before it
                assert code == ("OR005" if self.model.knows(channel, external_id) else "ID002"), body
            else:
                kept = KEPT if unpaid else None
                assert told(code, body) == self.model.order(channel, wants, external_id, body.get("order_id"), kept), body
            named_before.add((channel, external_id))
        if repeats and all(code is None for code, _, _ in answers):
            again = self.desk.send("place_orders", *elements)
            assert [(code, replayed, body) for code, replayed, body in again] == [(None, True, body) for _, _, body in answers]

    @rule(data=st.data(), channel=channels, wants=baskets, offline=st.booleans())
    def sell(self, data: st.DataObject, channel: str, wants: dict[str, int], *, offline: bool) -> None:
        """At a till, which has scanned some lots if it was offline: then the rules of parcels do not hold."""
        warehouse = data.draw(st.sampled_from(SERVING[channel]))
        scanned = {sku: data.draw(st.sampled_from([None, *sorted(BATCHES)])) for sku in wants} if offline else {}
        lots = {sku: lot for sku, lot in scanned.items() if lot}
        named = [{"sku_id": sku, "quantity": wants[sku], "batch_number": lot} for sku, lot in lots.items()]
        handed = {"warehouse_location": warehouse, "offline": offline, **({"items": named} if named else {})}
        element = {"channel": channel, "items": lines(wants), "handed_over": handed, **self._key()}
        [(code, _, body)] = self.desk.send("place_orders", element)
        expected = self.model.sell(channel, warehouse, wants, body.get("order_id"), lots, offline=offline)
        assert told(code, body) == expected, body

    def _order(self, data: st.DataObject) -> str:
        """An existing order, mostly one that can still change."""
        names = list(self.model.orders)
        living = [name for name in names if not self.model.orders[name].has_ended]
        return data.draw(st.sampled_from(living * 3 + names))

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data(), wants=baskets)
    def modify(self, data: st.DataObject, wants: dict[str, int]) -> None:
        name = self._order(data)
        [(code, _, body)] = self.desk.send("modify_orders", {"order_id": name, "items": lines(wants)})
        assert told(code, body) == self.model.modify(name, wants), body

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        name = self._order(data)
        [(code, _, body)] = self.desk.send("cancel_orders", {"order_id": name, "reason": "test"})
        assert (code, body.get("status") if code is None else None) == self.model.cancel(name), body

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data(), command=st.sampled_from(["confirm_orders", "confirm_orders", "hold_orders", "release_held_orders"]))
    def change_status(self, data: st.DataObject, command: str) -> None:
        name = self._order(data)
        [(code, _, body)] = self.desk.send(command, {"order_id": name, "reason": "test"})
        act = {"confirm_orders": self.model.confirm, "hold_orders": self.model.hold, "release_held_orders": self.model.let_go}
        assert (code, body.get("status") if code is None else None) == act[command](name), body

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data())
    def ship(self, data: st.DataObject) -> None:
        self._fulfill(self._order(data), None, None)

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data(), wants=st.one_of(st.none(), small), warehouse=st.sampled_from([None, *WAREHOUSES]))
    def fulfill(self, data: st.DataObject, wants: dict[str, int] | None, warehouse: str | None) -> None:
        self._fulfill(self._order(data), wants, warehouse)

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data(), reason=st.sampled_from(["", "could_not_locate"]))
    def scan(self, data: st.DataObject, reason: str) -> None:
        """Ships open units of one SKU of an order, of a named lot, mostly one that lies there."""
        name = self._order(data)
        open_units = {place: units for place, units in self.model.orders[name].units.items() if units}
        if open_units:
            warehouse, sku = data.draw(st.sampled_from(sorted(open_units)))
            there = sorted(b for (*place, b), units in self.model.lots.items() if tuple(place) == (warehouse, sku) and units)
            batch = data.draw(st.sampled_from(there * 5 + sorted(BATCHES)))
            wants = {sku: data.draw(st.integers(1, open_units[warehouse, sku]))}
            self._fulfill(name, wants, warehouse, {sku: batch}, reason)

    @precondition(lambda self: any(order.parcels for order in self.model.orders.values()))
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([name for name, order in self.model.orders.items() if order.parcels]))
        parcel = data.draw(st.integers(0, len(self.model.orders[name].parcels) - 1))
        element = {
            "order_id": name,
            "fulfillment_id": self.desk.parcels(name)[parcel],
            "reason": "never collected",
            **self._key(),
        }
        [(code, _, body)] = self.desk.send("cancel_fulfillments", element)
        assert (code, body.get("status") if code is None else None) == self.model.undo(name, parcel), body

    def _fulfill(
        self, name: str, wants: dict[str, int] | None, warehouse: str | None, lots: dict[str, str] | None = None, reason: str = ""
    ) -> None:
        """By an admin, or by staff of a warehouse with open units of the order."""
        items = lines(wants) if wants else []
        for item in items:
            if lots:
                item |= {"batch_number": lots[item["sku_id"]], **({"reason_code": reason} if reason else {})}
        element = {"order_id": name, **({"items": items} if wants else {}), **self._key()}
        claims: dict[str, Any] = {}
        if warehouse and any(n for (w, _), n in self.model.orders[name].units.items() if w == warehouse):
            claims = {"role": "warehouse", "warehouses": [warehouse]}
        elif warehouse:
            element["warehouse_location"] = warehouse
        [(code, _, body)] = self.desk.send("fulfill_orders", element, **claims)
        expected = self.model.fulfill(name, [warehouse] if warehouse else WAREHOUSES, wants, lots, reason)
        assert (code, body.get("status") if code is None else None) == expected, body

    # Time

    @rule(time=passing)
    def time_passes(self, time: timedelta) -> None:
        self.desk.now += time
        self.model.now += time

    @rule()
    def the_worker_sweeps(self) -> None:
        with self.desk.api.transaction():
            self.desk.sweep()
        self.model.sweep()


@pytest.fixture
def desk(server: Server, module_clone: str) -> Iterator[Desk]:
    desk = Desk(server, module_clone)
    desk.send("save_warehouses", *({"warehouse_id": warehouse} for warehouse in WAREHOUSES))
    minutes = {"unpaid_minutes": KEPT // timedelta(minutes=1)}
    desk.send("save_channels", *({"channel_id": channel, "warehouses": list(SERVING[channel]), **minutes} for channel in SERVING))
    desk.send("save_skus", *({"sku_id": sku, "name": sku, "price": 10} for sku in ("S-1", "S-2", "S-3")))
    yield desk
    desk.close()


@pytest.mark.timeout(900 + 2 * EXAMPLES)
def test_database_and_model_agree_on_every_answer_and_every_unit(desk: Desk) -> None:
    Shop.desk = desk
    length = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=False,  # Hypothesis' own default in CI: each round would be the same
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=[Phase.generate, *([Phase.shrink] if LENGTH.examples == EXAMPLES else [])],
    )
    wanted = {
        (command, code) for listed in [WANTED, WANTED_IN_A_LONG_RUN][: 1 + LONG] for command in listed for code in listed[command]
    }
    for number in range(ROUNDS_MAX):
        run_state_machine_as_test(seed(number + SEED * LONG)(Shop), settings=length)
        if wanted <= set(desk.answers) or LENGTH.examples != EXAMPLES:
            break
    print(
        *(f"{command} {code or 'done'}: {number}" for (command, code), number in sorted(desk.answers.items(), key=str)), sep="\n"
    )
    if LENGTH.examples > EXAMPLES:
        return  # a quick look
    assert wanted <= set(desk.answers)
