"""Who gets which units, in the model of the stock rules: allocation, the queue of waiting orders, and whose promises end when
units are missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.battery.facts import Facts, Items, Order, Place, Shortage, Wait, by_sku, skus_of


class Waiting(Facts):
    """The second part of the model."""

    def may_wait(self, channel: str, sku: str, units: int) -> bool:
        rule = self.rule(channel, sku)
        if rule is None or rule.units_max is None:
            return rule is not None
        queued = sum(order.waits[sku].units for order in self.orders.values() if order.channel == channel and sku in order.waits)
        return queued + units <= rule.units_max

    def allocate(
        self, channel: str, wants: Items, held: Mapping[Place, int] | None = None, *, waits: bool = True
    ) -> tuple[dict[Place, int], dict[str, int], Shortage]:
        """The units taken from the channel's warehouses, those that wait, and the shortage. Reserved units are taken first."""
        held = held or {}
        taken: dict[Place, int] = {}
        queued: dict[str, int] = {}
        short: Shortage = {}
        for sku, wanted in wants.items():
            asked = self.serving[channel]
            places = [(w, sku) for w in sorted(asked, key=lambda w: (held.get((w, sku), 0) == 0, asked.index(w)))]
            there = {place: held.get(place, 0) + self.available(place) for place in places}
            missing = wanted - sum(there.values())
            if missing > 0 and not (waits and self.may_wait(channel, sku, missing)):
                short[sku] = (wanted, sum(there.values()))
                continue
            for place in places:
                units = min(wanted, there[place])
                wanted -= units
                if units:
                    taken[place] = units
            if wanted:
                queued[sku] = wanted
                self.happened["part waits" if taken else "all waits"] += 1
        return taken, queued, short

    def enqueue(self, order: Order, queued: Items) -> None:
        """Sets what a new or changed order waits for. Who waits for more goes to the end, except after a loss."""
        for sku in set(order.waits) - set(queued):
            del order.waits[sku]
        for sku, units in queued.items():
            rule = self.rule(order.channel, sku)
            wait = order.waits.setdefault(sku, Wait(0, rule.priority if rule else 0, self.now))
            if units > wait.units and not wait.lost:
                wait.queued_at = self.now
            wait.units = units

    def queue(self, sku: str) -> list[Order]:
        waiting = [order for order in self.orders.values() if sku in order.waits]
        return sorted(waiting, key=lambda order: (-order.waits[sku].priority, order.waits[sku].queued_at, order.number))

    def serve(self, places: Iterable[Place]) -> None:
        """Gives what is available at places where units have just become free to the orders that wait."""
        freed = set(places)
        for sku in skus_of(freed):
            served = 0
            for order in self.queue(sku):
                for warehouse in self.serving[order.channel]:
                    wait, place = order.waits.get(sku), (warehouse, sku)
                    units = min(wait.units, self.available(place)) if wait and place in freed else 0
                    if not wait or not units:
                        continue
                    order.units[place] = order.units.get(place, 0) + units
                    wait.units -= units
                    served += units
                    self.happened["lost units came back" if wait.lost else "an order was served"] += 1
                    self.happened["served past one of other warehouses"] += order is not self.queue(sku)[0]
                    if not wait.units:
                        del order.waits[sku]
            left = any(set(freed) & {(warehouse, sku) for warehouse in self.serving[o.channel]} for o in self.queue(sku))
            self.happened["the queue got too little"] += served > 0 and left

    def sweep(self, skus: Iterable[str] | None = None, but: str = "") -> None:
        """Ends reservations and unpaid orders whose time is over, when the worker sweeps or when somebody needs one of their SKUs
        (orders only if they hold units of it). All reservations first, then all orders: each time the queue gets what they
        leave."""
        asked = None if skus is None else set(skus)
        holds = [hold for hold in self.holds.values() if hold.over(self.now) and (asked is None or asked & skus_of(hold.units))]
        orders = [
            order
            for name, order in self.orders.items()
            if name != but and order.over(self.now) and (asked is None or asked & set(by_sku(order.units)))
        ]
        before = self.happened["an order was served"]
        for hold in holds:
            hold.ended = "expired"
        self.serve(place for hold in holds for place in hold.units)
        freed = [place for order in orders for place in order.units]
        for order in orders:
            order.end()
        self.serve(freed)
        self.happened["served by what was over"] += self.happened["an order was served"] > before

    def withdraw(self, place: Place, missing: int) -> None:
        """Promised units of a level are not there: safety stock gives first, then the latest orders, last the latest
        reservations. Units of orders move to where some are available, the earliest first, or wait with the age of the order."""
        warehouse, sku = place
        room = {w: self.available((w, sku)) for w in {w for served in self.serving.values() for w in served} - {warehouse}}
        kept = min(self.safety[place], missing)
        self.safety[place] -= kept
        self.happened["safety stock gave"] += kept > 0
        missing -= kept
        taken: list[tuple[Order, int]] = []
        for order in reversed(self.orders.values()):
            if units := min(missing, order.units.get(place, 0)):
                taken.append((order, units))
                missing -= units
        freed = {place}
        for hold in reversed(self.holds.values()):
            if missing > 0 and hold.ended is None and hold.units.get(place):
                missing -= hold.units[place]
                hold.ended = "released"
                self.happened["a reservation gave"] += 1
                freed |= set(hold.units)
        for order, lost in reversed(taken):
            order.units[place] -= lost
            left = lost
            for other in self.serving[order.channel]:
                units = min(left, room.get(other, 0))
                if units:
                    order.units[other, sku] = order.units.get((other, sku), 0) + units
                    room[other] -= units
                    left -= units
                    self.happened["promised units moved"] += 1
            if left:
                rule = self.rule(order.channel, sku)
                wait = order.waits.setdefault(sku, Wait(0, rule.priority if rule else 0, order.created_at))
                wait.units += left
                wait.queued_at = min(wait.queued_at, order.created_at)
                wait.lost = True
                self.happened["promised units were lost"] += 1
        self.serve(freed)
