"""The one way of every write: elements in, a result for each, in order.

An element is complete in itself (what the client sent, and in `meta` who sent it, under which key and request), and a
call takes a list of them. So elements of several requests of the same role and scope can share a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pyapp.auth import Identity
from pyapp.database import Database, Row, Value


class Result(NamedTuple):
    """What became of an element: code None is done and body the document; else refused and body says why."""

    code: str | None
    replayed: bool
    body: bytes


async def execute(
    database: Database,
    identity: Identity,
    statement: str,
    region: int | None,
    elements: Sequence[bytes],
    *,
    request_id: str,
    dry_run: bool = False,
) -> list[Result]:
    """Runs a batch function of schema api on the elements in one transaction. Raises Problem as Database.call does."""
    batch = b"[" + b",".join(elements) + b"]"
    values: tuple[Value, ...] = (batch,) if region is None else (region, batch)
    rows = await database.call(identity, statement, values, request_id=request_id, dry_run=dry_run)
    if len(rows) != len(elements):
        raise RuntimeError(f"{len(elements)} elements, {len(rows)} results: {statement}")
    return [_result(row) for row in rows]


def _result(row: Row) -> Result:
    _, code, replayed, body = row
    return Result(None if code is None else code.decode(), replayed == b"t", body or b"{}")
