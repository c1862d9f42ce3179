"""Sold out is cheap: what Postgres refused a moment ago for want of stock is refused again without queueing for the row.

The verdict is Postgres' own and is about one wish: these SKUs, quantities and prices, through this channel. It stands for
VERDICT_SECONDS. Then one caller goes through to the database, and while that one is under way the verdict stands a little
longer. It falls at once when the hub hears of units of one of the SKUs, and with every other write of this process; one that
was under way then, and may not have seen them, is not kept. Whoever is refused like this has been looked up before: a repeat
of an order that was placed gets the answer of then (api.find_repeats).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from pyapp.database.commands import Result
from pyapp.eventlog.hub import Hub
from pyapp.eventlog.levels import Change
from pyapp.eventlog.reading import Event
from pyapp.http.fields import Body
from pyapp.identity.tokens import Identity

FIND_REPEATS = "select * from api.find_repeats($1, $2)"
SHORT = "ST001"
VERDICT_SECONDS = 0.05
PROBED_SECONDS = 0.25  # the oldest verdict that is given while a probe is under way
VERDICTS_MAX = 10_000
LINES_MAX = 20  # of a wish whose verdict is kept: a refusal names every line, and what many want at once is short


class Wish(NamedTuple):
    """What decides about an order, apart from who has placed it already."""

    region: int
    scope: tuple[object, ...]
    skus: tuple[str, ...]
    terms: tuple[object, ...]


class Verdict:
    """The refusal that the database gave when it was asked at `at` (monotonic)."""

    __slots__ = ("at", "probed", "result")

    def __init__(self, at: float, result: Result) -> None:
        self.at = at
        self.probed = False
        self.result = result


def wish_of(identity: Identity, region: int, draft: Body) -> Wish | None:
    """The wish of a body; None where nothing can be known of it beforehand."""
    wanted = draft.wanted()
    if wanted is None:
        return None
    return Wish(region, (identity.role, identity.warehouses, identity.channels), *wanted)


class SoldOut:
    """An audience of the hub."""

    def __init__(self, hub: Hub) -> None:
        self.refused = 0
        self._reset_at = 0.0
        self._verdicts: dict[Wish, Verdict] = {}
        self._wishes: dict[tuple[int, str], set[Wish]] = {}
        self._restocked: dict[tuple[int, str], float] = {}  # when units were last heard of, the last one last
        hub.audiences.append(self)

    def __len__(self) -> int:
        return len(self._verdicts)

    def verdict(self, wish: Wish) -> Result | None:
        """The refusal that stands; None: ask the database, and `tell` what it says."""
        verdict = self._verdicts.get(wish)
        if verdict is None:
            return None
        age = time.monotonic() - verdict.at
        if age > VERDICT_SECONDS and (not verdict.probed or age > PROBED_SECONDS):
            verdict.probed = True
            return None
        return verdict.result

    def tell(self, wish: Wish, asked: float, result: Result) -> None:
        """What the database said to the wish when it was asked at that time (monotonic)."""
        self._forget(wish)
        if result.code != SHORT or len(wish.skus) > LINES_MAX:
            return
        self._forget_old()
        if asked <= max(self._reset_at, time.monotonic() - PROBED_SECONDS):
            return
        if any(asked <= self._restocked.get((wish.region, sku_id), 0.0) for sku_id in wish.skus):
            return
        if len(self._verdicts) >= VERDICTS_MAX:
            self.on_reset("")
        self._verdicts[wish] = Verdict(asked, result)
        for sku_id in wish.skus:
            self._wishes.setdefault((wish.region, sku_id), set()).add(wish)

    def on_events(self, _events: Sequence[Event], changes: Sequence[Change]) -> None:
        now = time.monotonic()
        for change in changes:
            if change.level.available > 0:
                key = (change.key.region, change.key.sku_id)
                for wish in list(self._wishes.get(key, ())):
                    self._forget(wish)
                self._restocked.pop(key, None)
                self._restocked[key] = now
        self._forget_old()

    def on_reset(self, _reason: str) -> None:
        self._reset_at = time.monotonic()
        self._verdicts.clear()
        self._wishes.clear()

    def _forget_old(self) -> None:
        """What is of no more use: the first ones were told, or heard of, first."""
        too_old = time.monotonic() - PROBED_SECONDS
        while self._verdicts:
            wish, verdict = next(iter(self._verdicts.items()))
            if verdict.at >= too_old:
                break
            self._forget(wish)
        while self._restocked:
            key, at = next(iter(self._restocked.items()))
            if at >= too_old:
                break
            del self._restocked[key]

    def _forget(self, wish: Wish) -> None:
        if self._verdicts.pop(wish, None) is not None:
            for key in {(wish.region, sku_id) for sku_id in wish.skus}:
                self._wishes[key].discard(wish)
                if not self._wishes[key]:
                    del self._wishes[key]
