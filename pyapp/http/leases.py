"""Rate limits per caller: a fixed window for reads and one for writes, shared by all processes.

Postgres keeps the count (api.take_requests). A process leases a share of the window and admits that many requests without asking
again. So a request costs a dictionary lookup, and a window costs about LEASES short statements. Unused leases are not returned:
with several processes a caller may get up to one share per process less than the limit, never more.

Header fields: draft-ietf-httpapi-ratelimit-headers-10.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from time import monotonic
from typing import Literal

from pyapp.database.calls import Database
from pyapp.problems import Problem

WINDOW_SECONDS = 60
LEASES = 20  # per window, roughly
CALLERS_MAX = 10_000  # remembered; beyond that, all leases are dropped

TAKE = "select * from api.take_requests($1, $2, $3, $4, $5)"

Kind = Literal["read", "write"]
Fields = list[tuple[bytes, bytes]]


class Lease:
    """A process's share of a caller's window."""

    __slots__ = ("asking", "ends_at", "free", "left")

    def __init__(self) -> None:
        self.left = 0  # leased, not yet used
        self.free = 0  # not leased by any process, at the last call
        self.ends_at = 0.0  # monotonic
        self.asking = asyncio.Lock()


class Limits:
    """One per process. `rates`: requests per window, by kind; a missing kind has no limit."""

    def __init__(self, database: Database, rates: Mapping[Kind, int]) -> None:
        self._database = database
        self._rates = rates
        self._leases: dict[tuple[str, Kind], Lease] = {}

    async def take(self, principal: str, kind: Kind, request_id: str) -> Fields:
        """Takes one request and returns the rate limit header fields. Raises Problem RQ429 if none is left, RQ503."""
        limit = self._rates.get(kind)
        if limit is None:
            return []
        lease = self._leases.get((principal, kind))
        if lease is None:
            if len(self._leases) >= CALLERS_MAX:
                self._leases.clear()
            lease = self._leases[principal, kind] = Lease()
        if not lease.left or monotonic() >= lease.ends_at:
            async with lease.asking:
                now = monotonic()
                if now >= lease.ends_at or (not lease.left and lease.free):
                    await self._renew(lease, (principal, kind, max(1, limit // LEASES), limit), request_id)
        if not lease.left:
            wait = max(1, math.ceil(lease.ends_at - monotonic()))
            headers = {name.decode(): value.decode() for name, value in _fields(kind, limit, lease)} | {"Retry-After": str(wait)}
            detail = f"You may send {limit} {kind}s in {WINDOW_SECONDS} seconds. Wait for the seconds in Retry-After."
            raise Problem("RQ429", detail, headers=headers)
        lease.left -= 1
        return _fields(kind, limit, lease)

    async def _renew(self, lease: Lease, asked: tuple[str, Kind, int, int], request_id: str) -> None:
        ((granted, free, ends_in),) = await self._database.ask(TAKE, (*asked, WINDOW_SECONDS), request_id=request_id)
        lease.left, lease.free = int(granted or 0), int(free or 0)
        lease.ends_at = monotonic() + int(ends_in or 0) / 1000


def _fields(kind: Kind, limit: int, lease: Lease) -> Fields:
    seconds = max(0, math.ceil(lease.ends_at - monotonic()))
    return [
        (b"ratelimit-policy", f'"{kind}";q={limit};w={WINDOW_SECONDS}'.encode()),
        (b"ratelimit", f'"{kind}";r={lease.left + lease.free};t={seconds}'.encode()),
    ]
