"""Reads an HTTP request: the caller, the query, the body, the conditional and idempotency headers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, TypeVar, cast
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, HTTPConnection

from pyapp.database.commands import Commands
from pyapp.database.reads import Reads
from pyapp.http.accept import JSON, choose
from pyapp.http.decoding import parse_query
from pyapp.http.fields import Query
from pyapp.http.headers import Request, joined
from pyapp.http.leases import Kind, Limits
from pyapp.http.route import Route
from pyapp.identity.tokens import Identity, Verifier
from pyapp.problems import Problem

BODY_BYTES_MAX = 1024 * 1024
KEY_CHARACTERS_MAX = 255
PATH_VALUE_CHARACTERS_MAX = 255
PARAMETERS_MAX = 50

# An ID that we issue names its region.
PUBLIC_ID = re.compile(r"([A-Z]{3})-([1-9][0-9]{0,4})-[1-9][0-9]*")
REGION_MAX = 32767
PATCH_TYPES = (JSON, "application/merge-patch+json")  # all other methods accept the first one
KEY = re.compile(r"[\x20-\x7e]+")
ETAG = re.compile(r'"([\x21\x23-\x7e]*)"')
IF_NONE_MATCH = re.compile(r'(?:W/)?"([\x21\x23-\x7e]*)"')


Q = TypeVar("Q", bound=Query)


class Context(NamedTuple):
    """A request with known caller and query."""

    route: Route
    identity: Identity
    query: Query
    region: int
    request_id: str
    traceparent: str | None
    commands: Commands
    reads: Reads
    media_type: str


async def enter(request: Request) -> Context:
    """Checks what every route of /v1 checks: token, limit, role, Accept, preconditions, query parameters. Raises Problem.

    The token comes first: a caller without one makes us do nothing else.
    """
    route: Route = request.scope["scoville.route"]
    state = request.scope["state"]
    verifier, authorization = cast(Verifier, state["verifier"]), request.headers.getlist("authorization")
    identity = state["identity"] = verifier.remembered(authorization) or await verifier.identify(authorization)
    if state["limits"] is not None:
        await count(request, identity, "read" if route.method == "GET" else "write")
    if identity.role not in route.roles:  # Postgres would refuse it, but only after the body was read
        allowed = " or ".join(route.roles)
        raise Problem("RQ403", f"The role {identity.role} may not do this. Use a token of the role {allowed}.")
    media_type = check_accept(request, route.media_types)
    if route.method != "GET":
        _refuse_preconditions(request, route)
    query = read_query(request, route.query)
    region = _region(request, route, identity, query)
    ids = (state["request_id"], state["traceparent"])
    return Context(route, identity, query, region, *ids, state["commands"], state["reads"], media_type)


async def count(request: Request, identity: Identity, kind: Kind) -> None:
    """Counts the request against the caller's limit and sets the limit headers. Raises Problem RQ429 over the limit, RQ503."""
    state = request.scope["state"]
    if (limits := cast(Limits | None, state["limits"])) is not None:
        state["rate_fields"] = await limits.take(identity.subject, kind, request_id(request))


def request_id(request: Request) -> str:
    return cast(str, request.scope["state"]["request_id"])


def read_query(request: HTTPConnection, type_: type[Q]) -> Q:
    if not request.scope["query_string"]:
        return cast(Q, _no_parameters(type_))
    text = request.scope["query_string"].decode("latin-1")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=PARAMETERS_MAX)
    except ValueError:
        raise Problem("RQ400", f"More than {PARAMETERS_MAX} query parameters. Send fewer.") from None
    return parse_query(pairs, type_)


@cache
def _no_parameters(type_: type[Query]) -> Query:
    """One for all requests: nothing changes a query."""
    return parse_query([], type_)


def region_of(identity: Identity, query: Query) -> int:
    """Returns the caller's own region, or the one that an admin asks for. Raises Problem RQ403."""
    asked = query.region if isinstance(query.region, int) else None
    if asked is not None and identity.role != "admin" and asked != identity.region:
        raise Problem("RQ403", "Only an admin may choose the region. Leave the parameter region out.")
    return asked or identity.region


def _region(request: Request, route: Route, identity: Identity, query: Query) -> int:
    region = region_of(identity, query)
    for variable in route.variables:
        match = PUBLIC_ID.fullmatch(request.path_params[variable.name]) if variable.prefix else None
        if match and match[1] == variable.prefix:
            if int(match[2]) > REGION_MAX:
                raise Problem(variable.missing, f"{match[0]} does not exist or is not yours.")
            return int(match[2])
    return region


def path_values(request: Request) -> dict[str, str]:
    """Returns the variables of the path. Raises Problem RQ404 for a value that cannot be an ID."""
    values: dict[str, str] = request.path_params
    for value in values.values():
        if len(value) > PATH_VALUE_CHARACTERS_MAX or not value.isprintable():
            raise Problem("RQ404", "This path does not exist.")
    return values


def check_accept(request: Request, offers: Sequence[str] = (JSON,)) -> str:
    """Returns the media type that the client prefers. Raises Problem RQ406 if it accepts none of the offers."""
    chosen = choose(joined(request.headers, "accept"), offers)
    if chosen is None:
        there_is = " or ".join(offers)
        raise Problem("RQ406", f"Available as {there_is}. Send Accept: {offers[0]}, or no Accept header.")
    return chosen


async def read_body(request: Request, *, required: bool = True) -> bytes:
    """Returns the body, at most BODY_BYTES_MAX. Raises Problem RQ413, RQ415. An optional body that is missing counts as {}."""
    body = await read_bytes(request, BODY_BYTES_MAX)
    if not body and not required:
        return b"{}"
    if body:
        _check_media_type(request)
    return body


async def read_bytes(request: Request, maximum: int) -> bytes:
    """Returns the body, whatever its type. Raises Problem RQ413 before it keeps more than `maximum` bytes."""
    length = request.headers.first("content-length", "0")
    if length.isdecimal() and int(length[:20]) > maximum:
        raise _too_large(maximum)
    size, chunks, has_more = 0, [], True
    while has_more:  # request.stream() does the same, through two generators
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, has_more = message["body"], message["more_body"]
        size += len(chunk)
        if size > maximum:
            raise _too_large(maximum)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(maximum: int) -> Problem:
    return Problem("RQ413", f"The body is larger than {maximum} bytes. Send it in several requests.")


def _check_media_type(request: Request) -> None:
    content_type = request.headers.first("content-type")
    if content_type != JSON:  # nearly all clients send it as it is
        media, _, parameters = content_type.lower().partition(";")
        charset = parameters.strip().removeprefix("charset=").strip('"')
        types = PATCH_TYPES if request.method == "PATCH" else PATCH_TYPES[:1]
        if media.strip() not in types or charset not in ("", "utf-8"):
            headers = {"Accept-Patch": ", ".join(PATCH_TYPES)} if request.method == "PATCH" else {}
            raise Problem("RQ415", "The body must be JSON in UTF-8. Send Content-Type: application/json.", headers=headers)
    if request.headers.first("content-encoding", "identity").lower() != "identity":
        raise Problem("RQ415", "The body is compressed. Send it without Content-Encoding.")


def idempotency_key(request: Request, *, required: bool) -> str | None:
    """Returns the Idempotency-Key, quoted (a string of RFC 9651) or bare. Raises Problem ID003."""
    values = request.headers.getlist("idempotency-key")
    if not values:
        if required:
            raise Problem("ID003", "Send an Idempotency-Key, such as a UUID. Repeats with the same key act only once.")
        return None
    key = values[0].strip()
    if key.startswith('"'):
        key = re.sub(r'\\(["\\])', r"\1", key[1:-1]) if re.fullmatch(r'"(?:[^"\\]|\\["\\])*"', key) else ""
    if len(values) > 1 or len(key) > KEY_CHARACTERS_MAX or not KEY.fullmatch(key):
        raise Problem("ID003", f"The Idempotency-Key must be one header of 1 to {KEY_CHARACTERS_MAX} printable ASCII characters.")
    return key


def preconditions(request: Request) -> dict[str, str]:
    """Returns If-Match and If-None-Match of a write, as its function takes them. Raises Problem RQ400."""
    added = {}
    if (tag := if_match(request)) is not None:
        added["if_match"] = tag
    if values := request.headers.getlist("if-none-match"):
        if [value.strip() for value in values] != ["*"]:
            raise Problem("RQ400", "If-None-Match of a write must be *: create only if it does not exist yet.")
        added["if_none_match"] = "*"
    return added


def _refuse_preconditions(request: Request, route: Route) -> None:
    """A write that checks no version must not go ahead as if it had (RFC 9110, section 13.1). Raises Problem RQ400."""
    if request.headers.getlist("if-match") and not route.takes_if_match:
        member = "" if route.body is None else route.body.instead_of_if_match
        instead = f", and send the quantity that you saw as {member} instead" if member else ""
        raise Problem("RQ400", f"This request does not support If-Match, so nothing was done. Leave it out{instead}.")
    if request.headers.getlist("if-none-match") and not route.takes_if_none_match:
        raise Problem("RQ400", "If-None-Match: * works only with a PUT that can create something. Leave it out.")


def if_match(request: Request) -> str | None:
    """Returns the one entity tag of If-Match without its quotation marks, or * for any. Raises Problem RQ400."""
    values = request.headers.getlist("if-match")
    if not values:
        return None
    if [value.strip() for value in values] == ["*"]:
        return "*"
    match = ETAG.fullmatch(values[0].strip())
    if len(values) > 1 or not match:
        raise Problem("RQ400", 'If-Match must be one strong entity tag in quotation marks, as the ETag header gives it: "7".')
    return match[1]


def matches_etag(request: HTTPConnection, etag: str) -> bool:
    """Whether If-None-Match names this tag (weak comparison, RFC 9110, section 13.1.2)."""
    values = joined(request.headers, "if-none-match")
    return values.strip() == "*" or etag in IF_NONE_MATCH.findall(values)
