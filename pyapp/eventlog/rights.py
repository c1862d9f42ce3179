"""Who sees which events: what the policies on events.event_log say, once more, for events that are in memory already.

The policies decide. tests/live/test_rights.py reads the same log both ways, as every role, and compares.
"""

from __future__ import annotations

from typing import NamedTuple

from pyapp.eventlog.reading import Event
from pyapp.identity.tokens import Identity, Role

CATALOGUE_REGION = 0


class Rights(NamedTuple):
    """All of a caller that decides which events it sees."""

    role: Role
    region: int
    warehouses: frozenset[str]
    channels: frozenset[str]

    @classmethod
    def of(cls, identity: Identity, region: int) -> Rights:
        """Claims that mean nothing for the role are left out, so that all who see alike are equal."""
        warehouses = frozenset(identity.warehouses) if identity.role == "warehouse" else frozenset[str]()
        channels = frozenset(identity.channels) if identity.role in ("sales", "integration") else frozenset[str]()
        return cls(identity.role, region, warehouses, channels)

    def sees(self, event: Event) -> bool:
        if event.region not in (CATALOGUE_REGION, self.region):
            return False
        if self.role == "admin" or event.audience == "everybody":
            return True
        if self.role == "warehouse":
            return event.audience == "warehouse" and not self.warehouses.isdisjoint(event.warehouses)
        return event.audience in ("channel", "warehouse") and event.channel in self.channels
