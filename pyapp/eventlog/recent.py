"""The last events of the log, whole, for streams that are up to date."""

from __future__ import annotations

from collections.abc import Sequence

from pyapp.eventlog.reading import Event

EVENTS_MAX = 5_000
BYTES_MAX = 8 * 1024 * 1024


class Recent:
    """Holds every event after `base`, without a gap."""

    def __init__(self, base: int = 0) -> None:
        self.base = base
        self._events: list[Event] = []
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._events)

    def add(self, events: Sequence[Event]) -> None:
        """Appends events that directly follow those held."""
        self._events += events
        self._bytes += sum(len(event.body) for event in events)
        if len(self._events) > EVENTS_MAX or self._bytes > BYTES_MAX:
            self._forget()

    def after(self, seq: int, limit: int) -> Sequence[Event] | None:
        """Returns at most `limit` events after `seq`; None if they are not all held."""
        if seq < self.base:
            return None
        start = seq - self.base
        return self._events[start : start + limit]

    def clear(self, base: int) -> None:
        self._events.clear()
        self._bytes = 0
        self.base = base

    def _forget(self) -> None:
        """Halves the events, so that this runs rarely."""
        kept, size = 0, 0
        for event in reversed(self._events):
            size += len(event.body)
            if kept == EVENTS_MAX // 2 or size > BYTES_MAX // 2:
                break
            kept += 1
        gone = self._events[: len(self._events) - kept]
        self._bytes -= sum(len(event.body) for event in gone)
        del self._events[: len(gone)]
        self.base += len(gone)
