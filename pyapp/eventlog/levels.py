"""The newest state of each level that changed lately, in the order of the changes: the log of levels, compacted.

It answers what every socket asks, whether new, slow or come back: which levels changed after this place?
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from pyapp.eventlog import messages

LEVELS_MAX = 50_000  # kept; about 0.7 KB each


class Key(NamedTuple):
    region: int
    warehouse_id: str
    sku_id: str


class Change:
    """A level as an event left it: `seq` is the event's, the version counts the changes of the level itself.

    `states`: with how many states of the level it was read; all but this one go to nobody.
    """

    __slots__ = ("_available", "full", "key", "level", "seq", "states")

    def __init__(self, region: int, seq: int, level: messages.Level) -> None:
        self.key = Key(region, level.warehouse_location, level.sku_id)
        self.seq = seq
        self.level = level
        self.states = 1
        self.full = messages.encode(level)
        self._available: bytes | None = None

    def document(self, *, available_only: bool) -> bytes:
        """The level as JSON, encoded once for all who see it alike."""
        if not available_only:
            return self.full
        if self._available is None:
            level = self.level
            self._available = messages.encode(
                messages.AvailableLevel(
                    sku_id=level.sku_id,
                    warehouse_location=level.warehouse_location,
                    stock=level.available,
                    available=level.available,
                    version=level.version,
                    updated_at=level.updated_at,
                )
            )
        return self._available


class Window:
    """Holds every level that changed after `base`, once."""

    def __init__(self, base: int = 0) -> None:
        self.base = base
        self._changes: OrderedDict[Key, Change] = OrderedDict()

    def __len__(self) -> int:
        return len(self._changes)

    def take(self, change: Change) -> bool:
        """Whether the change is news. One posting makes several events with the same version: the first tells all."""
        known = self._changes.get(change.key)
        if known is not None and known.level.version >= change.level.version:
            return False
        self._changes[change.key] = change
        if known is not None:
            self._changes.move_to_end(change.key)
        elif len(self._changes) > LEVELS_MAX:
            self.base = self._changes.popitem(last=False)[1].seq
        return True

    def since(self, place: int) -> list[Change] | None:
        """The levels that changed after `place`, by seq; None where that goes back beyond what is held."""
        if place < self.base:
            return None
        found = []
        for change in reversed(self._changes.values()):
            if change.seq <= place:
                break
            found.append(change)
        found.reverse()
        return found

    def extend(self, place: int, until: int, older: Iterable[Change]) -> None:
        """Goes back to `place`, given the changes from there until `until`. Does nothing where they do not fit on or in."""
        changes: OrderedDict[Key, Change] = OrderedDict()
        for change in (*older, *self._changes.values()):
            changes[change.key] = change
            changes.move_to_end(change.key)
        if place < self.base <= until and len(changes) <= LEVELS_MAX:
            self._changes = changes
            self.base = place

    def clear(self, place: int) -> None:
        self._changes.clear()
        self.base = place
