"""A second implementation of the stock rules in plain Python: no locks, no ledger, no sweeps, no stored sums.

The model stores only facts: the units of each lot per warehouse, reservations with their ends, orders, safety stock.
It computes everything else. A command returns its code (None: done) and the details.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

Place = tuple[str, str]  # warehouse, SKU
Items = Mapping[str, int]
Shortage = dict[str, tuple[int, int]]  # SKU: requested, available
Answer = tuple[str | None, object]
# Units that leave although they are promised: then orders wait, which this model does not know. It changes nothing, and its
# machine does not send the command; tests/sql/stock/test_true_count.py has a model of its own for it.
PROMISED = "promised"


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


@dataclass
class Hold:
    channel: str
    owner: str
    units: dict[Place, int]
    expires_at: datetime
    ended: str | None = None  # released, committed

    def status(self, now: datetime) -> str:
        return self.ended or ("expired" if self.expires_at <= now else "active")


@dataclass
class Parcel:
    units: Counter[tuple[str, str, str]]  # by warehouse, SKU and lot
    undone: bool = False


@dataclass
class Order:
    channel: str
    units: dict[Place, int]  # the units that are neither shipped nor released
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
        if not any(self.units.values()):
            return "completed"
        return "on_hold" if self.held else "pending" if self.unpaid_until else "processing"

    @property
    def has_ended(self) -> bool:
        return self.status in ("canceled", "completed")

    def over(self, now: datetime) -> bool:
        return self.unpaid_until is not None and self.unpaid_until <= now

    def end(self) -> None:
        self.canceled, self.held, self.unpaid_until, self.unpaid_left, self.units = True, False, None, None, {}

    def swept(self, now: datetime) -> tuple[str, dict[Place, int]]:
        """Status and open units as a sweep would leave them."""
        return ("canceled", {}) if self.over(now) else (self.status, self.units)


def _by_sku(units: Mapping[Place, int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for (_, sku), number in units.items():
        found[sku] += number
    return dict(found)


class Model:
    """A shop: its clock, and the warehouses of each channel in order of priority."""

    def __init__(self, serving: Mapping[str, tuple[str, ...]], now: datetime) -> None:
        self.serving = serving
        self.now = now
        self.batches: dict[tuple[str, str], Batch] = {}  # by SKU and number
        self.lots: Counter[tuple[str, str, str]] = Counter()  # units by warehouse, SKU and lot; zero: the warehouse once had some
        self.safety: Counter[Place] = Counter()
        self.holds: dict[str, Hold] = {}
        self.orders: dict[str, Order] = {}

    # Computed from the facts

    def places(self) -> set[Place]:
        return {(warehouse, sku) for warehouse, sku, _ in self.lots} | set(self.safety)

    def level(self, place: Place) -> dict[str, int]:
        """The quantities of a level that are not zero."""
        here = {batch: units for (*where, batch), units in self.lots.items() if tuple(where) == place}
        active = [hold.units.get(place, 0) for hold in self.holds.values() if hold.status(self.now) == "active"]
        on_hand, reserved = sum(here.values()), sum(active)
        committed = sum(order.swept(self.now)[1].get(place, 0) for order in self.orders.values())
        unsellable = sum(units for batch, units in here.items() if not self._sellable(place[1], batch))
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

    def _sellable(self, sku: str, batch: str) -> bool:
        return self.batches[sku, batch].sellable(self.now.date())

    def _allocate(self, channel: str, wants: Items, held: Mapping[Place, int] | None = None) -> tuple[dict[Place, int], Shortage]:
        """The units taken from the channel's warehouses, and the shortage. Reserved units are taken first."""
        held = held or {}
        taken: dict[Place, int] = {}
        short: Shortage = {}
        for sku, wanted in wants.items():
            asked = self.serving[channel]
            places = [(w, sku) for w in sorted(asked, key=lambda w: (held.get((w, sku), 0) == 0, asked.index(w)))]
            there = {place: held.get(place, 0) + self.available(place) for place in places}
            if sum(there.values()) < wanted:
                short[sku] = (wanted, sum(there.values()))
                continue
            for place in places:
                units = min(wanted, there[place])
                wanted -= units
                if units:
                    taken[place] = units
        return taken, short

    def sweep(self, skus: Iterable[str] | None = None, but: str = "") -> None:
        """Unpaid orders whose time is over end when the worker sweeps, or when somebody needs one of their SKUs: only then are
        they canceled for good. Nobody else sees a difference, so a level counts them as ended from the end of their time on."""
        for name, order in self.orders.items():
            if name != but and order.over(self.now) and (skus is None or set(skus) & set(_by_sku(order.units))):
                order.end()

    # Commands

    def receive(self, warehouse: str, sku: str, batch: str, units: int, expires_on: date | None) -> Answer:
        self.batches.setdefault((sku, batch), Batch(len(self.batches), expires_on))
        self.lots[warehouse, sku, batch] += units
        return None, self.lots[warehouse, sku, batch]

    def change(self, warehouse: str, sku: str, delta: int, batch: str | None, reason: str = "correction") -> Answer:
        """An adjustment. Without a lot, units join the lot that was received last, and leave the lots that the reason takes."""
        self.sweep([sku])
        here = [b for (w, s, b) in self.lots if (w, s) == (warehouse, sku)]
        if batch is not None and (sku, batch) not in self.batches:
            return "ST007", None
        if delta < 0:
            return self._take(warehouse, sku, -delta, batch, reason)
        if delta > 0 and not here and batch is None:
            return "ST015", None
        if delta > 0:
            self.lots[warehouse, sku, batch or max(here, key=lambda b: self.batches[sku, b].number)] += delta
        return None, self.level((warehouse, sku)).get("on_hand", 0)

    def _take(self, warehouse: str, sku: str, units: int, batch: str | None, reason: str) -> Answer:
        """Units for sale leave in order of expiry. Nothing says in which order others leave, so then the lot has to be named."""

        def urgency(lot: str) -> tuple[bool, bool, date, int]:
            return not self._sellable(sku, lot), *self.batches[sku, lot].urgency

        here = [b for (w, s, b), n in self.lots.items() if (w, s) == (warehouse, sku) and n and self._means(reason, sku, b)]
        chosen = sorted(here, key=urgency) if batch is None else [batch]
        if batch is not None and not self._means(reason, sku, batch):
            return "ST020", None
        sellable = sum(self.lots[warehouse, sku, b] for b in chosen if self._sellable(sku, b))
        blocked = sum(self.lots[warehouse, sku, b] for b in chosen if not self._sellable(sku, b))
        if batch is None and blocked and len(chosen) > 1 and units < sellable + blocked:
            return "ST015", None
        if units > sellable + blocked:
            return "ST001", (units, sellable + blocked)
        level = self.level((warehouse, sku))
        if units > min(sellable, level.get("available", 0)) + min(blocked, level.get("unavailable", 0)):
            return PROMISED, None
        for lot in chosen:
            part = min(units, self.lots[warehouse, sku, lot])
            self.lots[warehouse, sku, lot] -= part
            units -= part
        return None, self.level((warehouse, sku)).get("on_hand", 0)

    def _means(self, reason: str, sku: str, batch: str) -> bool:
        """Whether the reason takes units of this lot away."""
        lot = self.batches[sku, batch]
        if reason == "promotion":
            return lot.sellable(self.now.date())
        if reason == "expired":
            return lot.expires_on is not None and lot.expires_on < self.now.date()
        return reason != "recalled" or lot.status == "recalled"

    def count(self, warehouse: str, sku: str, units: int, batch: str | None) -> Answer:
        have = sum(n for (w, s, b), n in self.lots.items() if (w, s) == (warehouse, sku) and batch in (None, b))
        return self.change(warehouse, sku, units - have, batch)

    def keep_back(self, place: Place, units: int) -> Answer:
        self.sweep([place[1]])
        can = self.safety[place] + self.available(place)
        if units > can:
            return "ST001", (units, can)
        self.safety[place] = units
        return None, self.available(place)

    def change_batch(self, sku: str, batch: str, status: str) -> Answer:
        if (sku, batch) not in self.batches:
            return "ST016", None
        self.batches[sku, batch].status = status
        sellable = self._sellable(sku, batch)
        return None, "expired" if status == "available" and not sellable else status

    def reserve(self, name: str, channel: str, owner: str, wants: Items, seconds: int) -> Answer:
        self.sweep(wants)
        taken, short = self._allocate(channel, wants)
        if short:
            return "ST001", short
        self.holds[name] = Hold(channel, owner, taken, self.now + timedelta(seconds=seconds))
        return None, taken

    def extend(self, name: str, channels: Iterable[str], owner: str | None, seconds: int) -> Answer:
        """`owner` None: an admin."""
        hold = self.holds[name]
        if refusal := self._refuse(hold, channels, owner):
            return refusal, None
        if hold.status(self.now) != "active":
            return "RV002", hold.status(self.now)
        hold.expires_at = self.now + timedelta(seconds=seconds)
        return None, "active"

    def release(self, name: str, channels: Iterable[str], owner: str | None) -> Answer:
        hold = self.holds[name]
        if refusal := self._refuse(hold, channels, owner):
            return refusal, None
        if hold.status(self.now) == "committed":
            return "RV002", "committed"
        if hold.status(self.now) == "active":
            hold.ended = "released"
        return None, hold.status(self.now)

    @staticmethod
    def _refuse(hold: Hold, channels: Iterable[str], owner: str | None) -> str | None:
        if owner is not None and hold.channel not in channels:
            return "RV001"
        return "RV003" if owner not in (None, hold.owner) else None

    def knows(self, channel: str, external_id: str) -> bool:
        """Whether the channel already has an order with this number."""
        return any((o.channel, o.external_id) == (channel, external_id) for o in self.orders.values())

    def order(
        self, channel: str, wants: Items, external_id: str | None, name: str | None = None, kept: timedelta | None = None
    ) -> Answer:
        """`name` is the id from the database, if the database placed the order. `kept`: how long, because it is unpaid."""
        if external_id and self.knows(channel, external_id):
            return "OR005", None
        self.sweep(wants)
        taken, short = self._allocate(channel, wants)
        if short:
            return "ST001", short
        self.orders[name or ""] = Order(channel, taken, external_id=external_id, unpaid_until=self.now + kept if kept else None)
        return None, taken

    def sell(
        self, channel: str, warehouse: str, wants: Items, name: str | None, lots: Mapping[str, str], *, offline: bool
    ) -> Answer:
        """Places and hands over at a till. Offline: whatever is neither available nor unavailable was found, and leaves."""
        here = {sku: [b for (w, s, b) in self.lots if (w, s) == (warehouse, sku)] for sku in wants}
        if any((sku, lot) not in self.batches for sku, lot in lots.items()):
            return "ST007", None
        if offline and not all(here[sku] or sku in lots for sku in wants):
            return "ST015", None
        self.sweep(wants)
        there = {sku: self.available((warehouse, sku)) for sku in wants}
        if not offline and any(there[sku] < units for sku, units in wants.items()):
            return "ST001", {sku: (units, there[sku]) for sku, units in wants.items() if there[sku] < units}
        left: Counter[tuple[str, str, str]] = Counter()
        for sku, wanted in wants.items():
            units, level = wanted, self.level((warehouse, sku))
            can = {True: level.get("available", 0), False: level.get("unavailable", 0)}
            turns = sorted((b for b in here[sku] if self._sellable(sku, b)), key=lambda b: self.batches[sku, b].urgency)
            if sku in lots:
                turns = [lots[sku]]
            elif offline:
                turns.append(max(here[sku], key=lambda b: (self._sellable(sku, b), self.batches[sku, b].number)))
            for nth, batch in enumerate(turns, 1):
                place, is_sellable = (warehouse, sku, batch), self._sellable(sku, batch)
                taken = min(units, self.lots[place], can[is_sellable])
                part = units if nth == len(turns) else taken
                self.lots[place] -= taken
                can[is_sellable] -= taken
                left[place] += part
                units -= part
        parcel = Parcel(Counter({place: units for place, units in left.items() if units}))
        self.orders[name or ""] = Order(channel, {}, [parcel])
        return None, {(warehouse, sku): units for sku, units in wants.items()}

    def convert(self, hold_name: str, wants: Items | None, name: str | None) -> Answer:
        """Orders the reserved items, or other items that take reserved units first. Releases the remaining reserved units."""
        hold = self.holds[hold_name]
        self.sweep({*_by_sku(hold.units), *(wants or {})})
        if hold.status(self.now) != "active":
            return "RV002", hold.status(self.now)
        taken, short = self._allocate(hold.channel, wants or _by_sku(hold.units), hold.units)
        if short:
            return "ST001", short
        hold.ended = "committed"
        self.orders[name or ""] = Order(hold.channel, taken)
        return None, taken

    def modify(self, name: str, wants: Items) -> Answer:
        order = self.orders[name]
        self.sweep(wants, but=name)
        left = Counter[str]()
        for (_, sku, _), n in order.shipped.items():
            left[sku] += n
        if order.has_ended or any(wants.get(sku, 0) < n for sku, n in left.items()):
            return "OR010", None
        had = dict(Counter(_by_sku(order.units)) + Counter(left))
        more, short = self._allocate(order.channel, {s: n - had.get(s, 0) for s, n in wants.items() if n > had.get(s, 0)})
        if short:
            return "ST001", {sku: (wants[sku], there + had.get(sku, 0)) for sku, (_, there) in short.items()}
        kept: Counter[Place] = Counter(more)
        for sku in had:  # a decrease takes units from the warehouse of lowest priority first
            more_open = wants.get(sku, 0) - left.get(sku, 0)
            for warehouse in self.serving[order.channel]:
                kept[warehouse, sku] += min(more_open, order.units.get((warehouse, sku), 0))
                more_open = max(0, more_open - order.units.get((warehouse, sku), 0))
        order.units = {place: n for place, n in kept.items() if n}
        order.held &= bool(order.units)  # what was shipped is all that it still has: completed
        return None, order.units

    def cancel(self, name: str) -> Answer:
        order = self.orders[name]
        if order.status == "completed" and not order.canceled:
            return "OR003", None
        order.end()
        return None, order.status

    def confirm(self, name: str) -> Answer:
        order = self.orders[name]
        if order.has_ended:
            return "OR014", None
        order.unpaid_until = order.unpaid_left = None
        return None, order.status

    def hold(self, name: str) -> Answer:
        order = self.orders[name]
        if order.has_ended:
            return "OR014", None
        if order.unpaid_until:
            order.unpaid_left = order.unpaid_until - self.now
        order.held, order.unpaid_until = True, None
        return None, order.status

    def let_go(self, name: str) -> Answer:
        order = self.orders[name]
        if order.has_ended:
            return "OR014", None
        if order.unpaid_left is not None:
            order.unpaid_until, order.unpaid_left = self.now + order.unpaid_left, None
        order.held = False
        return None, order.status

    def fulfill(
        self, name: str, warehouses: Iterable[str], wants: Items | None, lots: Mapping[str, str] | None = None, reason: str = ""
    ) -> Answer:
        """Ships the units in these warehouses: the lot that expires first ships first; lots that cannot be sold do not ship.
        `lots`: the lot of a SKU that was scanned. Passing over one that expires earlier needs a reason."""
        order, lots = self.orders[name], lots or {}
        if order.status in ("pending", "on_hold"):
            return "OR013", None
        if any((sku, lot) not in self.batches for sku, lot in lots.items()):
            return "ST007", None
        open_units = {place: n for place, n in sorted(order.units.items()) if n and place[0] in warehouses}
        wants = dict(wants or _by_sku(open_units))
        if not wants or any(n > _by_sku(open_units).get(sku, 0) for sku, n in wants.items()):
            return "OR004", None
        picks: Counter[tuple[str, str, str]] = Counter()
        passes_over = False
        for place, units in open_units.items():
            part = min(units, wants.get(place[1], 0))
            wants[place[1]] = wants.get(place[1], 0) - part
            here = [b for (w, s, b), n in self.lots.items() if (w, s) == place and n and self._sellable(s, b)]
            named = lots.get(place[1])
            if part and named in here:
                dates = [self.batches[place[1], b].urgency[:2] for b in here]
                passes_over |= min(dates) < self.batches[place[1], named].urgency[:2]
            for batch in sorted(here, key=lambda b: self.batches[place[1], b].urgency):
                if named not in (None, batch):
                    continue
                picks[*place, batch] = min(part, self.lots[*place, batch])
                part -= picks[*place, batch]
            if part:
                return "ST013", None
        if passes_over and not reason:
            return "SH002", None
        for (warehouse, sku, batch), units in picks.items():
            order.units[warehouse, sku] -= units
            self.lots[warehouse, sku, batch] -= units
        for warehouse in sorted({warehouse for (warehouse, *_), units in picks.items() if units}):
            order.parcels.append(Parcel(Counter({key: n for key, n in picks.items() if n and key[0] == warehouse})))
        return None, order.status

    def undo(self, name: str, parcel: int) -> Answer:
        """The units of a parcel come back to their lots and are promised to the order again."""
        order, chosen = self.orders[name], self.orders[name].parcels[parcel]
        if not chosen.undone:
            chosen.undone = True
            order.canceled = False
            for (warehouse, sku, batch), units in chosen.units.items():
                order.units[warehouse, sku] = order.units.get((warehouse, sku), 0) + units
                self.lots[warehouse, sku, batch] += units
        return None, order.status
