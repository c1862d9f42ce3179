"""Hot reads from memory: answers that Postgres built, kept until the event log tells that they changed.

An answer belongs to a scope (role, warehouses, channels, region), a path, a query and a representation. It goes out again while
it cannot be older than STALE_SECONDS, and that is known: either it was read so lately, or the hub has since then read the log up
to a moment so late without hearing of a change. Where the log is behind, or the hub has lost it, that moment stands still, and
reads go to the database by themselves. A caller that wrote through this process waits for no moment: until the hub has read
past its write, it reads from the database, as does every request with Cache-Control: no-cache.

What an answer shows and no event tells is the date: a batch expires at midnight of its region, which is a quarter of an hour of
UTC in every time zone, so then everything is forgotten.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response
from starlette.types import Scope

from pyapp.eventlog.hub import Hub
from pyapp.eventlog.levels import Change
from pyapp.eventlog.reading import Event
from pyapp.http.headers import IndexedHeaders, Request
from pyapp.identity.tokens import Identity, Verifier

if TYPE_CHECKING:
    from pyapp.http.route import Route

STALE_SECONDS = 0.1
BYTES_MAX = 32 * 1024 * 1024  # of all bodies and their surroundings
ENTRY_BYTES = 1000  # what an entry takes besides its body, about
WRITERS_MAX = 1000  # remembered; those that wrote longer ago than STALE_SECONDS are forgotten first
QUARTER_SECONDS = 900
PATH = "/v1/inventory"

Topic = tuple[int, str | None]  # a region and one of its SKUs; None: a list of them


class Key(NamedTuple):
    """What decides which bytes are the answer."""

    scope: tuple[object, ...]
    path: str
    query: bytes
    accept: str


class Entry:
    """An answer that is being read, or was."""

    __slots__ = ("begun", "future", "key", "response", "route", "size", "topic")

    def __init__(self, key: Key, topic: Topic, route: Route, begun: float) -> None:
        self.key = key
        self.route = route
        self.topic = topic
        self.begun = begun  # monotonic: everything committed before is in it
        self.response: Response | None = None
        self.size = 0
        self.future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.future.add_done_callback(_retrieve)


class Reads:
    """An audience of the hub."""

    def __init__(self, hub: Hub, verifier: Verifier) -> None:
        self.hits = 0
        self.misses = 0
        self._hub = hub
        self._verifier = verifier
        self._entries: dict[Key, Entry] = {}  # the oldest first
        self._topics: dict[Topic, set[Entry]] = {}
        self.size = 0
        self._wrote: dict[str, float] = {}
        self._quarter = int(time.time()) // QUARTER_SECONDS
        hub.audiences.append(self)

    def find(self, scope: Scope, headers: IndexedHeaders) -> Response | None:
        """The answer to a GET, where it is here, is new enough for this caller, and the caller takes it from here. The scope
        then says whose it is, as when it is read."""
        token = headers.getlist("authorization")
        if not scope["path"].startswith(PATH) or _insists(headers) or len(token) != 1 or not token[0].startswith("Bearer "):
            return None
        identity = self._verifier.remembered(token[0][7:])
        if identity is None:
            return None
        entry = self._entries.get(_key(scope, headers, identity))
        if entry is None or entry.response is None or not self._is_new_enough(entry, identity.subject):
            return None
        self.hits += 1
        scope["scoville.route"], scope["state"]["identity"] = entry.route, identity
        return entry.response

    async def through(
        self, request: Request, identity: Identity, topic: Topic, read: Callable[[], Awaitable[Response]]
    ) -> Response:
        """The answer of `read`, kept for others; those who ask meanwhile share it. Raises what `read` raises."""
        if request.method != "GET" or _insists(request.headers):
            return await read()
        self._hub.stay_fresh()
        key = _key(request.scope, request.headers, identity)
        there = self._entries.get(key)
        if there is not None and not self._is_new_enough(there, identity.subject):
            there = None
        if there is not None and there.response is not None:  # not found at the door where callers have limits
            self.hits += 1
            return there.response
        self.misses += 1
        if there is not None:
            return await asyncio.shield(there.future)
        entry = self._begin(key, topic, request.scope["scoville.route"])
        try:
            response = await read()
        except BaseException as error:
            self._drop(entry)
            entry.future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            raise
        entry.future.set_result(response)
        self._keep(entry, response)
        return response

    def wrote(self, identity: Identity) -> None:
        """This caller may have changed something until now."""
        now = time.monotonic()
        if len(self._wrote) >= WRITERS_MAX:
            self._wrote = {subject: at for subject, at in self._wrote.items() if now - at <= STALE_SECONDS}
        self._wrote[identity.subject] = now

    def on_events(self, events: Sequence[Event], changes: Sequence[Change]) -> None:
        if not self._entries:
            return
        for change in changes:
            self._forget((change.key.region, change.key.sku_id))
        for region in {event.region for event in events}:
            self._forget((region, None))
        # Of a SKU or batch the event does not say in its columns which entries it concerns; there are few of them.
        for region in {event.region for event in events if event.about not in ("level", "order", "reservation")}:
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

    def _begin(self, key: Key, topic: Topic, route: Route) -> Entry:
        if (older := self._entries.get(key)) is not None:
            self._drop(older)
        entry = self._entries[key] = Entry(key, topic, route, time.monotonic())
        self._topics.setdefault(topic, set()).add(entry)
        return entry

    def _keep(self, entry: Entry, response: Response) -> None:
        if self._entries.get(entry.key) is not entry:
            return  # forgotten while it was read
        if response.status_code != 200:
            self._drop(entry)
            return
        response.raw_headers = [*response.raw_headers, (b"cache-control", b"no-store")]
        entry.response, entry.size = response, len(response.body) + ENTRY_BYTES
        self.size += entry.size
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


def _key(scope: Scope, headers: IndexedHeaders, identity: Identity) -> Key:
    rights = (identity.role, identity.warehouses, identity.channels, identity.region)
    return Key(rights, scope["path"], scope["query_string"], ",".join(headers.getlist("accept")))


def _insists(headers: IndexedHeaders) -> bool:
    """Whether the caller asks for the database's own answer, or about a version of it."""
    return bool(
        headers.getlist("if-none-match")
        or any("no-" in value or "max-age=0" in value for value in headers.getlist("cache-control"))
        or headers.getlist("pragma")
    )


def _retrieve(future: asyncio.Future[Response]) -> None:
    """An error that nobody else waited for has been raised to the one who read."""
    if not future.cancelled():
        future.exception()
