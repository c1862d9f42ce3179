"""Chunks of the event log for streams, from the hub's memory. Streams with the same view share each chunk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pyapp.eventlog.hub import Hub
from pyapp.eventlog.reading import Event, Place
from pyapp.eventlog.rights import Rights

PAGE_EVENTS = 200  # per chunk
CHUNKS_MAX = 1000
CHUNKS_BYTES_MAX = 16 * 1024 * 1024


class View(NamedTuple):
    """Everything that decides which events a stream carries."""

    rights: Rights
    types: frozenset[str] | None


class Chunk(NamedTuple):
    """The events after a position that a view may see, ready to send, and the position after them."""

    body: bytes
    place: Place


class Chunks:
    """Builds chunks from the hub's memory, each once for all streams at the same position with the same view."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._made: dict[tuple[View, Place], Chunk] = {}
        self._bytes = 0

    def after(self, view: View, place: Place) -> Chunk | None:
        """Returns None if the memory does not go back to the position, or belongs to another epoch."""
        hub = self._hub
        if hub.place is None or hub.place.epoch != place.epoch:
            return None
        chunk = self._made.get((view, place))
        if chunk is None:
            events = hub.recent.after(place.seq, PAGE_EVENTS)
            if events is None:
                return None
            chunk = make(view, place, events)
            if len(self._made) < CHUNKS_MAX and self._bytes + len(chunk.body) <= CHUNKS_BYTES_MAX:
                self._made[view, place] = chunk
                self._bytes += len(chunk.body)
        return chunk

    def forget(self) -> None:
        """Called after new events: a cached chunk may have been the last one."""
        self._made.clear()
        self._bytes = 0


def make(view: View, place: Place, events: Sequence[Event]) -> Chunk:
    rights, types = view
    blocks = [
        block(place._replace(seq=event.seq), event.type, event.body)
        for event in events
        if (types is None or event.type in types) and rights.sees(event)
    ]
    return Chunk(b"".join(blocks), place._replace(seq=events[-1].seq) if events else place)


def block(place: Place, type_: str, body: bytes) -> bytes:
    # A line break in JSON can only be white space between tokens.
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(place).encode(), type_.encode(), body.replace(b"\n", b" "))
