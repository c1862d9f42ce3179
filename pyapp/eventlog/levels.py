"""The newest state of each recently changed level, in the order of the changes: the log of levels, compacted.

It answers the question of every socket, whether new, slow or resumed: which levels changed after this position?
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from pyapp.eventlog import messages

LEVELS_MAX = 50_000  # levels kept, about 0.7 KB each


class LevelKey(NamedTuple):
    region: int
    warehouse_id: str
    sku_id: str


class Change:
    """A level as an event left it. `seq` is the event's; the version counts the changes of the level itself.

    `states`: how many states of the level were read with it. All but this one are skipped.
    """

    __slots__ = ("_available", "full", "key", "level", "seq", "states")

    def __init__(self, region: int, seq: int, level: messages.Level) -> None:
        self.key = LevelKey(region, level.warehouse_location, level.sku_id)
        self.seq = seq
        self.level = level
        self.states = 1
        self.full = messages.encode(level)
        self._available: bytes | None = None

    def document(self, *, available_only: bool) -> bytes:
        """Returns the level as JSON, encoded once for all clients with the same rights."""
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
        self._changes: OrderedDict[LevelKey, Change] = OrderedDict()

    def __len__(self) -> int:
        return len(self._changes)

    def take(self, change: Change) -> bool:
        """Whether the change is new. One posting makes several events with the same version; the first has all changes."""
        known = self._changes.get(change.key)
        if known is not None and known.level.version >= change.level.version:
            return False
        self._changes[change.key] = change
        if known is not None:
            self._changes.move_to_end(change.key)
        elif len(self._changes) > LEVELS_MAX:
            self.base = self._changes.popitem(last=False)[1].seq
        return True

    def since(self, position: int) -> list[Change] | None:
        """Returns the levels that changed after `position`, by seq; None if the window does not go back that far."""
        if position < self.base:
            return None
        found = []
        for change in reversed(self._changes.values()):
            if change.seq <= position:
                break
            found.append(change)
        found.reverse()
        return found

    def extend(self, position: int, until: int, older: Iterable[Change]) -> None:
        """Extends the window back to `position`, with the changes from there to `until`. Does nothing if they do not fit."""
        changes: OrderedDict[LevelKey, Change] = OrderedDict()
        for change in (*older, *self._changes.values()):
            changes[change.key] = change
            changes.move_to_end(change.key)
        if position < self.base <= until and len(changes) <= LEVELS_MAX:
            self._changes = changes
            self.base = position

    def clear(self, position: int) -> None:
        self._changes.clear()
        self.base = position
