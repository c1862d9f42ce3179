"""Refused demand: the refusals for lack of stock (ST001) by channel and SKU, counted in memory.

Most refusals never reach the database (pyapp/cache/refusals.py), and none is a row there. Each process adds its counts to those
of the day every FLUSH_SECONDS and when it stops; a crash loses what it has counted since. If it is unknown whether a call was
committed, its counts are dropped: too few is better than twice.
"""

from __future__ import annotations

import asyncio
import logging

from msgspec import Struct, json

from pyapp.database.calls import Database, UnknownOutcome
from pyapp.database.commands import Command, Commands, Result
from pyapp.identity.enter import Component
from pyapp.problems import Problem

logger = logging.getLogger("scoville.demand")

FLUSH_SECONDS = 60.0
SUMS_MAX = 10_000  # of channel and SKU, between two calls; further ones are not counted
SHORT = "ST001"
COUNTED = frozenset({"select * from api.place_orders($1, $2)", "select * from api.reserve_stock($1, $2)"})
RECORDER = Component("scoville_worker", "api")
RECORD = "select jobs.record_refusals($1, $2)"


class Asked(Struct):
    """The part that is read of an order or reservation. Without a channel, it is the only one of the caller."""

    channel: str | None = None


class Short(Struct):
    sku_id: str
    requested: int


class Refusal(Struct):
    errors: list[Short]


class Sum:
    __slots__ = ("refusals", "units")

    def __init__(self) -> None:
        self.refusals = self.units = 0


class Demand:
    """The outermost layer of the writes that sees the refusals of memory and database alike."""

    def __init__(self, inner: Commands, database: Database) -> None:
        self._inner = inner
        self._database = database
        self._sums: dict[tuple[int, str, str], Sum] = {}  # by region, channel and SKU

    async def execute(self, command: Command) -> list[Result]:
        results = await self._inner.execute(command)
        if command.region is not None and command.statement in COUNTED and not command.dry_run:
            for element, result in zip(command.elements, results, strict=True):
                if result.code == SHORT:
                    self._count(command, command.region, element, result)
        return results

    def _count(self, command: Command, region: int, element: bytes, result: Result) -> None:
        channels = command.identity.channels
        channel = json.decode(element, type=Asked).channel or (channels[0] if len(channels) == 1 else None)
        if channel is None:  # that of a reservation
            return
        for short in json.decode(result.body, type=Refusal).errors:
            self._add((region, channel, short.sku_id), 1, short.requested)

    def _add(self, key: tuple[int, str, str], refusals: int, units: int) -> None:
        found = self._sums.get(key)
        if found is None:
            if len(self._sums) >= SUMS_MAX:
                return
            found = self._sums[key] = Sum()
        found.refusals += refusals
        found.units += units

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Writes the counts, or keeps them for the next call if they cannot be written now."""
        taken, self._sums = self._sums, {}
        for region in {region for region, _, _ in taken}:
            sums = {key: found for key, found in taken.items() if key[0] == region}
            rows = [
                {"channel": channel, "sku_id": sku_id, "refusals": found.refusals, "units": found.units}
                for (_, channel, sku_id), found in sums.items()
            ]
            try:
                await self._database.call(RECORDER, RECORD, (region, json.encode(rows)), request_id="")
            except UnknownOutcome:
                logger.warning("%d sums of refused demand were lost: the connection broke.", len(rows))
            except Problem as problem:
                logger.warning("refused demand is written later: %s", problem)
                for key, found in sums.items():
                    self._add(key, found.refusals, found.units)
