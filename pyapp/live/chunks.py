"""Chunks of the event log for streams, from the hub's memory. Streams with the same view share each chunk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pyapp.eventlog.hub import Hub
from pyapp.eventlog.reading import Event, Position
from pyapp.eventlog.rights import Rights

PAGE_EVENTS = 200  # per chunk
CHUNKS_MAX = 1000
CHUNKS_BYTES_MAX = 16 * 1024 * 1024


class StreamView(NamedTuple):
    """Everything that decides which events a stream carries."""

    rights: Rights
    types: frozenset[str] | None


class Chunk(NamedTuple):
    """The events after a position that a view may see, ready to send, and the position after them."""

    body: bytes
    position: Position


class Chunks:
    """Builds chunks from the hub's memory, each once for all streams at the same position with the same view."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._made: dict[tuple[StreamView, Position], Chunk] = {}
        self._bytes = 0

    def after(self, view: StreamView, position: Position) -> Chunk | None:
        """Returns None if the memory does not go back to the position, or belongs to another epoch."""
        hub = self._hub
        if hub.position is None or hub.position.epoch != position.epoch:
            return None
        chunk = self._made.get((view, position))
        if chunk is None:
            events = hub.recent.after(position.seq, PAGE_EVENTS)
            if events is None:
                return None
            chunk = make(view, position, events)
            if len(self._made) < CHUNKS_MAX and self._bytes + len(chunk.body) <= CHUNKS_BYTES_MAX:
                self._made[view, position] = chunk
                self._bytes += len(chunk.body)
        return chunk

    def forget(self) -> None:
        """Called after new events: a cached chunk may have been the last one."""
        self._made.clear()
        self._bytes = 0


def make(view: StreamView, position: Position, events: Sequence[Event]) -> Chunk:
    rights, types = view
    blocks = [
        block(position._replace(seq=event.seq), event.type, event.body)
        for event in events
        if (types is None or event.type in types) and rights.sees(event)
    ]
    return Chunk(b"".join(blocks), position._replace(seq=events[-1].seq) if events else position)


def block(position: Position, type_: str, body: bytes) -> bytes:
    # A line break in JSON can only be white space between tokens.
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(position).encode(), type_.encode(), body.replace(b"\n", b" "))
