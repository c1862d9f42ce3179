"""Reading an HTTP request: who calls, the query, the body, the conditional and idempotency headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import parse_qsl

from starlette.requests import Request

from pyapp.auth import Identity, Verifier
from pyapp.database import Database
from pyapp.problems import Problem
from pyapp.schemas import Query, parse_query

if TYPE_CHECKING:
    from pyapp.routes import Route

BODY_BYTES_MAX = 1024 * 1024
KEY_CHARACTERS_MAX = 255
PATH_VALUE_CHARACTERS_MAX = 255
PARAMETERS_MAX = 50

ORDER_ID = re.compile(r"ORD-([1-9][0-9]{0,4})-[1-9][0-9]*")
REGION_MAX = 32767
KEY = re.compile(r"[\x20-\x7e]+")
ETAG = re.compile(r'"([\x21\x23-\x7e]*)"')
IF_NONE_MATCH = re.compile(r'(?:W/)?"([\x21\x23-\x7e]*)"')


class Visit(NamedTuple):
    """A request whose caller and query are known."""

    route: Route
    identity: Identity
    query: Query
    region: int
    request_id: str
    database: Database


async def enter(request: Request) -> Visit:
    """Checks what every route of /v1 checks: Accept, token, query parameters. Raises Problem."""
    route: Route = request.scope["scoville.route"]
    check_accept(request)
    verifier = cast(Verifier, request.scope["state"]["verifier"])
    identity = await verifier.identify(request.headers)
    query = read_query(request, route.query)
    return Visit(
        route, identity, query, _region(request, identity, query), request_id(request), request.scope["state"]["database"]
    )


def request_id(request: Request) -> str:
    return cast(str, request.scope["state"]["request_id"])


def read_query(request: Request, type_: type[Query]) -> Query:
    text = request.scope["query_string"].decode("latin-1")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=PARAMETERS_MAX)
    except ValueError:
        raise Problem("RQ400", f"More than {PARAMETERS_MAX} query parameters. Send fewer.") from None
    return parse_query(pairs, type_)


def _region(request: Request, identity: Identity, query: Query) -> int:
    asked = query.region if isinstance(query.region, int) else None
    if asked is not None and identity.role != "admin" and asked != identity.region:
        raise Problem("RQ403", "Only an admin may choose the region. Leave the parameter region out.")
    if match := ORDER_ID.fullmatch(request.path_params.get("order_id", "")):
        if int(match[1]) > REGION_MAX:
            raise Problem("OR002", "There is no such order.")
        return int(match[1])
    return asked or identity.region


def path_values(request: Request) -> dict[str, str]:
    """The variables of the path. What no id can be is not found."""
    values: dict[str, str] = request.path_params
    for value in values.values():
        if len(value) > PATH_VALUE_CHARACTERS_MAX or not value.isprintable():
            raise Problem("RQ404", "There is nothing at this path.")
    return values


def check_accept(request: Request) -> None:
    """Raises Problem RQ406 when the client takes no JSON (RFC 9110, section 12.5.1)."""
    accept = ",".join(request.headers.getlist("accept")).lower()
    if not accept.strip() or ("*/*" in accept and "q=0" not in accept):
        return
    for part in accept.split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        refused = any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
        if media in ("*/*", "application/*", "application/json", "application/problem+json") and not refused:
            return
    raise Problem("RQ406", "The answer is JSON. Send Accept: application/json, or no Accept header.")


async def read_body(request: Request, *, required: bool = True) -> bytes:
    """The body, at most BODY_BYTES_MAX. Raises Problem RQ413, RQ415. Where it is not required, none counts as {}."""
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > BODY_BYTES_MAX:
        raise _too_large()
    size, chunks = 0, []
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            raise _too_large()
        chunks.append(chunk)
    body = b"".join(chunks)
    if not body and not required:
        return b"{}"
    if body:
        _check_media_type(request)
    return body


def _too_large() -> Problem:
    return Problem("RQ413", f"The body is larger than {BODY_BYTES_MAX} bytes. Send it in several requests.")


def _check_media_type(request: Request) -> None:
    media, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('"')
    if media.strip() != "application/json" or charset not in ("", "utf-8"):
        raise Problem("RQ415", "The body must be JSON in UTF-8. Send Content-Type: application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem("RQ415", "The body is compressed. Send it without Content-Encoding.")


def idempotency_key(request: Request, *, required: bool) -> str | None:
    """The Idempotency-Key, quoted (a string of RFC 9651) or bare. Raises Problem ID003."""
    values = request.headers.getlist("idempotency-key")
    if not values:
        if required:
            raise Problem(
                "ID003", "Send an Idempotency-Key, such as a UUID: the same again with a repeat, so that it acts once only."
            )
        return None
    key = values[0].strip()
    if key.startswith('"'):
        key = re.sub(r'\\(["\\])', r"\1", key[1:-1]) if re.fullmatch(r'"(?:[^"\\]|\\["\\])*"', key) else ""
    if len(values) > 1 or len(key) > KEY_CHARACTERS_MAX or not KEY.fullmatch(key):
        raise Problem("ID003", f"The Idempotency-Key must be one header of 1 to {KEY_CHARACTERS_MAX} printable ASCII characters.")
    return key


def if_match(request: Request) -> str | None:
    """The one entity tag of If-Match, without its quotation marks. Raises Problem RQ400."""
    values = request.headers.getlist("if-match")
    if not values:
        return None
    match = ETAG.fullmatch(values[0].strip())
    if len(values) > 1 or not match:
        raise Problem("RQ400", 'If-Match must be one strong entity tag in quotation marks, as the ETag header gives it: "7".')
    return match[1]


def matches_etag(request: Request, etag: str) -> bool:
    """Whether If-None-Match names this tag (weak comparison, RFC 9110, section 13.1.2)."""
    values = ",".join(request.headers.getlist("if-none-match"))
    return values.strip() == "*" or etag in IF_NONE_MATCH.findall(values)
