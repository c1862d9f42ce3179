"""Hot reads from memory: rows that Postgres built, and the answers made from them, kept until the event log reports a change.

The key of an entry is a scope (role, warehouses, channels, region), a path, a query and a representation. An entry is served only
while it is known to be at most STALE_SECONDS old: either it was read that recently, or the hub has since read the log up to a
moment that recent and found no change. If the log is behind or the hub has lost it, that moment stops moving, so reads fall
through to the database. A caller that wrote through this process reads from the database until the hub has read past its write.

An answer also depends on the date, and no event reports a new day. A lot expires at midnight of its region, which in every time
zone is a multiple of 15 minutes UTC. So the cache is cleared every quarter of an hour.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable, Sequence

from pyapp.database.calls import Row
from pyapp.database.reads import ReadQuery, Reads, Topic
from pyapp.eventlog.hub import Hub
from pyapp.eventlog.levels import Change
from pyapp.eventlog.reading import Event

STALE_SECONDS = 0.1
BYTES_MAX = 32 * 1024 * 1024  # of all bodies and their overhead
ENTRY_BYTES = 1000  # overhead of an entry in addition to its body, roughly
WRITERS_MAX = 1000  # those that wrote longer ago than STALE_SECONDS are dropped first
QUARTER_SECONDS = 900
OF_BUNDLE = b".bundle"  # ends the ETag of a bundle (stock.sku_etag), whose stock is that of other SKUs


class Entry:
    """Rows that are being read or have been read, and the answer made from them."""

    __slots__ = ("answer", "begun", "future", "key", "rows", "size", "topic")

    def __init__(self, key: Hashable, topic: Topic, begun: float) -> None:
        self.key = key
        self.topic = topic
        self.begun = begun  # monotonic: includes everything committed before
        self.rows: list[Row] | None = None
        self.answer: object = None
        self.size = 0
        self.future: asyncio.Future[list[Row]] = asyncio.get_running_loop().create_future()
        self.future.add_done_callback(_retrieve)


class Answers:
    """A layer of the reads and a subscriber of the hub."""

    def __init__(self, inner: Reads, hub: Hub) -> None:
        self.hits = 0
        self.misses = 0
        self._inner = inner
        self._hub = hub
        self._entries: dict[Hashable, Entry] = {}  # oldest first
        self._topics: dict[Topic, set[Entry]] = {}
        self.size = 0
        self._wrote: dict[str, float] = {}
        self._quarter = int(time.time()) // QUARTER_SECONDS
        hub.subscribers.append(self)

    def find(self, key: Hashable, subject: str) -> object:
        """Returns the answer cached under this key if it is fresh enough for this caller, else None."""
        entry = self._entries.get(key)
        if entry is None or entry.answer is None or not self._is_new_enough(entry, subject):
            return None
        self.hits += 1
        return entry.answer

    async def fetch(self, query: ReadQuery) -> list[Row]:
        """Returns the rows and caches them if the query has a cache_key. Concurrent callers share one read."""
        if query.cache_key is None:
            return await self._inner.fetch(query)
        self._hub.stay_fresh()
        there = self._entries.get(query.cache_key)
        if there is not None and not self._is_new_enough(there, query.identity.subject):
            there = None
        if there is not None and there.rows is not None:
            self.hits += 1
            return there.rows
        self.misses += 1
        if there is not None:
            return await asyncio.shield(there.future)
        entry = self._begin(query.cache_key, query.topic)
        try:
            rows = await self._inner.fetch(query)
        except BaseException as error:
            self._drop(entry)
            entry.future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            raise
        entry.future.set_result(rows)
        if any(value is not None and value.endswith(OF_BUNDLE) for row in rows for value in row):
            self._drop(entry)  # events about its components do not name it
        elif self._entries.get(entry.key) is entry:  # else dropped during the read
            entry.rows = rows
            self._grow(entry, sum(len(value) for row in rows for value in row if value is not None) + ENTRY_BYTES)
        return rows

    def keep(self, key: Hashable, rows: list[Row], answer: object, size: int) -> None:
        """Caches the answer made from these rows if they are still the rows of the key. `size`: additional bytes."""
        entry = self._entries.get(key)
        if entry is not None and entry.rows is rows and entry.answer is None:
            entry.answer = answer
            self._grow(entry, size)

    def wrote(self, subject: str) -> None:
        """Records that this caller may have changed something up to now."""
        now = time.monotonic()
        if len(self._wrote) >= WRITERS_MAX:
            self._wrote = {writer: at for writer, at in self._wrote.items() if now - at <= STALE_SECONDS}
        self._wrote[subject] = now

    def on_events(self, events: Sequence[Event], changes: Sequence[Change]) -> None:
        if not self._entries:
            return
        for change in changes:
            self._forget((change.key.region, change.key.sku_id))
        for region in {event.region for event in events}:
            self._forget((region, None))
        # The columns of an event about the catalog or a lot do not say which entries it concerns. Such events are rare. A sum
        # follows the event that changed it.
        for region in {event.region for event in events if event.about not in ("level", "sum", "order", "reservation")}:
            for topic in list(self._topics):
                if region in (0, topic[0]):
                    self._forget(topic)

    def on_reset(self, _reason: str) -> None:
        for topic in list(self._topics):
            self._forget(topic)

    def _is_new_enough(self, entry: Entry, subject: str) -> bool:
        self._hub.stay_fresh()
        if self._quarter != (quarter := int(time.time()) // QUARTER_SECONDS):
            self._quarter = quarter
            self.on_reset("")
            return False
        known = max(entry.begun, self._hub.fresh_at)
        return known >= time.monotonic() - STALE_SECONDS and known > self._wrote.get(subject, 0.0)

    def _begin(self, key: Hashable, topic: Topic) -> Entry:
        if (older := self._entries.get(key)) is not None:
            self._drop(older)
        entry = self._entries[key] = Entry(key, topic, time.monotonic())
        self._topics.setdefault(topic, set()).add(entry)
        return entry

    def _grow(self, entry: Entry, size: int) -> None:
        entry.size += size
        self.size += size
        while self.size > BYTES_MAX:
            self._drop(next(iter(self._entries.values())))

    def _forget(self, topic: Topic) -> None:
        for entry in list(self._topics.get(topic, ())):
            self._drop(entry)

    def _drop(self, entry: Entry) -> None:
        if self._entries.get(entry.key) is entry:
            del self._entries[entry.key]
            self.size -= entry.size
            entries = self._topics[entry.topic]
            entries.discard(entry)
            if not entries:
                del self._topics[entry.topic]


def _retrieve(future: asyncio.Future[list[Row]]) -> None:
    """Retrieves the error, which was already raised to the reader, so that asyncio does not warn about it."""
    if not future.cancelled():
        future.exception()
