"""Reads: a function of schema api in, its rows out.

Layers with a single method wrap each other; pyapp/serve/app.py stacks them. Each passes a query on or returns its own rows.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple, Protocol

from pyapp.database.calls import Database, Row, Value
from pyapp.identity.tokens import Identity

Topic = tuple[int, str | None]  # a region and one of its SKUs; None: a list of them


class ReadQuery(NamedTuple):
    """A reading function, called as the identity with these values."""

    identity: Identity
    statement: str
    values: Sequence[Value]
    request_id: str
    # Positions that a standby must have replayed, as writes returned them. None: read from the primary.
    positions: Sequence[str] | None = None
    # The key under which the rows may be cached, and their topic. None: not cached.
    cache_key: Hashable | None = None
    topic: Topic = (0, None)


class Reads(Protocol):
    """A layer of the reads."""

    async def fetch(self, query: ReadQuery) -> list[Row]:
        """Raises Problem as Database.call does."""


class Primary:
    """The innermost layer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self, query: ReadQuery) -> list[Row]:
        return await self._database.call(
            query.identity, query.statement, query.values, request_id=query.request_id, read_only=True
        )
