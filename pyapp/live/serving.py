"""Which warehouses serve which channels, for sockets of callers who are bound to channels."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pyapp.database.calls import Database
from pyapp.eventlog.hub import Hub
from pyapp.eventlog.levels import Change
from pyapp.eventlog.reading import READER, Event

STATEMENT = "select region_id::text, channel_id, warehouse_id from catalog.serving_warehouses() where sells"

Served = dict[tuple[int, str], set[str]]


class Serving:
    """Read once, and again after a change that the hub has seen. A read that is older than a change is followed by its event."""

    def __init__(self, hub: Hub, database: Database) -> None:
        self._hub = hub
        self._database = database
        self._read: asyncio.Task[Served] | None = None
        hub.subscribers.append(self)

    async def of(self, region: int, channels: Sequence[str]) -> frozenset[str]:
        """Returns the warehouses from which these channels sell. Raises Problem RQ503."""
        if self._read is None:
            self._read = asyncio.create_task(self._load())
        task = self._read
        try:
            served = await asyncio.shield(task)
        except BaseException:
            if self._read is task and task.done():
                self._read = None
            raise
        return frozenset().union(*(served.get((region, channel), set()) for channel in channels))

    def on_events(self, events: Sequence[Event], _changes: Sequence[Change]) -> None:
        if self._hub.regrouped_since(events):
            self._read = None

    def on_reset(self, _reason: str) -> None:
        self._read = None

    async def _load(self) -> Served:
        served: Served = {}
        for region, channel, warehouse in await self._database.call(READER, STATEMENT, (), request_id="live", read_only=True):
            served.setdefault((int(region or b"0"), (channel or b"").decode()), set()).add((warehouse or b"").decode())
        return served
