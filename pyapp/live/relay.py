"""From the hub to the sockets: which client gets which levels, when, and as which bytes.

Clients that see and ask for the same share a View: a change is encoded and framed once for all of them, and the same bytes go
to each socket. A client is a member of its view while it has everything and its socket takes more. One whose socket is full is
behind, at a place in the log, and nothing is kept for it: when its socket has drained it gets the newest state of what changed
after its place. So a slow client skips states, its buffer never holds more than a frame, and it never ends on a stale state.
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
from pyapp.eventlog.levels import Change, Key
from pyapp.eventlog.messages import LEVELS_PER_FRAME
from pyapp.eventlog.reading import Event

BUFFERED_BYTES_MAX = 64 * 1024 * 1024  # of all sockets; past it those that were full the longest are cut off
SLOW_SECONDS = 30.0  # a socket that takes nothing for so long is closed
QUIET_SECONDS = 15.0  # without changes a client is told the place so often, and sees that the line is alive
TICK_SECONDS = 1.0

TOO_SLOW = 4408


EXTENSION = "scoville.line"  # in the scope's extensions: the connection itself, as the key "line"


class Line(Protocol):
    """What a client's connection does; pyapp.serve.websocket has one."""

    @property
    def buffered(self) -> int:
        """Bytes that the socket has not taken."""

    def write(self, frames: bytes) -> None: ...

    def close(self, code: int, reason: str) -> None:
        """Says why, after what the socket holds already; cuts the connection if that takes long."""

    def abort(self) -> None:
        """Cuts the connection and frees what it holds."""


class ViewKey(NamedTuple):
    """What decides which bytes a client gets. None: all warehouses, all SKUs."""

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


class Client:
    """One socket. `place`: it has, or its socket has in the buffer, every change up to there; kept while it is behind."""

    __slots__ = ("ahead", "buffered", "closing", "full_since", "line", "on_lost", "parts", "place", "skipped", "snapshot", "view")

    def __init__(self, line: Line, on_lost: Callable[[str], None]) -> None:
        self.line = line
        self.on_lost = on_lost  # told the reason when nothing but a snapshot can help
        self.view: View | None = None
        self.place = 0
        self.parts: deque[bytes] = deque()  # frames of a snapshot, before any change
        self.snapshot: object = None  # whose they are; kept as long as there are any
        # Levels that the snapshot has in a state of which the log had not told yet, with the version of that state.
        self.ahead: dict[Key, int] = {}
        self.full_since: float | None = None
        self.closing = False
        self.buffered = 0
        self.skipped = 0


class Step(NamedTuple):
    """The next frame of a client that is behind, and the place where it is then."""

    changes: Sequence[Change]
    frame: bytes
    place: int


class View:
    """What some clients see alike."""

    def __init__(self, key: ViewKey) -> None:
        self.key = key
        self.members: set[Client] = set()
        self.behind: set[Client] = set()
        self.pending: list[Change] = []
        self.steps: dict[int, Step] = {}  # by the place they begin at; for clients that are behind at the same place
        self.told_at = time.monotonic()

    def frame(self, changes: Iterable[Change], place: str) -> bytes:
        documents = [change.document(available_only=self.key.available_only) for change in changes]
        return messages.text_frame(messages.changes_message(place, documents))


class Relay:
    """An audience of the hub. Everything here happens between two awaits: no client is ever seen half served."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._views: dict[ViewKey, View] = {}
        self._by_sku: dict[str | None, set[View]] = {}
        self._full: dict[Client, None] = {}  # in the order in which they filled up
        self.buffered_bytes = 0
        self.frames_sent = 0
        self.states_skipped = 0
        self.closed_slow = 0
        hub.subscribers.append(self)

    @property
    def members(self) -> int:
        """Clients that have everything."""
        return sum(len(view.members) for view in self._views.values())

    @property
    def full(self) -> int:
        """Clients whose socket takes no more at the moment."""
        return len(self._full)

    # What a socket asks for ------------------------------------------------------------------------------------------

    def follow(
        self,
        client: Client,
        key: ViewKey,
        place: int,
        *,
        parts: Sequence[bytes] = (),
        ahead: Mapping[Key, int] = MappingProxyType({}),
        snapshot: object = None,
    ) -> None:
        """From now on the client gets `parts`, then what changed after `place`, then every change as it comes."""
        self.leave(client)
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = View(key)
            for sku in key.skus or (None,):
                self._by_sku.setdefault(sku, set()).add(view)
        client.view, client.place, client.parts, client.ahead = view, place, deque(parts), dict(ahead)
        client.snapshot = snapshot
        view.behind.add(client)
        self._advance(client)

    def leave(self, client: Client) -> None:
        """The client gets nothing more of its view. What its socket holds already still goes out."""
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

    # What the hub tells ----------------------------------------------------------------------------------------------

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

    def on_reset(self, reason: str) -> None:
        for view in list(self._views.values()):
            for client in (*view.members, *view.behind):
                self.leave(client)
                client.on_lost(reason)

    # What a socket tells ---------------------------------------------------------------------------------------------

    def on_full(self, client: Client) -> None:
        """The socket holds what was written last, or a part of it, and takes no more."""
        client.full_since = time.monotonic()
        client.buffered = client.line.buffered
        self.buffered_bytes += client.buffered
        self._full[client] = None
        if client.view is not None and client in client.view.members:
            client.view.members.discard(client)
            client.view.behind.add(client)
            client.place = self._hub.seq
        while self.buffered_bytes > BUFFERED_BYTES_MAX:
            self._cut_off(next(iter(self._full)))

    def on_drained(self, client: Client) -> None:
        if self._forget_full(client):
            self._advance(client)

    def on_gone(self, client: Client) -> None:
        """The connection has ended, and its buffer with it."""
        self._forget_full(client)
        self.leave(client)

    # What the clock tells --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Closes sockets that stay full and tells quiet ones the place, until cancelled."""
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
                self._write_members(view, view.frame((), self._hub.place_at(self._hub.seq)))

    # ---------------------------------------------------------------------------------------------------------------

    def _flush(self, view: View, before: int, now: float) -> None:
        """Sends the pending changes to the members, and to those who are behind as far as their sockets take it."""
        changes, view.pending = view.pending, []
        view.steps.clear()
        view.told_at = now
        states = sum(change.states for change in changes)
        if len(changes) > LEVELS_PER_FRAME:  # in parts, each when the socket has taken the one before
            for client in view.members:
                client.place = before
            view.behind |= view.members
            view.members.clear()
        for client in view.behind:
            client.skipped += states
        if view.members:
            self.states_skipped += (states - len(changes)) * len(view.members)
            self._write_members(view, view.frame(changes, self._hub.place_at(self._hub.seq)))
        for client in list(view.behind):
            self._advance(client)

    def _write_members(self, view: View, frame: bytes) -> None:
        self.frames_sent += len(view.members)
        for client in list(view.members):  # on_full takes clients out of it
            client.line.write(frame)

    def _advance(self, client: Client) -> None:
        """Writes what the socket takes: parts of a snapshot, then what changed; makes the client a member when it has all."""
        while client.full_since is None and (view := client.view) is not None:
            if client.parts:
                part = client.parts.popleft()
                if not client.parts:
                    client.snapshot = None
                self._write(client, part)
            elif client.place < self._hub.seq:
                self._catch_up(client, view)
            else:  # or beyond: a snapshot may be newer than what the hub has read
                if client.place == self._hub.seq and not client.ahead:
                    view.behind.discard(client)
                    view.members.add(client)
                return

    def _catch_up(self, client: Client, view: View) -> None:
        step = self._step(view, client.place)
        if step is None:
            self.leave(client)
            client.on_lost("fell_behind")
            return
        changes, frame = step.changes, step.frame
        if client.ahead:
            changes = [change for change in changes if _is_news(client, change)]
            frame = view.frame(changes, self._hub.place_at(step.place)) if changes else b""
        sent = min(len(changes), client.skipped)  # more: what it missed before it came
        client.skipped -= sent
        if step.place == self._hub.seq:
            self.states_skipped += client.skipped
            client.skipped = 0
        client.place = step.place
        if frame:
            self._write(client, frame)

    def _step(self, view: View, after: int) -> Step | None:
        """The next frame for a client of the view that is at `after`; None where the window does not go back so far."""
        if after not in view.steps:
            changes = self._hub.window.since(after)
            if changes is None:
                return None
            seen = [change for change in changes if view.key.sees(change)]
            at = after
            for start in range(0, max(len(seen), 1), LEVELS_PER_FRAME):
                chunk = seen[start : start + LEVELS_PER_FRAME]
                reached = chunk[-1].seq if start + LEVELS_PER_FRAME < len(seen) else self._hub.seq
                frame = view.frame(chunk, self._hub.place_at(reached)) if chunk else b""
                view.steps[at] = Step(chunk, frame, reached)
                at = reached
        return view.steps[after]

    def _write(self, client: Client, frame: bytes) -> None:
        self.frames_sent += 1
        client.line.write(frame)

    def _forget_full(self, client: Client) -> bool:
        """Whether the socket was full."""
        if client not in self._full:
            return False
        del self._full[client]
        self.buffered_bytes -= client.buffered
        client.buffered, client.full_since = 0, None
        return True

    def _close_slow(self, client: Client) -> None:
        if not client.closing:
            client.closing = True
            self.closed_slow += 1
            self.leave(client)
            client.line.close(TOO_SLOW, "too slow: connect again and subscribe with the last place as after")

    def _cut_off(self, client: Client) -> None:
        self.closed_slow += not client.closing
        client.closing = True
        self.on_gone(client)
        client.line.abort()


def _is_news(client: Client, change: Change) -> bool:
    """Whether the client's snapshot did not have this state, or a newer one, already."""
    ahead = client.ahead.get(change.key)
    if ahead is None:
        return True
    if change.level.version >= ahead:
        del client.ahead[change.key]
    return change.level.version > ahead
