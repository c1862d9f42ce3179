"""The event log, as the worker moves and reads it and as GET /v1/events pages it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb
from psycopg.types.numeric import Int2

from tests.world import REGION

if TYPE_CHECKING:
    from tests.world import Shop


def sequence(shop: Shop, limit: int = 1000, now: str | None = None) -> int:
    """Moves what is committed; answers how many."""
    with shop.session("scoville_worker", now) as connection:
        row = connection.execute("select jobs.sequence_events(%s)", [limit]).fetchone()
    assert row
    return int(row[0])


def place(shop: Shop) -> tuple[str, int, int]:
    """Epoch, first and last seq."""
    with shop.session("scoville_worker") as connection:
        row = connection.execute("select epoch, first_seq, last_seq from jobs.stream_place()").fetchone()
    assert row
    epoch, first, last = row
    return epoch, first, last


def read(shop: Shop, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
    """The events after a seq, as CloudEvents."""
    with shop.session("scoville_worker") as connection:
        return [event for (event,) in connection.execute("select event from jobs.read_events(%s, %s)", [after, limit])]


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def happened(shop: Shop) -> list[dict[str, Any]]:
    """The events of what was done since the last call."""
    after = place(shop)[2]
    sequence(shop)
    return read(shop, after)


def page(shop: Shop, role: str, after: str | None = None, limit: int = 200, **claims: Any) -> dict[str, Any]:
    """What GET /v1/events answers; `filters` among the claims are its filters."""
    filters = claims.pop("filters", {})
    with shop.session(role, **claims) as connection:
        row = connection.execute(
            "select body from api.list_events(%s, %s, %s, %s)", [Int2(REGION), Jsonb(filters), after, limit]
        ).fetchone()
    assert row
    body: dict[str, Any] = row[0]
    return body
