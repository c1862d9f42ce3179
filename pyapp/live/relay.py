"""From the hub to the sockets: decides which client gets which levels, when, and as which bytes.

Clients with the same rights and the same subscription share a view: a change is encoded and framed once, and all their sockets
get the same bytes. A client is a member of its view while it is up to date and its socket accepts data. A client whose socket is
full is behind, at a position in the log, and nothing is queued for it. When the socket has drained, the client gets the newest
state of every level that changed after its position. So a slow client skips states, its buffer never holds more than one frame,
and it never ends on a stale state.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

from pyapp.eventlog import messages
from pyapp.eventlog.hub import Hub
from pyapp.eventlog.levels import Change, LevelKey
from pyapp.eventlog.messages import LEVELS_PER_FRAME
from pyapp.eventlog.reading import Event

BUFFERED_BYTES_MAX = 64 * 1024 * 1024  # of all sockets; above it, the sockets that have been full longest are cut off
SLOW_SECONDS = 30.0  # a socket that accepts nothing for this long is closed
QUIET_SECONDS = 15.0  # without changes, a client gets its position this often, which also shows that the connection works
TICK_SECONDS = 1.0

TOO_SLOW = 4408


EXTENSION = "scoville.connection"  # in the scope's extensions: the connection itself, as the key "connection"


class SocketConnection(Protocol):
    """A client's connection; pyapp.serve.websocket implements it."""

    @property
    def buffered(self) -> int:
        """Bytes that the socket has not accepted."""

    def write(self, frames: bytes) -> None: ...

    def close(self, code: int, reason: str) -> None:
        """Sends the reason after the data already in the socket's buffer; cuts the connection if that takes too long."""

    def abort(self) -> None:
        """Cuts the connection and frees its buffers."""


class ViewKey(NamedTuple):
    """Everything that decides which bytes a client gets. None: all warehouses, all SKUs."""

    region: int
    available_only: bool
    warehouses: frozenset[str] | None
    skus: frozenset[str] | None

    def sees(self, change: Change) -> bool:
        return (
            change.key.region == self.region
            and (self.warehouses is None or change.key.warehouse_id in self.warehouses)
            and (self.skus is None or change.key.sku_id in self.skus)
        )


class SocketClient:
    """One socket. `position`: the client has, or its socket holds, every change up to there; kept while it is behind."""

    __slots__ = (
        "ahead",
        "buffered",
        "closing",
        "connection",
        "full_since",
        "on_lost",
        "parts",
        "position",
        "skipped",
        "snapshot",
        "view",
    )

    def __init__(self, connection: SocketConnection, on_lost: Callable[[str], None]) -> None:
        self.connection = connection
        self.on_lost = on_lost  # called with the reason when only a snapshot can help
        self.view: View | None = None
        self.position = 0
        self.parts: deque[bytes] = deque()  # frames of a snapshot, before any change
        self.snapshot: object = None  # the snapshot they belong to, held until all parts are sent
        # Levels whose state in the snapshot is newer than the log, with the version of that state.
        self.ahead: dict[LevelKey, int] = {}
        self.full_since: float | None = None
        self.closing = False
        self.buffered = 0
        self.skipped = 0


class Step(NamedTuple):
    """The next frame for a client that is behind, and its position after that frame."""

    changes: Sequence[Change]
    frame: bytes
    position: int


class View:
    """Clients with the same rights and subscription."""

    def __init__(self, key: ViewKey) -> None:
        self.key = key
        self.members: set[SocketClient] = set()
        self.behind: set[SocketClient] = set()
        self.pending: list[Change] = []
        self.steps: dict[int, Step] = {}  # by their first position, shared by clients that are behind at the same position
        self.told_at = time.monotonic()

    def frame(self, changes: Iterable[Change], position: str) -> bytes:
        documents = [change.document(available_only=self.key.available_only) for change in changes]
        return messages.text_frame(messages.changes_message(position, documents))


class Relay:
    """A subscriber of the hub. It never awaits while it serves clients, so no client is seen half served."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._views: dict[ViewKey, View] = {}
        self._by_sku: dict[str | None, set[View]] = {}
        self._full: dict[SocketClient, None] = {}  # in the order in which they filled up
        self.buffered_bytes = 0
        self.frames_sent = 0
        self.states_skipped = 0
        self.closed_slow = 0
        hub.subscribers.append(self)

    @property
    def members(self) -> int:
        """Clients that are up to date."""
        return sum(len(view.members) for view in self._views.values())

    @property
    def full(self) -> int:
        """Clients whose socket accepts no data at the moment."""
        return len(self._full)

    # Requests of sockets ----------------------------------------------------------------------------------------------

    def follow(
        self,
        client: SocketClient,
        key: ViewKey,
        position: int,
        *,
        parts: Sequence[bytes] = (),
        ahead: Mapping[LevelKey, int] = MappingProxyType({}),
        snapshot: object = None,
    ) -> None:
        """The client gets `parts`, then the changes after `position`, then every new change."""
        self.leave(client)
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = View(key)
            for sku in key.skus or (None,):
                self._by_sku.setdefault(sku, set()).add(view)
        client.view, client.position, client.parts, client.ahead = view, position, deque(parts), dict(ahead)
        client.snapshot = snapshot
        view.behind.add(client)
        self._advance(client)

    def leave(self, client: SocketClient) -> None:
        """Removes the client from its view. Data that its socket already holds is still sent."""
        view = client.view
        if view is None:
            return
        client.view = client.snapshot = None
        client.parts.clear()
        view.members.discard(client)
        view.behind.discard(client)
        if not view.members and not view.behind:
            del self._views[view.key]
            for sku in view.key.skus or (None,):
                self._by_sku[sku].discard(view)
                if not self._by_sku[sku]:
                    del self._by_sku[sku]

    # Events of the hub ------------------------------------------------------------------------------------------------

    def on_events(self, events: Sequence[Event], changes: Sequence[Change]) -> None:
        touched: dict[View, None] = {}
        for change in changes:
            for sku in (None, change.key.sku_id):
                for view in self._by_sku.get(sku, ()):
                    if view.key.sees(change):
                        view.pending.append(change)
                        touched[view] = None
        now = time.monotonic()
        for view in touched:
            self._flush(view, events[0].seq - 1, now)
        for region in self._hub.regrouped_since(events):
            self._restart("warehouses_changed", region)

    def on_reset(self, reason: str) -> None:
        self._restart(reason)

    def _restart(self, reason: str, region: int | None = None) -> None:
        for view in list(self._views.values()):
            if region not in (None, view.key.region):
                continue
            for client in (*view.members, *view.behind):
                self.leave(client)
                client.on_lost(reason)

    # Events of sockets ------------------------------------------------------------------------------------------------

    def on_full(self, client: SocketClient) -> None:
        """The socket holds the last write or a part of it, and accepts no more."""
        client.full_since = time.monotonic()
        client.buffered = client.connection.buffered
        self.buffered_bytes += client.buffered
        self._full[client] = None
        if client.view is not None and client in client.view.members:
            client.view.members.discard(client)
            client.view.behind.add(client)
            client.position = self._hub.seq
        while self.buffered_bytes > BUFFERED_BYTES_MAX:
            self._cut_off(next(iter(self._full)))

    def on_drained(self, client: SocketClient) -> None:
        if self._forget_full(client):
            self._advance(client)

    def on_gone(self, client: SocketClient) -> None:
        """The connection has ended, and its buffer is freed."""
        self._forget_full(client)
        self.leave(client)

    # Clock ------------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Closes sockets that stay full, and sends their position to quiet ones, until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.tick(time.monotonic())

    def tick(self, now: float) -> None:
        for client in list(self._full):
            if client.full_since is not None and now - client.full_since >= SLOW_SECONDS:
                self._close_slow(client)
        for view in list(self._views.values()):
            view.steps.clear()
            for client in list(view.behind):
                self._advance(client)
            if now - view.told_at >= QUIET_SECONDS:
                view.told_at = now
                self._write_members(view, view.frame((), self._hub.position_at(self._hub.seq)))

    # ---------------------------------------------------------------------------------------------------------------

    def _flush(self, view: View, before: int, now: float) -> None:
        """Sends the pending changes to the members, and to clients behind as far as their sockets accept them."""
        changes, view.pending = view.pending, []
        view.steps.clear()
        view.told_at = now
        states = sum(change.states for change in changes)
        if len(changes) > LEVELS_PER_FRAME:  # in parts, each after the socket has accepted the one before
            for client in view.members:
                client.position = before
            view.behind |= view.members
            view.members.clear()
        for client in view.behind:
            client.skipped += states
        if view.members:
            self.states_skipped += (states - len(changes)) * len(view.members)
            self._write_members(view, view.frame(changes, self._hub.position_at(self._hub.seq)))
        for client in list(view.behind):
            self._advance(client)

    def _write_members(self, view: View, frame: bytes) -> None:
        self.frames_sent += len(view.members)
        for client in list(view.members):  # a copy: on_full removes clients
            client.connection.write(frame)

    def _advance(self, client: SocketClient) -> None:
        """Writes as much as the socket accepts: parts of a snapshot, then changes. An up-to-date client becomes a member."""
        while client.full_since is None and (view := client.view) is not None:
            if client.parts:
                part = client.parts.popleft()
                if not client.parts:
                    client.snapshot = None
                self._write(client, part)
            elif client.position < self._hub.seq:
                self._catch_up(client, view)
            else:  # or beyond it: a snapshot may be newer than the hub
                if client.position == self._hub.seq and not client.ahead:
                    view.behind.discard(client)
                    view.members.add(client)
                return

    def _catch_up(self, client: SocketClient, view: View) -> None:
        step = self._step(view, client.position)
        if step is None:
            self.leave(client)
            client.on_lost("fell_behind")
            return
        changes, frame = step.changes, step.frame
        if client.ahead:
            changes = [change for change in changes if _is_news(client, change)]
            frame = view.frame(changes, self._hub.position_at(step.position)) if changes else b""
        sent = min(len(changes), client.skipped)  # more: changes that it missed before it subscribed
        client.skipped -= sent
        if step.position == self._hub.seq:
            self.states_skipped += client.skipped
            client.skipped = 0
        client.position = step.position
        if frame:
            self._write(client, frame)

    def _step(self, view: View, after: int) -> Step | None:
        """Returns the next frame for a client of the view at `after`; None if the window does not go back that far."""
        if after not in view.steps:
            changes = self._hub.window.since(after)
            if changes is None:
                return None
            seen = [change for change in changes if view.key.sees(change)]
            at = after
            for start in range(0, max(len(seen), 1), LEVELS_PER_FRAME):
                chunk = seen[start : start + LEVELS_PER_FRAME]
                reached = chunk[-1].seq if start + LEVELS_PER_FRAME < len(seen) else self._hub.seq
                frame = view.frame(chunk, self._hub.position_at(reached)) if chunk else b""
                view.steps[at] = Step(chunk, frame, reached)
                at = reached
        return view.steps[after]

    def _write(self, client: SocketClient, frame: bytes) -> None:
        self.frames_sent += 1
        client.connection.write(frame)

    def _forget_full(self, client: SocketClient) -> bool:
        """Returns whether the socket was full."""
        if client not in self._full:
            return False
        del self._full[client]
        self.buffered_bytes -= client.buffered
        client.buffered, client.full_since = 0, None
        return True

    def _close_slow(self, client: SocketClient) -> None:
        if not client.closing:
            client.closing = True
            self.closed_slow += 1
            self.leave(client)
            client.connection.close(TOO_SLOW, "too slow: connect again and subscribe with the last place as after")

    def _cut_off(self, client: SocketClient) -> None:
        self.closed_slow += not client.closing
        client.closing = True
        self.on_gone(client)
        client.connection.abort()


def _is_news(client: SocketClient, change: Change) -> bool:
    """Whether the change is newer than the state in the client's snapshot."""
    ahead = client.ahead.get(change.key)
    if ahead is None:
        return True
    if change.level.version >= ahead:
        del client.ahead[change.key]
    return change.level.version > ahead
