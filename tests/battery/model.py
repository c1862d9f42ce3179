"""A second implementation of the stock rules in plain Python: no locks, no ledger, no sweeps, no stored sums.

The model stores only facts (facts.py) and decides who gets which units (waiting.py); here are its commands. A command returns its
code (None: done) and the details.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import date, timedelta
from typing import NamedTuple

from tests.battery.facts import Batch, Hold, Items, Order, Parcel, Place, by_sku
from tests.battery.waiting import Waiting

Answer = tuple[str | None, object]


class Wish(NamedTuple):
    """An order to be placed. `name`: its id from the database, if that placed it. `kept`: how long, because it is unpaid."""

    channel: str
    items: Items
    external_id: str | None = None
    name: str | None = None
    kept: timedelta | None = None


class Model(Waiting):
    """The commands."""

    def swept(self) -> Model:
        """As a sweep would leave it."""
        if not self.is_over():
            return self
        after = deepcopy(self)
        after.sweep()
        return after

    # Commands

    def receive(self, warehouse: str, sku: str, batch: str, units: int, expires_on: date | None) -> Answer:
        self.batches.setdefault((sku, batch), Batch(len(self.batches), expires_on))
        self.lots[warehouse, sku, batch] += units
        self.serve([(warehouse, sku)])
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
            self.serve([(warehouse, sku)])
        return None, self.level((warehouse, sku)).get("on_hand", 0)

    def _take(self, warehouse: str, sku: str, units: int, batch: str | None, reason: str) -> Answer:
        """Units for sale leave in order of expiry. Nothing says in which order others leave, so then the lot has to be named."""

        def urgency(lot: str) -> tuple[bool, bool, date, int]:
            return not self.sellable(sku, lot), *self.batches[sku, lot].urgency

        here = [b for (w, s, b), n in self.lots.items() if (w, s) == (warehouse, sku) and n and self._means(reason, sku, b)]
        chosen = sorted(here, key=urgency) if batch is None else [batch]
        if batch is not None and not self._means(reason, sku, batch):
            return "ST020", None
        sellable = sum(self.lots[warehouse, sku, b] for b in chosen if self.sellable(sku, b))
        blocked = sum(self.lots[warehouse, sku, b] for b in chosen if not self.sellable(sku, b))
        if batch is None and blocked and len(chosen) > 1 and units < sellable + blocked:
            return "ST015", None
        if units > sellable + blocked:
            return "ST001", (units, sellable + blocked)
        before = self.level((warehouse, sku))
        free, stuck = before.get("available", 0), before.get("unavailable", 0)
        for lot in chosen:
            part = min(units, self.lots[warehouse, sku, lot])
            self.lots[warehouse, sku, lot] -= part
            units -= part
            free -= part if self.sellable(sku, lot) else 0
            stuck -= 0 if self.sellable(sku, lot) else part
        if min(free, stuck) < 0:  # promised units left; those of lots that cannot be sold are settled with them
            self.withdraw((warehouse, sku), max(0, before.get("shortfall", 0) - free))
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
        self.serve([place])
        return None, self.available(place)

    def change_batch(self, sku: str, batch: str, status: str) -> Answer:
        if (sku, batch) not in self.batches:
            return "ST016", None
        self.batches[sku, batch].status = status
        self.serve((w, s) for (w, s, b), units in self.lots.items() if (s, b) == (sku, batch) and units)
        sellable = self.sellable(sku, batch)
        return None, "expired" if status == "available" and not sellable else status

    def reserve(self, name: str, channel: str, owner: str, wants: Items, seconds: int) -> Answer:
        self.sweep(wants)
        taken, _, short = self.allocate(channel, wants, waits=False)
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
        if hold.ended is None:
            hold.ended = "expired" if hold.over(self.now) else "released"
            self.serve(hold.units)
        return None, hold.status(self.now)

    @staticmethod
    def _refuse(hold: Hold, channels: Iterable[str], owner: str | None) -> str | None:
        if owner is not None and hold.channel not in channels:
            return "RV001"
        return "RV003" if owner not in (None, hold.owner) else None

    def knows(self, channel: str, external_id: str) -> bool:
        """Whether the channel already has an order with this number."""
        return any((o.channel, o.external_id) == (channel, external_id) for o in self.orders.values())

    def place(self, wishes: Sequence[Wish]) -> list[Answer]:
        """Orders of one list: what is over and holds units that one of them needs ends first."""
        known = [wish.external_id is not None and self.knows(wish.channel, wish.external_id) for wish in wishes]
        self.sweep({sku for wish, is_known in zip(wishes, known, strict=True) for sku in wish.items if not is_known})
        return [("OR005", None) if is_known else self._place(wish) for wish, is_known in zip(wishes, known, strict=True)]

    def _place(self, wish: Wish) -> Answer:
        taken, queued, short = self.allocate(wish.channel, wish.items)
        if short:
            return "ST001", short
        order = self._new(wish.channel, taken, wish.name)
        order.external_id, order.unpaid_until = wish.external_id, self.now + wish.kept if wish.kept else None
        self.enqueue(order, queued)
        return None, (taken, queued)

    def _new(self, channel: str, units: dict[Place, int], name: str | None) -> Order:
        self.orders[name or ""] = Order(channel, len(self.orders), self.now, dict(units))
        return self.orders[name or ""]

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
            turns = sorted((b for b in here[sku] if self.sellable(sku, b)), key=lambda b: self.batches[sku, b].urgency)
            if sku in lots:
                turns = [lots[sku]]
            elif offline:
                turns.append(max(here[sku], key=lambda b: (self.sellable(sku, b), self.batches[sku, b].number)))
            for nth, batch in enumerate(turns, 1):
                place, is_sellable = (warehouse, sku, batch), self.sellable(sku, batch)
                taken = min(units, self.lots[place], can[is_sellable])
                part = units if nth == len(turns) else taken
                self.lots[place] -= taken
                can[is_sellable] -= taken
                left[place] += part
                units -= part
        parcel = Parcel(Counter({place: units for place, units in left.items() if units}))
        self._new(channel, {}, name).parcels.append(parcel)
        return None, ({(warehouse, sku): units for sku, units in wants.items()}, {})

    def convert(self, hold_name: str, wants: Items | None, name: str | None) -> Answer:
        """Orders the reserved items, or other items that take reserved units first. Releases the remaining reserved units."""
        hold = self.holds[hold_name]
        self.sweep({*by_sku(hold.units), *(wants or {})})
        if hold.status(self.now) != "active":
            return "RV002", hold.status(self.now)
        taken, queued, short = self.allocate(hold.channel, wants or by_sku(hold.units), hold.units)
        if short:
            return "ST001", short
        hold.ended = "committed"
        order = self._new(hold.channel, taken, name)
        self.serve(place for place, units in hold.units.items() if units > taken.get(place, 0))
        self.enqueue(order, queued)
        return None, (taken, queued)

    def modify(self, name: str, wants: Items) -> Answer:
        order = self.orders[name]
        self.sweep(wants, but=name)
        left = Counter[str]()
        for (_, sku, _), n in order.shipped.items():
            left[sku] += n
        if order.has_ended or any(wants.get(sku, 0) < n for sku, n in left.items()):
            return "OR010", None
        has = Counter(by_sku(order.units))
        waits = Counter({sku: wait.units for sku, wait in order.waits.items()})
        had = has + waits + left
        raised = {sku: units - had[sku] for sku, units in wants.items() if units > had[sku]}
        more, queued, short = self.allocate(order.channel, raised)
        if short:
            return "ST001", {sku: (wants[sku], there + had[sku]) for sku, (_, there) in short.items()}
        kept: Counter[Place] = Counter(more)
        for sku in had:  # a decrease takes units that wait, then units from the warehouse of lowest priority first
            more_open = wants.get(sku, 0) - left[sku]
            queued[sku] = queued[sku] + waits[sku] if sku in queued else max(0, min(waits[sku], more_open - has[sku]))
            for warehouse in self.serving[order.channel]:
                kept[warehouse, sku] += min(more_open, order.units.get((warehouse, sku), 0))
                more_open = max(0, more_open - order.units.get((warehouse, sku), 0))
        freed = [place for place, units in order.units.items() if units > kept[place]]
        order.units = {place: n for place, n in kept.items() if n}
        self.enqueue(order, {sku: units for sku, units in queued.items() if units})
        parts = Counter(order.units)
        for (warehouse, sku, _), units in order.shipped.items():
            parts[warehouse, sku] += units
        answer = None, (dict(parts), {sku: wait.units for sku, wait in order.waits.items()})
        if not order.units and not order.waits:  # what was shipped is all that it still has: completed
            order.held, order.unpaid_left = False, None
        self.serve(freed)
        return answer

    def cancel(self, name: str) -> Answer:
        order = self.orders[name]
        if order.status == "completed" and not order.canceled:
            return "OR003", None
        freed = [] if order.has_ended else list(order.units)
        order.end()
        self.serve(freed)
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

    def move(self, name: str, sku: str, units: int, source: str | None, target: str) -> Answer:
        """Moves promised units to another warehouse."""
        order = self.orders[name]
        self.sweep([sku])
        if order.has_ended:
            return "OR014", None
        there = {w: n for (w, s), n in order.units.items() if s == sku and n and w != target}
        chosen = source or (next(iter(there)) if len(there) == 1 else None)
        if target not in self.serving[order.channel] or chosen is None or chosen == target or units > there.get(chosen, 0):
            return "OR018", None
        if units > self.available((target, sku)):
            return "ST001", (units, self.available((target, sku)))
        order.units[chosen, sku] -= units
        order.units[target, sku] = order.units.get((target, sku), 0) + units
        self.serve([(chosen, sku)])
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
        wants = dict(wants or by_sku(open_units))
        if not wants or any(n > by_sku(open_units).get(sku, 0) for sku, n in wants.items()):
            return "OR004", None
        picks: Counter[tuple[str, str, str]] = Counter()
        passes_over = False
        for place, units in open_units.items():
            part = min(units, wants.get(place[1], 0))
            wants[place[1]] = wants.get(place[1], 0) - part
            here = [b for (w, s, b), n in self.lots.items() if (w, s) == place and n and self.sellable(s, b)]
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
