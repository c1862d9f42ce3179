"""Everything live in this process: the hub, its subscribers, and what ends them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from pyapp.database.calls import Database
from pyapp.eventlog.hub import Hub
from pyapp.eventlog.levels import Change
from pyapp.eventlog.reading import Event
from pyapp.identity.tokens import Session, Verifier
from pyapp.live.chunks import Chunks
from pyapp.live.relay import Relay
from pyapp.live.serving import Serving
from pyapp.live.snapshots import Snapshots
from pyapp.problems import Problem
from pyapp.settings import Settings
from pyapp.tasks import end

RECHECK_SECONDS = 20.0  # so that a revoked caller is cut off within a minute, even with a slow database

logger = logging.getLogger("scoville.live")


class Holder(Protocol):
    """A socket or stream, open for a caller until it is closed."""

    @property
    def session(self) -> Session | None:
        """None: the caller is not identified yet."""

    def close_unauthenticated(self) -> None: ...


class Stream(Holder, Protocol):
    """A stream of events."""

    @property
    def session(self) -> Session: ...

    def wake(self) -> None:
        """Reports new events."""

    def end(self) -> None: ...


class Live:
    """One per application, open while it serves."""

    def __init__(self, url: str, database: Database, verifier: Verifier, settings: Settings) -> None:
        self.database = database
        self.verifier = verifier
        self.allowed_origins = frozenset(settings.allowed_origins)
        self.hub = Hub(url, database)
        self.relay = Relay(self.hub)
        self.snapshots = Snapshots(self.hub, database)
        self.serving = Serving(self.hub, database)
        self.chunks = Chunks(self.hub)
        self.sockets: set[Holder] = set()
        self.streams: set[Stream] = set()
        self.hub.subscribers.append(self)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Live]:
        tasks = [asyncio.create_task(run()) for run in (self.hub.run, self.relay.run, self._recheck)]
        try:
            yield self
        finally:
            self.end_streams()
            await end(*tasks)

    def end_streams(self) -> None:
        """Called when the server stops: a stream is a request that would never end. The server itself closes sockets."""
        for stream in list(self.streams):
            stream.end()

    def on_events(self, _events: Sequence[Event], _changes: Sequence[Change]) -> None:
        self.chunks.forget()
        for stream in self.streams:
            stream.wake()

    def on_reset(self, _reason: str) -> None:
        self.chunks.forget()
        for stream in self.streams:
            stream.wake()

    async def _recheck(self) -> None:
        """Ends connections of clients that were revoked or got other rights, and of withdrawn keys."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            held: dict[tuple[str | None, int | None, str | None], list[Holder]] = {}
            holders: list[Holder] = [*self.sockets, *self.streams]
            for holder in holders:
                if (session := holder.session) is not None:
                    held.setdefault((session.client_id, session.grant, session.key_id), []).append(holder)
            for grant, holders in held.items():
                try:
                    if not await self.verifier.is_good(*grant):
                        for holder in holders:
                            holder.close_unauthenticated()
                except Problem:
                    continue  # database or issuer is unreachable: check again later
                except Exception:
                    logger.exception("open connections could not be checked for revocation, trying again")
