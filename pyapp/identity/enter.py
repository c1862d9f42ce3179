"""How a transaction gets its caller: app.enter receives a role and claims as the transaction's first statement.

Only this module encodes claims. A connection of a single caller (psql) carries them as options instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString, NamedTuple, Protocol

import msgspec

ENTER = "select app.enter($1, $2)"


class Caller(Protocol):
    """The identity that a transaction runs as: an Identity or a Component."""

    @property
    def role(self) -> str: ...

    def claims(self, request_id: str) -> bytes: ...


class Component(NamedTuple):
    """A part of Scoville that calls on its own behalf. `subject` is the actor in the audit log."""

    role: str
    subject: str
    warehouses: Sequence[str] = ()
    channels: Sequence[str] = ()
    region: int | None = None  # admin and worker reach all regions

    def claims(self, request_id: str = "") -> bytes:
        return encode_claims(self.subject, request_id, self.region, self.warehouses, self.channels)


def encode_claims(subject: str, request_id: str, region: int | None, warehouses: Sequence[str], channels: Sequence[str]) -> bytes:
    """Returns the claims that app.enter reads, as JSON."""
    claims = {"sub": subject, "region": region, "warehouses": warehouses, "channels": channels, "request_id": request_id}
    return msgspec.json.encode(claims)


def enter_step(caller: Caller, request_id: str = "") -> tuple[str, tuple[str, bytes]]:
    """For a pipeline of steps: the step after `begin`."""
    return ENTER, (caller.role, caller.claims(request_id))


def entering(caller: Caller, request_id: str = "") -> tuple[LiteralString, list[str]]:
    """For psycopg, sync or async: `connection.execute(*entering(caller))` at the beginning of a transaction."""
    return "select app.enter(%s, %s)", [caller.role, caller.claims(request_id).decode()]


def session_options(caller: Component, request_id: str) -> list[str]:
    """Returns the settings that app.enter makes for a transaction, as libpq options that set them for a session."""
    claims = {"role": caller.role, "scoville.subject": caller.subject, "scoville.request_id": request_id}
    if caller.region is not None:
        claims["scoville.region"] = str(caller.region)
    lists = {"scoville.warehouses": caller.warehouses, "scoville.channels": caller.channels}
    claims |= {name: "{" + ",".join(f'"{_quoted(code)}"' for code in codes) + "}" for name, codes in lists.items() if codes}
    return [f"-c {name}={_escaped(value)}" for name, value in claims.items()]


def _quoted(code: str) -> str:
    return code.replace("\\", "\\\\").replace('"', '\\"')


def _escaped(text: str) -> str:
    """Escapes text for libpq, which splits options at spaces without a backslash."""
    return text.replace("\\", "\\\\").replace(" ", "\\ ")
