"""For any sequence of commands, the database and a small model in Python (model.py) agree on every answer and every unit.

A short form runs with the suite, with the same examples in each run; a long one runs in `make battery`. A failure prints the
shortest failing sequence and how to repeat it. SCOVILLE_BATTERY_EXAMPLES limits the number of examples for a quick look; failures
are then not shrunk.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.battery.desk import START, Desk
from tests.battery.facts import Items, Place, Rule
from tests.battery.lengths import LENGTH, LONG, SEED
from tests.battery.model import Answer, Model, Wish
from tests.battery.tables import EMPTY
from tests.battery.turns import check_idle, check_turns
from tests.conftest import Server

EXAMPLES = int(os.environ.get("SCOVILLE_BATTERY_EXAMPLES", LENGTH.examples))
STEPS = 24
ROUNDS_MAX = 20  # a round of a short run has few examples
KEPT = timedelta(minutes=15)  # the units of an unpaid order
SERVING = {
    "web": ("WH-01", "WH-02"),
    "till": ("WH-02", "WH-01"),
    "far": ("WH-03",),
    "club": ("WH-03", "WH-02", "WH-01"),
}
# Who may wait: S-1 beyond a limit nobody; the till never, but for units that it had and that were lost.
Rules = dict[str | None, Rule | None]
RULES: dict[str, Rules] = {
    "web": {None: Rule(12), "S-2": None},
    "far": {"S-1": Rule(6, 2)},
    "club": {None: Rule(), "S-1": Rule(20, 2)},
}
OTHER_RULES: list[Rules] = [{}, {None: Rule(None, 1)}, {"S-1": Rule(4, 3), "S-2": Rule()}]
OWNERS = {"ana": "web", "bo": "till"}  # the owners of reservations, and their channels
WAREHOUSES = ("WH-01", "WH-02", "WH-03")
BATCHES = {"B-1": date(2030, 5, 2), "B-2": date(2030, 5, 4), "B-3": None}
STATUSES = ("available", "on_hold", "quarantined", "recalled", "damaged")

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
HAPPENINGS = {"the queue got too little", "part waits", "all waits", "an order was served", "promised units were lost"}
HAPPENINGS_IN_A_LONG_RUN = {
    "promised units moved",
    "served past one of other warehouses",
    "lost units came back",
    "safety stock gave",
    "a reservation gave",
    "served by what was over",
}
REASONS = ("found", "found", "correction", "correction", "expired", "recalled", "promotion")
COUNTERS = ("on_hand", "reserved", "committed", "unavailable", "shortfall", "safety_stock")


amounts = st.sampled_from([1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 12])
skus = st.sampled_from(["S-1", "S-2"])
# Mostly levels with stock; the third warehouse, SKU and channel start empty.
places = st.tuples(
    st.sampled_from(["WH-01"] * 4 + ["WH-02"] * 3 + ["WH-03"]), st.sampled_from(["S-1"] * 4 + ["S-2"] * 3 + ["S-3"])
)
baskets = st.one_of(st.dictionaries(skus, amounts, min_size=1), st.just({"S-1": 1, "S-3": 1}))
batches = st.sampled_from(sorted(BATCHES))
stocks = st.lists(st.tuples(st.sampled_from(["WH-01", "WH-02"]), skus, batches, st.integers(1, 8)), min_size=2, max_size=5)
large = st.dictionaries(st.sampled_from(["S-1", "S-1", "S-2"]), st.integers(1, 8), min_size=1)
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


def sale_rules(allowances: Rules) -> list[dict[str, Any]]:
    rules = []
    for sku, allowed in allowances.items():
        named = {"sku_id": sku} if sku else {}
        more = {"mode": "backorder", "priority": allowed.priority} if allowed else {"mode": "refuse"}
        rules.append(named | more | ({"units_max": allowed.units_max} if allowed and allowed.units_max else {}))
    return rules


class Shop(RuleBasedStateMachine):
    """One run: a shop that starts empty, with its own clock."""

    desk: ClassVar[Desk]
    ruled: ClassVar[set[str]] = set()  # channels whose rules were changed

    @initialize(
        stock=stocks, sold=st.lists(st.tuples(st.sampled_from(["web", "web", "till", "club"]), large), min_size=2, max_size=6)
    )
    def open(self, stock: list[tuple[str, str, str, int]], sold: list[tuple[str, dict[str, int]]]) -> None:
        self.desk.owner.execute(EMPTY)
        for channel in SERVING:
            if channel in self.ruled:
                self._allow(channel, RULES.get(channel, {}))
        self.ruled.clear()
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
                    self._hold_units(owner, {"S-1": 1}, 900)

    def teardown(self) -> None:
        self.desk.happened.update(self.model.happened)

    def check(self) -> None:
        (queue, books), model = self.desk.books(self.queue["last"]), self.model.swept()
        assert books["verify"] == {}
        check_turns(self.queue["waits"], queue, SERVING)
        self.queue = queue
        check_idle(books, SERVING)
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

    @rule(channel=channels, allowances=st.sampled_from(OTHER_RULES))
    def change_rules(self, channel: str, allowances: Rules) -> None:
        """Who waits already keeps place and priority."""
        self.ruled.add(channel)
        self._allow(channel, allowances)
        self.model.rules[channel] = allowances

    def _allow(self, channel: str, allowances: Rules) -> None:
        [(code, _, body)] = self.desk.send("save_channels", {"channel_id": channel, "sale_rules": sale_rules(allowances)})
        assert code is None, body

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
            {"channel_id": channel, "warehouses": list(served), "sale_rules": sale_rules(RULES.get(channel, {})), **minutes}
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
