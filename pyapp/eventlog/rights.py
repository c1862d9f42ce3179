"""Who may see which events: the same rules as the policies on events.event_log, for events that are already in memory.

The policies are authoritative. tests/live/test_rights.py reads the same log both ways, as every role, and compares.
"""

from __future__ import annotations

from typing import NamedTuple

from pyapp.eventlog.reading import Event
from pyapp.identity.tokens import Identity, Role

CATALOGUE_REGION = 0


class Rights(NamedTuple):
    """Everything about a caller that decides which events it may see."""

    role: Role
    region: int
    warehouses: frozenset[str]
    channels: frozenset[str]

    @classmethod
    def of(cls, identity: Identity, region: int) -> Rights:
        """Omits claims that the role does not use, so that callers with the same view are equal."""
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
