"""How a transaction gets its caller: a role and claims, handed to app.enter as the transaction's first statement.

The claims are spelled here and nowhere else. A connection of a single caller (psql) carries them as options instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString, NamedTuple, Protocol

import msgspec

ENTER = "select app.enter($1, $2)"


class Caller(Protocol):
    """Whoever a transaction is entered as: an Identity, or a Component."""

    @property
    def role(self) -> str: ...

    def claims(self, request_id: str) -> bytes: ...


class Component(NamedTuple):
    """A part of Scoville that calls on its own behalf. `subject` is the actor that the audit log names."""

    role: str
    subject: str
    warehouses: Sequence[str] = ()
    channels: Sequence[str] = ()
    region: int | None = None  # an admin and the worker reach all of them

    def claims(self, request_id: str = "") -> bytes:
        return encode_claims(self.subject, request_id, self.region, self.warehouses, self.channels)


def encode_claims(subject: str, request_id: str, region: int | None, warehouses: Sequence[str], channels: Sequence[str]) -> bytes:
    """The claims that app.enter reads, as JSON."""
    claims = {"sub": subject, "region": region, "warehouses": warehouses, "channels": channels, "request_id": request_id}
    return msgspec.json.encode(claims)


def enter_step(caller: Caller, request_id: str = "") -> tuple[str, tuple[str, bytes]]:
    """For a pipeline of steps: what follows `begin`."""
    return ENTER, (caller.role, caller.claims(request_id))


def entering(caller: Caller, request_id: str = "") -> tuple[LiteralString, list[str]]:
    """For psycopg, sync or async: `connection.execute(*entering(caller))` at the beginning of a transaction."""
    return "select app.enter(%s, %s)", [caller.role, caller.claims(request_id).decode()]


def session_options(caller: Component, request_id: str) -> list[str]:
    """What app.enter sets for a transaction, as options of libpq that set it for a session."""
    claims = {"role": caller.role, "scoville.subject": caller.subject, "scoville.request_id": request_id}
    if caller.region is not None:
        claims["scoville.region"] = str(caller.region)
    lists = {"scoville.warehouses": caller.warehouses, "scoville.channels": caller.channels}
    claims |= {name: "{" + ",".join(f'"{_quoted(code)}"' for code in codes) + "}" for name, codes in lists.items() if codes}
    return [f"-c {name}={_escaped(value)}" for name, value in claims.items()]


def _quoted(code: str) -> str:
    return code.replace("\\", "\\\\").replace('"', '\\"')


def _escaped(text: str) -> str:
    """For libpq, which splits options at spaces that no backslash guards."""
    return text.replace("\\", "\\\\").replace(" ", "\\ ")
