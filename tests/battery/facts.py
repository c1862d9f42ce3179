"""What the model of the stock rules stores, and what it computes from that: the first of its three parts (waiting.py, model.py).

It stores only facts: the units of each lot per warehouse, reservations with their ends, orders with what they have and wait for,
safety stock. It computes everything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

Place = tuple[str, str]  # warehouse, SKU
Items = Mapping[str, int]
Shortage = dict[str, tuple[int, int]]  # SKU: requested, available


@dataclass
class Batch:
    """A lot of a SKU. `number` follows the order in which lots were first received."""

    number: int
    expires_on: date | None
    status: str = "available"

    def sellable(self, today: date) -> bool:
        return self.status == "available" and (self.expires_on is None or today <= self.expires_on)

    @property
    def urgency(self) -> tuple[bool, date, int]:
        """First expired, first out; lots without an expiration date come last."""
        return self.expires_on is None, self.expires_on or date.min, self.number


@dataclass(frozen=True)
class Rule:
    """Lets orders of a channel wait: at most so many units of a SKU at a time (None: any number)."""

    units_max: int | None = None
    priority: int = 0


@dataclass
class Wait:
    """Units of a SKU for which an order waits. `lost`: since promised units went missing."""

    units: int
    priority: int
    queued_at: datetime
    lost: bool = False


@dataclass
class Hold:
    channel: str
    owner: str
    units: dict[Place, int]
    expires_at: datetime
    ended: str | None = None  # released, committed; expired: somebody has noticed

    def over(self, now: datetime) -> bool:
        return self.ended is None and self.expires_at <= now

    def status(self, now: datetime) -> str:
        return self.ended or ("expired" if self.over(now) else "active")


@dataclass
class Parcel:
    units: Counter[tuple[str, str, str]]  # by warehouse, SKU and lot
    undone: bool = False


@dataclass
class Order:
    channel: str
    number: int  # in the order in which they were placed
    created_at: datetime
    units: dict[Place, int]  # the units that are neither shipped nor released
    waits: dict[str, Wait] = field(default_factory=dict)
    parcels: list[Parcel] = field(default_factory=list)
    external_id: str | None = None
    canceled: bool = False
    unpaid_until: datetime | None = None
    unpaid_left: timedelta | None = None  # of an unpaid order on hold
    held: bool = False

    @property
    def shipped(self) -> Counter[tuple[str, str, str]]:
        return sum((parcel.units for parcel in self.parcels if not parcel.undone), Counter[tuple[str, str, str]]())

    @property
    def status(self) -> str:
        if self.canceled and not self.shipped:
            return "canceled"
        if not any(self.units.values()) and not self.waits:
            return "completed"
        return "on_hold" if self.held else "pending" if self.unpaid_until else "processing"

    @property
    def has_ended(self) -> bool:
        return self.status in ("canceled", "completed")

    def over(self, now: datetime) -> bool:
        return self.unpaid_until is not None and self.unpaid_until <= now

    def end(self) -> None:
        self.canceled, self.held, self.unpaid_until, self.unpaid_left, self.units, self.waits = True, False, None, None, {}, {}


def by_sku(units: Mapping[Place, int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for (_, sku), number in units.items():
        found[sku] += number
    return {sku: number for sku, number in found.items() if number}


class Facts:
    """A shop: its clock, the warehouses of each channel in order of priority, and the sale rules of each channel by SKU (None: of
    its other SKUs; no rule: an order that finds too few units is refused)."""

    def __init__(
        self,
        serving: Mapping[str, tuple[str, ...]],
        now: datetime,
        rules: Mapping[str, Mapping[str | None, Rule | None]] | None = None,
    ) -> None:
        self.serving = serving
        self.rules = dict(rules or {})
        self.now = now
        self.batches: dict[tuple[str, str], Batch] = {}  # by SKU and number
        self.lots: Counter[tuple[str, str, str]] = Counter()  # units by warehouse, SKU and lot; zero: the warehouse once had some
        self.safety: Counter[Place] = Counter()
        self.holds: dict[str, Hold] = {}
        self.orders: dict[str, Order] = {}
        self.happened: Counter[str] = Counter()  # what a useful run must see at least once

    def places(self) -> set[Place]:
        return {(warehouse, sku) for warehouse, sku, _ in self.lots} | set(self.safety)

    def level(self, place: Place) -> dict[str, int]:
        """The quantities of a level that are not zero. What is over counts until somebody notices (waiting.py)."""
        here = {batch: units for (*where, batch), units in self.lots.items() if tuple(where) == place}
        on_hand = sum(here.values())
        reserved = sum(hold.units.get(place, 0) for hold in self.holds.values() if hold.ended is None)
        committed = sum(order.units.get(place, 0) for order in self.orders.values())
        unsellable = sum(units for batch, units in here.items() if not self.sellable(place[1], batch))
        free = on_hand - reserved - committed - self.safety[place]
        # Only free units become unavailable; promised units that cannot be sold are the shortfall.
        unavailable = min(unsellable, free)
        level = {
            "on_hand": on_hand,
            "available": free - unavailable,
            "reserved": reserved,
            "committed": committed,
            "safety_stock": self.safety[place],
            "unavailable": unavailable,
            "shortfall": unsellable - unavailable,
        }
        return {name: units for name, units in level.items() if units}

    def available(self, place: Place) -> int:
        return self.level(place).get("available", 0)

    def sellable(self, sku: str, batch: str) -> bool:
        return self.batches[sku, batch].sellable(self.now.date())

    def rule(self, channel: str, sku: str) -> Rule | None:
        rules = self.rules.get(channel, {})
        return rules[sku] if sku in rules else rules.get(None)

    def has_more_over(self, sku: str) -> bool:
        """Whether something is over that does not hold units of the SKU."""
        over: list[Hold | Order] = [hold for hold in self.holds.values() if hold.over(self.now)]
        over += [order for order in self.orders.values() if order.over(self.now)]
        return any(sku not in by_sku(what.units) for what in over)

    def is_over(self) -> bool:
        return any(hold.over(self.now) for hold in self.holds.values()) or any(o.over(self.now) for o in self.orders.values())


def skus_of(units: Iterable[Place]) -> set[str]:
    return {sku for _, sku in units}
