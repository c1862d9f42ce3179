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

from tests.battery.facts import Items, Place, Rule
from tests.battery.lengths import LENGTH, LONG, SEED
from tests.battery.model import Answer, Model, Wish
from tests.battery.tables import EMPTY
from tests.conftest import Server
from tests.prepared import AUTHENTICATOR_PASSWORD

EXAMPLES = int(os.environ.get("SCOVILLE_BATTERY_EXAMPLES", LENGTH.examples))
STEPS = 24
ROUNDS_MAX = 20  # a round of a short run has few examples
KEPT = timedelta(minutes=15)  # the units of an unpaid order
START = datetime(2030, 5, 1, 12, tzinfo=UTC)
SERVING = {
    "web": ("WH-01", "WH-02"),
    "till": ("WH-02", "WH-01"),
    "far": ("WH-03",),
    "club": ("WH-03", "WH-02", "WH-01"),
}
# Who may wait: S-1 beyond a limit nobody; the till never, but for units that it had and that were lost.
RULES: dict[str, dict[str | None, Rule | None]] = {
    "web": {None: Rule(12), "S-2": None},
    "far": {"S-1": Rule(6, 2)},
    "club": {None: Rule(), "S-1": Rule(20, 2)},
}
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
      'channels', (select jsonb_object_agg(orders.public_id(region_id, order_id), channel_id) from orders.orders),
      'waits', (select jsonb_object_agg(orders.public_id(region_id, order_id) || ' ' || sku_id, jsonb_build_array(
         quantity, priority, extract(epoch from queued_at), lost_at is not null)) from orders.backorders),
      'verify', (select jsonb_agg(to_jsonb(v)) from stock.verify() v))"""
# Who waits and what was promised, before that sweep: units that came or went since the last look.
QUEUE = """
    select jsonb_build_object(
      'waits', coalesce((select jsonb_agg(jsonb_build_array(orders.public_id(region_id, order_id), sku_id, channel_id, quantity,
         -priority, extract(epoch from queued_at), order_id)) from orders.backorders), '[]'),
      'gains', coalesce((select jsonb_agg(jsonb_build_array(document, sku_id, warehouse_id,
           committed_delta + least(0, reserved_delta)))
         from stock.stock_movements where kind in ('commit', 'uncommit') and movement_id > %s), '[]'),
      'last', coalesce((select max(movement_id) from stock.stock_movements), 0))"""
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
    "reallocate_orders": {None, "OR018"},
}
WANTED_IN_A_LONG_RUN: dict[str, set[str | None]] = {
    "adjust_stock": {"ST020"},
    "cancel_orders": {"OR003"},
    "fulfill_orders": {"ST007", "ST013", "SH002"},
    "hold_orders": {"OR014"},
    "release_held_orders": {"OR014"},
    "place_orders": {"ID002"},
    "release_reservations": {"RV002"},
    "reallocate_orders": {"ST001", "OR014"},
}
HAPPENINGS = {"part waits", "all waits", "an order was served", "promised units moved", "promised units were lost"}
HAPPENINGS_IN_A_LONG_RUN = {
    "served past one of other warehouses",
    "lost units came back",
    "safety stock gave",
    "a reservation gave",
    "served by what was over",
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
        self.happened: Counter[str] = Counter()

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
        idle = self.api.execute("select jobs.serve_backorders(1::smallint, 100)").fetchone()
        assert idle == (0,), "an order waited beside units"

    def parcels(self, order_id: str) -> list[str]:
        query = """select 'FUL-1-' || fulfillment_id from orders.fulfillments
                    where orders.public_id(region_id, order_id) = %s order by fulfillment_id"""
        return [name for (name,) in self.owner.execute(query, [order_id])]

    def books(self, seen: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The queue and the movements after `seen`, and the books after a sweep."""
        with self.api.transaction(force_rollback=True):
            self.enter("admin")
            assert self.api.execute("select * from stock.verify()").fetchall() == []
            queue = self.api.execute(QUEUE.encode(), [seen]).fetchone()
            self.api.execute("reset role")
            self.sweep()
            self.api.execute("reset role")
            self.enter("admin")
            books = self.api.execute(BOOKS.encode()).fetchone()
        assert queue is not None
        assert books is not None
        return queue[0], {name: value or {} for name, value in books[0].items()}


amounts = st.sampled_from([1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 12])
skus = st.sampled_from(["S-1", "S-2"])
# Mostly levels with stock; the third warehouse, SKU and channel start empty.
places = st.tuples(
    st.sampled_from(["WH-01"] * 4 + ["WH-02"] * 3 + ["WH-03"]), st.sampled_from(["S-1"] * 4 + ["S-2"] * 3 + ["S-3"])
)
baskets = st.one_of(st.dictionaries(skus, amounts, min_size=1), st.just({"S-1": 1, "S-3": 1}))
batches = st.sampled_from(sorted(BATCHES))
stocks = st.lists(st.tuples(st.sampled_from(["WH-01", "WH-02"]), skus, batches, st.integers(2, 9)), min_size=3, max_size=6)
small = st.dictionaries(skus, st.integers(1, 4), min_size=1)
channels = st.sampled_from(["web"] * 4 + ["till"] * 3 + ["club"] * 3 + ["far"])
callers = st.sampled_from([("admin", None), ("sales", "ana"), ("integration", "bo")])
passing = st.one_of(
    st.integers(1, 1200).map(lambda seconds: timedelta(seconds=seconds)), st.sampled_from([timedelta(hours=9), timedelta(days=1)])
)


def lines(wants: Items) -> list[dict[str, Any]]:
    return [{"sku_id": sku, "quantity": units} for sku, units in wants.items()]


def told(code: str | None, body: Any) -> Answer:
    """The answer to an order or a reservation: its allocation (and what waits), or the shortage."""
    if code == "ST001":
        return code, {error["sku_id"]: (error["requested"], error["available"]) for error in body["errors"]}
    if code is None:
        parts = {(p["warehouse_location"], p["sku_id"]): p["quantity"] - p.get("released", 0) for p in body["allocations"]}
        taken = {place: units for place, units in parts.items() if units}
        if "backorders" not in body:
            return code, taken
        return code, (taken, {wait["sku_id"]: wait["quantity"] for wait in body["backorders"]})
    return code, None


def sale_rules(channel: str) -> list[dict[str, Any]]:
    rules = []
    for sku, allowed in RULES.get(channel, {}).items():
        named = {"sku_id": sku} if sku else {}
        more = {"mode": "backorder", "priority": allowed.priority} if allowed else {"mode": "refuse"}
        rules.append(named | more | ({"units_max": allowed.units_max} if allowed and allowed.units_max else {}))
    return rules


def check_idle(books: dict[str, Any]) -> None:
    """BO8, whatever the model says: no available unit beside an order that waits for it in a warehouse of its channel."""
    for key in books["waits"]:
        order, sku = key.split()
        for warehouse in SERVING[books["channels"][order]]:
            level = books["levels"].get(f"{warehouse} {sku}", {"available": 0})
            assert level["available"] == 0, (key, warehouse)


def check_turns(before: list[list[Any]], queue: dict[str, Any]) -> None:
    """RC4, whatever the model says: no order got units of a warehouse while another that comes before it in the queue, or that
    waited when it was new, waited for them all the time. What an order gets is more of a SKU than it had: a move is none, nor are
    units that it had reserved."""
    gained: Counter[tuple[str, str]] = Counter()
    came: dict[tuple[str, str], Counter[str]] = {}
    for order, sku, warehouse, units in queue["gains"]:
        gained[order, sku] += units
        if units > 0:
            came.setdefault((order, sku), Counter())[warehouse] += units
    turns = {(order, sku): turn for order, sku, _, _, *turn in before}
    still = {(order, sku) for order, sku, *_ in queue["waits"]}
    for order, sku, channel, units, *turn in before:
        if (order, sku) not in still or sum(came.get((order, sku), Counter()).values()) >= units:
            continue  # it was served, wholly at some time, or has left the queue
        for (other, what), places in came.items():
            if what == sku and other != order and gained[other, what] > 0 and turns.get((other, sku), [1]) > turn:
                assert not set(places) & set(SERVING[channel]), (other, "passed", order, sku, places)


class Shop(RuleBasedStateMachine):
    """One run: a shop that starts empty, with its own clock."""

    desk: ClassVar[Desk]

    @initialize(stock=stocks, sold=st.lists(st.tuples(st.sampled_from(["web", "till", "club"]), small), max_size=4))
    def open(self, stock: list[tuple[str, str, str, int]], sold: list[tuple[str, dict[str, int]]]) -> None:
        self.desk.owner.execute(EMPTY)
        self.desk.now = START
        self.model = Model(SERVING, START, RULES)
        self.keys = 0
        self.queue: dict[str, Any] = {"waits": [], "last": 0}
        for warehouse, sku, batch, units in stock:
            self._receive((warehouse, sku), batch, units, staff=False)
        for channel, wants in sold:  # so that the first step can already change, ship or cancel an order
            self._place([Wish(channel, wants)], repeats=False)
            for owner in OWNERS:
                if OWNERS[owner] == channel:
                    self._hold_units(owner, wants, 900)

    def teardown(self) -> None:
        self.desk.happened.update(self.model.happened)

    def check(self) -> None:
        (queue, books), model = self.desk.books(self.queue["last"]), self.model.swept()
        assert books["verify"] == {}
        check_turns(self.queue["waits"], queue)
        self.queue = queue
        check_idle(books)
        for key, level in books["levels"].items():
            place = tuple(key.split())
            assert {name: level[name] for name in (*COUNTERS, "available") if level[name]} == model.level(place), key
            ledger = books["ledger"].get(key, dict.fromkeys(COUNTERS, 0))
            assert {name: level[name] for name in COUNTERS} == {name: ledger[name] for name in COUNTERS}, key
            assert level["reserved"] + level["committed"] <= level["on_hand"], key  # promised units are on hand
        assert {tuple(key.split()) for key in books["levels"]} >= {place for place in model.places() if model.level(place)}
        assert books["lots"] == {" ".join(key): units for key, units in model.lots.items() if units}
        assert books["holds"] == {name: hold.status(model.now) for name, hold in model.holds.items()}
        assert books["orders"] == {name: order.status for name, order in model.orders.items()}
        waits = {(name, sku): wait for name, order in model.orders.items() for sku, wait in order.waits.items()}
        assert books["waits"] == {
            " ".join(key): [wait.units, wait.priority, wait.queued_at.timestamp(), wait.lost] for key, wait in waits.items()
        }
        open_units = {(n, *place): units for n, order in model.orders.items() for place, units in order.units.items() if units}
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

    @precondition(lambda self: any(order.waits for order in self.model.orders.values()))
    @rule(data=st.data(), batch=batches, units=amounts)
    def receive_what_is_missing(self, data: st.DataObject, batch: str, units: int) -> None:
        waiting = [
            (warehouse, sku)
            for order in self.model.orders.values()
            for sku in order.waits
            for warehouse in SERVING[order.channel]
        ]
        self._receive(data.draw(st.sampled_from(waiting)), batch, units, staff=False)

    @rule(place=places, delta=amounts, batch=st.one_of(st.none(), batches), reason=st.sampled_from(REASONS))
    def adjust(self, place: Place, delta: int, batch: str | None, reason: str) -> None:
        delta = delta if reason == "found" else -delta
        element = {"sku_id": place[1], "warehouse_location": place[0], "delta": delta, "reason_code": reason}
        element |= {"batch_number": batch} if batch else {}
        self._prepare(place[1], loses=delta < 0)
        self._change("adjust_stock", element | self._key(), self.model.change(*place, delta, batch, reason))

    @rule(place=places, units=st.integers(0, 20), batch=st.one_of(st.none(), batches))
    def set_level(self, place: Place, units: int, batch: str | None) -> None:
        self.count(place, units, batch)

    def count(self, place: Place, units: int, batch: str | None) -> None:
        element = {"sku_id": place[1], "warehouse_location": place[0], "stock": units}
        element |= {"batch_number": batch} if batch else {}
        self._prepare(place[1], loses=True)
        self._change("set_stock", element, self.model.count(*place, units, batch))

    @precondition(lambda self: any(order.units for order in self.model.orders.values()) or +self.model.safety)
    @rule(data=st.data(), named=st.booleans())
    def lose(self, data: st.DataObject, named: bool) -> None:
        """A count of a level, or of a lot, of which some units are promised or kept back."""
        promised = [place for order in self.model.orders.values() for place, units in order.units.items() if units]
        warehouse, sku = data.draw(st.sampled_from([*promised, *(+self.model.safety), ("WH-01", "S-1")]))
        here = {b: units for (w, s, b), units in self.model.lots.items() if (w, s) == (warehouse, sku) and units}
        batch = data.draw(st.sampled_from(sorted(here))) if named and here else None
        have = here[batch] if batch else sum(here.values())
        self.count((warehouse, sku), data.draw(st.integers(0, have)), batch)

    def _prepare(self, sku: str, *, loses: bool) -> None:
        """A loss and a move end what is over and holds units of the SKU. What else they bring up to date, because its levels may
        have to be locked, is the database's own affair: then the worker comes first."""
        if loses and self.model.has_more_over(sku):
            self._sweep()

    def _change(self, command: str, element: dict[str, Any], expected: Answer) -> None:
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
        wishes = [Wish(channel, wants, named, kept=KEPT if unpaid else None) for channel, wants, named, unpaid in orders]
        self._place(wishes, repeats=repeats)

    def _place(self, wishes: list[Wish], *, repeats: bool) -> None:
        elements = []
        for wish in wishes:
            named = {"external_id": wish.external_id} if wish.external_id else {}
            named |= {"status": "pending"} if wish.kept else {}
            elements.append({"channel": wish.channel, "items": lines(wish.items), **named, **self._key()})
        answers = self.desk.send("place_orders", *elements)
        firsts: dict[tuple[str, str], int] = {}
        for n, wish in enumerate(wishes):
            firsts.setdefault((wish.channel, wish.external_id or str(n)), n)
        alone = sorted(firsts.values())  # the answer to another order with the same number depends on theirs
        expected = dict(
            zip(alone, self.model.place([wishes[n]._replace(name=answers[n][2].get("order_id")) for n in alone]), strict=True)
        )
        for n, ((code, replayed, body), wish) in enumerate(zip(answers, wishes, strict=True)):
            assert not replayed
            if n in expected:
                assert told(code, body) == expected[n], body
            else:
                assert code == ("OR005" if self.model.knows(wish.channel, wish.external_id or "") else "ID002"), body
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
    @rule(data=st.data(), units=st.sampled_from([1, 1, 1, 2, 3, 5]), source=st.sampled_from([None, None, *WAREHOUSES]))
    def move(self, data: st.DataObject, units: int, source: str | None) -> None:
        """Moves promised units, mostly of an order that has some, to a warehouse that mostly serves its channel."""
        having = [name for name, order in self.model.orders.items() if any(order.units.values())]
        name = data.draw(st.sampled_from(having * 4 + list(self.model.orders)))
        order = self.model.orders[name]
        warehouse, sku = data.draw(st.sampled_from([place for place, n in order.units.items() if n] or [("WH-01", "S-1")]))
        free = [w for w in SERVING[order.channel] if w != warehouse and self.model.available((w, sku))]
        target = data.draw(st.sampled_from([*free * 5, *WAREHOUSES]))
        item = {"sku_id": sku, "quantity": units, "to_warehouse_location": target}
        item |= {"from_warehouse_location": source} if source else {}
        self._prepare(sku, loses=True)
        [(code, _, body)] = self.desk.send(
            "reallocate_orders", {"order_id": name, "items": [item], "reason": "test", **self._key()}
        )
        detail: object = body.get("status") if code is None else None
        if code == "ST001":
            detail = (body["errors"][0]["requested"], body["errors"][0]["available"])
        assert (code, detail) == self.model.move(name, sku, units, source, target), body

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
        self._sweep()

    def _sweep(self) -> None:
        with self.desk.api.transaction():
            self.desk.sweep()
        self.model.sweep()


@pytest.fixture
def desk(server: Server, module_clone: str) -> Iterator[Desk]:
    desk = Desk(server, module_clone)
    desk.send("save_warehouses", *({"warehouse_id": warehouse} for warehouse in WAREHOUSES))
    minutes = {"unpaid_minutes": KEPT // timedelta(minutes=1)}
    desk.send("save_skus", *({"sku_id": sku, "name": sku, "price": 10} for sku in ("S-1", "S-2", "S-3")))
    desk.send(
        "save_channels",
        *(
            {"channel_id": channel, "warehouses": list(served), "sale_rules": sale_rules(channel), **minutes}
            for channel, served in SERVING.items()
        ),
    )
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
    happenings = HAPPENINGS | (HAPPENINGS_IN_A_LONG_RUN if LONG else set())
    for number in range(ROUNDS_MAX):
        run_state_machine_as_test(seed(number + SEED * LONG)(Shop), settings=length)
        if LENGTH.examples != EXAMPLES or (wanted <= set(desk.answers) and happenings <= set(+desk.happened)):
            break
    print(
        *(f"{command} {code or 'done'}: {number}" for (command, code), number in sorted(desk.answers.items(), key=str)),
        *(f"{happening}: {number}" for happening, number in sorted(desk.happened.items())),
        sep="\n",
    )
    if LENGTH.examples > EXAMPLES:
        return  # a quick look
    assert wanted <= set(desk.answers)
    assert happenings <= set(+desk.happened)


TURN = ("web", 3, 0, 1.0, 7)  # channel, units, priority (as its negative), age, number


@pytest.mark.parametrize("warehouse", SERVING["web"])
@pytest.mark.parametrize("behind", [[["B", "S-1", "till", 1, 0, 2.0, 8]], [["B", "S-1", "till", 1, 5, 0.5, 3]], []])
def test_the_check_of_turns_sees_an_order_that_was_passed(behind: list[list[Any]], warehouse: str) -> None:
    before = [["A", "S-1", *TURN], *behind]
    queue = {"waits": [["A", "S-1", *TURN]], "gains": [["B", "S-1", warehouse, 1]]}
    with pytest.raises(AssertionError, match="passed"):
        check_turns(before, queue)


@pytest.mark.parametrize(
    ("before", "gains"),
    [
        ([["A", "S-1", *TURN]], [["B", "S-1", "WH-03", 1]]),  # serves another channel only
        ([["A", "S-1", *TURN]], [["B", "S-2", "WH-01", 1]]),
        ([["A", "S-1", *TURN]], [["B", "S-1", "WH-02", -1], ["B", "S-1", "WH-01", 1]]),  # moved
        ([["A", "S-1", *TURN]], [["A", "S-1", "WH-01", 3], ["B", "S-1", "WH-01", 1]]),  # waits again since a loss
        ([["A", "S-1", *TURN], ["B", "S-1", "till", 1, -2, 9.0, 9]], [["B", "S-1", "WH-01", 1]]),  # of higher priority
        ([], [["B", "S-1", "WH-01", 1]]),
    ],
)
def test_the_check_of_turns_lets_others_pass(before: list[list[Any]], gains: list[list[Any]]) -> None:
    check_turns(before, {"waits": [["A", "S-1", *TURN]], "gains": gains})
