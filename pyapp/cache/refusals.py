"""Orders identical to one just refused for lack of stock are refused from this cache, without waiting for the row lock.

A refusal comes from Postgres and applies to one key: these SKUs, quantities and prices, through this channel, for this scope. It
is valid for FRESH_SECONDS. Then one caller goes to the database as a probe, and the refusal stays valid a little longer while
the probe runs. It is dropped as soon as the hub reads that one of the SKUs has units again, and by every other write of this
process, and by every change of the warehouses that serve a channel. A refusal from a probe that ran during such a write is not
kept, because the probe may not have seen the write. Before a caller is refused from the cache, its earlier orders are looked
up: a repeat of a placed order returns its original answer (api.find_repeats).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from pyapp.database.commands import Command, Commands, Result, Wanted
from pyapp.eventlog.hub import Hub
from pyapp.eventlog.levels import Change
from pyapp.eventlog.reading import Event

FIND_REPEATS = "select * from api.find_repeats($1, $2)"
SHORT = "ST001"
FRESH_SECONDS = 0.05
PROBED_SECONDS = 0.25  # oldest refusal that is returned while a probe runs
ENTRIES_MAX = 10_000
LINES_MAX = 20  # longest order whose refusal is kept: a refusal names every line, and orders that many customers place are short


class OrderKey(NamedTuple):
    """Everything that decides about an order, except whether the caller has placed it before."""

    region: int | None
    scope: tuple[object, ...]
    wanted: Wanted


class ShortLine(msgspec.Struct):
    """What the refusal says of a SKU."""

    sku_id: str = ""


class Shortage(msgspec.Struct):
    """The body of a refusal with ST001."""

    errors: list[ShortLine] = []


class Entry:
    """The refusal that the database returned at `at` (monotonic)."""

    __slots__ = ("at", "probed", "result")

    def __init__(self, at: float, result: Result) -> None:
        self.at = at
        self.probed = False
        self.result = result


class Refusals:
    """A layer of the writes and a subscriber of the hub."""

    def __init__(self, inner: Commands, hub: Hub) -> None:
        self.refused = 0
        self._inner = inner
        self._hub = hub
        self._reset_at = 0.0
        self._entries: dict[OrderKey, Entry] = {}
        self._keys: dict[tuple[int | None, str], set[OrderKey]] = {}
        self._restocked: dict[tuple[int | None, str], float] = {}  # when units last became available, latest last
        hub.subscribers.append(self)

    def __len__(self) -> int:
        return len(self._entries)

    async def execute(self, command: Command) -> list[Result]:
        if command.wanted is None:
            try:
                return await self._inner.execute(command)
            finally:  # any other write may have brought units
                self.on_reset("a write")
        identity = command.identity
        key = OrderKey(command.region, (identity.role, identity.warehouses, identity.channels), command.wanted)
        refusal = self.find(key)
        if refusal is not None:
            [found] = await self._inner.execute(command._replace(statement=FIND_REPEATS, reads=True))
            if found.code is None and not found.replayed:
                self.refused += 1
                return [refusal]
            return [found]
        asked = time.monotonic()
        results = await self._inner.execute(command)
        self.keep(key, asked, results[0])
        return results

    def find(self, key: OrderKey) -> Result | None:
        """Returns the valid refusal, or None: ask the database, and `keep` its result."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        age = time.monotonic() - entry.at
        if age > FRESH_SECONDS and (not entry.probed or age > PROBED_SECONDS):
            entry.probed = True
            return None
        return entry.result

    def keep(self, key: OrderKey, asked: float, result: Result) -> None:
        """Stores the result of a call to the database that began at `asked` (monotonic)."""
        self._forget(key)
        skus = key.wanted.skus
        if result.code != SHORT or len(skus) > LINES_MAX:
            return
        short = msgspec.json.decode(result.body, type=Shortage)
        if not {error.sku_id for error in short.errors} <= {*skus, ""}:
            return  # of a component of a bundle, whose units nobody would hear of here
        self._forget_old()
        if asked <= max(self._reset_at, time.monotonic() - PROBED_SECONDS):
            return
        if any(asked <= self._restocked.get((key.region, sku_id), 0.0) for sku_id in skus):
            return
        if len(self._entries) >= ENTRIES_MAX:
            self.on_reset("")
        self._entries[key] = Entry(asked, result)
        for sku_id in skus:
            self._keys.setdefault((key.region, sku_id), set()).add(key)

    def on_events(self, events: Sequence[Event], changes: Sequence[Change]) -> None:
        if self._hub.regrouped_since(events):
            self.on_reset("warehouses_changed")
        now = time.monotonic()
        for change in changes:
            if change.level.available > 0:
                level = (change.key.region, change.key.sku_id)
                for key in list(self._keys.get(level, ())):
                    self._forget(key)
                self._restocked.pop(level, None)
                self._restocked[level] = now
        self._forget_old()

    def on_reset(self, _reason: str) -> None:
        self._reset_at = time.monotonic()
        self._entries.clear()
        self._keys.clear()

    def _forget_old(self) -> None:
        """Drops outdated entries. Both dictionaries are in order of age, oldest first."""
        too_old = time.monotonic() - PROBED_SECONDS
        while self._entries:
            key, entry = next(iter(self._entries.items()))
            if entry.at >= too_old:
                break
            self._forget(key)
        while self._restocked:
            level, at = next(iter(self._restocked.items()))
            if at >= too_old:
                break
            del self._restocked[level]

    def _forget(self, key: OrderKey) -> None:
        if self._entries.pop(key, None) is not None:
            for level in {(key.region, sku_id) for sku_id in key.wanted.skus}:
                self._keys[level].discard(key)
                if not self._keys[level]:
                    del self._keys[level]
