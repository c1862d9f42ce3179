"""Reads the event log: positions, and events in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pyapp.database.calls import Row, Step
from pyapp.eventlog import messages
from pyapp.eventlog.levels import Change
from pyapp.eventlog.types import EVENT_TYPES
from pyapp.identity.enter import Component

PAGE_EVENTS = 1000  # per read

POSITION = re.compile(r"([0-9a-z]{1,32}):([0-9]{1,18})")

READ_EXTENT = "select epoch, first_seq, last_seq from jobs.stream_place()"
READ_EVENTS = "select seq, region_id, type, audience, warehouse_ids, channel_id, event from jobs.read_events($1, $2)"
FOLLOW = """select epoch, first_seq, last_seq, waiting_seconds, seq, region_id, type, audience, warehouse_ids, channel_id, event
    from jobs.follow_log($1, $2, $3)"""


# May read the whole log; pyapp.eventlog.rights decides which events a caller receives.
READER = Component("scoville_worker", "live")


class Position(NamedTuple):
    """A position in the log. The epoch changes when a backup is restored: then the same seq is a different event."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"


class Extent(NamedTuple):
    """The range of the log: first_seq to last_seq; empty if last_seq < first_seq."""

    epoch: str
    first_seq: int
    last_seq: int


class Event(NamedTuple):
    """A row of the log; `body` is the CloudEvent as Postgres wrote it."""

    seq: int
    region: int
    type: str
    audience: str
    warehouses: frozenset[str]
    channel: str | None
    body: bytes

    @property
    def about(self) -> str | None:
        """The kind of thing that the event is about; None for a type that is newer than this process."""
        known = EVENT_TYPES.get(self.type)
        return known.about if known else None

    @property
    def regroups(self) -> bool:
        """Whether other warehouses serve a channel since the event: nothing but a new snapshot shows what can be sold then."""
        if self.about not in ("channel", "warehouse"):
            return False
        old, new = (data := messages.decode_catalog_event(self.body).data).old, data.new
        return old != new and not (self.about == "warehouse" and old is None)


class LogPage(NamedTuple):
    """`waiting_seconds`: how long the oldest event outside the log has waited; None if it was not requested."""

    extent: Extent
    events: list[Event]
    waiting_seconds: float | None = None


class Lost(Exception):  # noqa: N818 (not an error: the client is notified)
    """The log cannot be continued from a position; `reason` is sent to the client in a reset."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_position(text: str) -> Position | None:
    match = POSITION.fullmatch(text)
    return Position(match[1], int(match[2])) if match else None


def follow(after: int | None, *, waiting: bool = False) -> Step:
    """Returns the statement that reads the extent of the log and, if `after` is given, a page of events as of the same moment."""
    return FOLLOW, (after, PAGE_EVENTS, "t" if waiting else "f")


def page(rows: Sequence[Row]) -> LogPage:
    """Parses the rows of `follow`. Without an event there is one row."""
    *extent_, waiting = rows[0][:4]
    return LogPage(
        extent(tuple(extent_)),
        events([row[4:] for row in rows]) if rows[0][4] is not None else [],
        None if waiting is None else float(waiting),
    )


def extent(row: Row) -> Extent:
    epoch, first, last = map(_text, row)
    return Extent(epoch, int(first), int(last))


def events(rows: Sequence[Row]) -> list[Event]:
    return [_event(row) for row in rows]


def changes(events: Sequence[Event]) -> list[Change]:
    """Returns the states of levels in the events."""
    return [change for event in events if (change := _change(event)) is not None]


def _event(row: Row) -> Event:
    seq, region, type_, audience, warehouses, channel, body = row
    codes = _text(warehouses)[1:-1].replace('"', "")  # a text array of codes, which never contain escapes
    return Event(
        int(_text(seq)),
        int(_text(region)),
        _text(type_),
        _text(audience),
        frozenset(codes.split(",")) if codes else frozenset(),
        None if channel is None else channel.decode(),
        body or b"{}",
    )


def _change(event: Event) -> Change | None:
    if event.about != "level":
        return None
    return Change(event.region, event.seq, messages.decode_stock_event(event.body).data.new)


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode()
