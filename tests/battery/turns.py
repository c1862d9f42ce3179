"""Two promises about the queue of waiting orders, checked on the books of the database, whatever the model says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

Books = dict[str, Any]
Serving = Mapping[str, tuple[str, ...]]  # the warehouses of each channel


def check_idle(books: Books, serving: Serving) -> None:
    """BO8, whatever the model says: no available unit beside an order that waits for it in a warehouse of its channel."""
    for key in books["waits"]:
        order, sku = key.split()
        for warehouse in serving[books["channels"][order]]:
            level = books["levels"].get(f"{warehouse} {sku}", {"available": 0})
            assert level["available"] == 0, (key, warehouse)


def check_turns(before: list[list[Any]], queue: Books, serving: Serving) -> None:
    """RC4, whatever the model says: no order got units of a warehouse while another that comes before it in the queue, or that
    waited when it was new, waited for them all the time. An order gets units if it then has more of a SKU than before: a move is
    none, nor are units that it had reserved."""
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
                assert not set(places) & set(serving[channel]), (other, "passed", order, sku, places)
