"""Cached responses: their key, and which requests may be answered from the cache (RFC 9111, section 5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, cast

from starlette.responses import Response
from starlette.types import Scope

from pyapp.cache.answers import Answers
from pyapp.database.calls import Row
from pyapp.http.headers import IndexedHeaders
from pyapp.http.route import Route
from pyapp.identity.tokens import Identity, Verifier

NO_STORE = (b"cache-control", b"no-store")


class ResponseKey(NamedTuple):
    """Everything that decides which bytes are the answer."""

    scope: tuple[object, ...]
    path: str
    query: bytes
    accept: str


class Shown(NamedTuple):
    """A response as it was sent."""

    route: Route
    raw_headers: list[tuple[bytes, bytes]]
    body: bytes | memoryview
    status_code: int = 200
    about: Mapping[str, object] = MappingProxyType({})


def key_of(scope: Scope, headers: IndexedHeaders, identity: Identity) -> ResponseKey | None:
    """Returns None if the caller asks for a fresh answer, or about a version of it."""
    if scope["method"] != "GET" or headers.getlist("if-none-match") or headers.getlist("pragma"):
        return None
    if any("no-" in value or "max-age=0" in value for value in headers.getlist("cache-control")):
        return None
    rights = (identity.role, identity.warehouses, identity.channels, identity.region)
    return ResponseKey(rights, scope["path"], scope["query_string"], ",".join(headers.getlist("accept")))


def find(scope: Scope, headers: IndexedHeaders) -> Shown | None:
    """Returns the cached response to a GET. Sets route and identity in the scope, as a read does."""
    state = scope["state"]
    identity = cast(Verifier, state["verifier"]).remembered(headers.getlist("authorization"))
    key = None if identity is None else key_of(scope, headers, identity)
    if identity is None or key is None:
        return None
    shown = cast(Shown | None, cast(Answers, state["answers"]).find(key, identity.subject))
    if shown is not None:
        scope["scoville.route"], state["identity"] = shown.route, identity
    return shown


def keep(scope: Scope, response: Response) -> None:
    """Caches the response with the rows that it was made from, if these are cached."""
    made_of: tuple[ResponseKey, list[Row]] | None = scope["state"].get("cached_rows")
    if made_of is None or response.status_code != 200:
        return
    key, rows = made_of
    shown = Shown(scope["scoville.route"], [*response.raw_headers, NO_STORE], response.body)
    more = 0 if response.body is rows[0][0] else len(response.body)
    cast(Answers, scope["state"]["answers"]).keep(key, rows, shown, more)
