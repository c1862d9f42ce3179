"""POST /v1/oauth/token: client credentials (RFC 6749, sections 2.3.1, 4.4 and 5) become a token of at most 15 minutes.

Postgres decides whether the client may have a token, and receives only the hash of the secret. This module reads the form and
slows down guessing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import math
import re
import secrets
import time
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from pyapp.http import results
from pyapp.http.context import check_accept, read_bytes, request_id
from pyapp.http.fields import CODE_PATTERN, Answer, Body, Json
from pyapp.http.headers import Request
from pyapp.http.responses import WholeResponse, json_response
from pyapp.http.route import Noun, Route
from pyapp.identity.tokens import sign
from pyapp.problems import Problem
from pyapp.tasks import Turns

if TYPE_CHECKING:
    from pyapp.database.calls import Database
    from pyapp.settings import Settings

logger = logging.getLogger("scoville.oauth")

SECRET_PREFIX = "scs_"  # noqa: S105 (it makes a leaked secret easy to find)
SECRET_BYTES = 32
TOKEN_SECONDS = 900
FORM_BYTES_MAX = 16 * 1024
PARAMETERS_MAX = 20
CREDENTIAL_CHARACTERS_MAX = 1000
FAILURES_MAX = 100  # of one address, within
FAILURE_SECONDS = 60
FAILURE_SLOTS = 4096  # of addresses that are counted separately; beyond that, several share one
IPV6_SITE_BITS = 64  # an IPv6 customer has at least so many addresses
TOKEN_PATH = "/v1/oauth/token"  # noqa: S105 (a path)
FORM_TYPE = "application/x-www-form-urlencoded"
PRINTABLE = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}
STATEMENT = "select * from api.issue_token($1, $2, $3)"


ClientId = Annotated[
    str, Meta(pattern=CODE_PATTERN, description="The client; its tokens act under this name.", examples=["web-shop"])
]


class TokenRequest(Body):
    """RFC 6749, section 4.4.2. Send the secret here or, better, in HTTP Basic."""

    sample: ClassVar[Json] = {"grant_type": "client_credentials"}

    grant_type: Literal["client_credentials"]
    client_id: ClientId | UnsetType = UNSET
    client_secret: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    scope: Annotated[str, Meta(description="The role of the client; optional.", examples=["sales"])] | UnsetType = UNSET


class TokenProblem(results.Problem, kw_only=True):
    """RFC 6749, section 5.2, with the members of our problem documents added; the media type is application/json."""

    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]
    error_description: Annotated[
        str, Meta(pattern=r"^[\x20-\x21\x23-\x5b\x5d-\x7e]+$", examples=["No active client has this client_id and secret."])
    ]


class Token(Answer):
    """RFC 6749, section 5.1."""

    access_token: Annotated[str, Meta(description="Send it as Authorization: Bearer.", examples=["eyJhbGciOiJIUzI1NiJ9.eyJ..."])]
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Meta(description="Seconds.", le=900, examples=[900])]
    scope: Annotated[str, Meta(description="The role of the client.", examples=["sales"])]


def new_secret() -> str:
    """Returns a new secret: 256 bits from the system's cryptographic random source."""
    return SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> str:
    """Returns the SHA-256 of a secret in hex. A fast hash suffices, because 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


class TokenError(Exception):
    """An error of RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


class Failures:
    """How often an address sent wrong secrets recently, in this process.

    The right secret is never refused: nothing is gained by that, because 256 bits are not found by guessing. Addresses are hashed
    to a fixed number of slots, so that they cannot fill the memory. The guesses of an address that sent too many are looked up
    one after the other.
    """

    def __init__(self, maximum: int = FAILURES_MAX, seconds: int = FAILURE_SECONDS, slots: int = FAILURE_SLOTS) -> None:
        self.storage = MemoryStorage()
        self.slots = slots
        self._limit = RateLimitItemPerSecond(maximum, seconds)
        self._limiter = FixedWindowRateLimiter(self.storage)
        self.turns = Turns()

    async def seconds_to_wait(self, address: str) -> int:
        """Returns the seconds for which wrong secrets from this address are too many; 0 if they are not."""
        slot = self._slot(address)
        if await self._limiter.test(self._limit, slot):
            return 0
        window = await self._limiter.get_window_stats(self._limit, slot)
        return max(1, math.ceil(window.reset_time - time.time()))

    async def count(self, address: str) -> None:
        await self._limiter.hit(self._limit, self._slot(address))

    def _slot(self, address: str) -> str:
        return str(hash(address) % self.slots)  # Python salts it: an attacker cannot aim at another slot


def site_of(address: str) -> str:
    """Returns the address, or the network of an IPv6 address, whose owner can choose any address in it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else str(ip_network((parsed, IPV6_SITE_BITS), strict=False))


class TokenIssuer:
    """Issues the tokens of clients. One per process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.failures = Failures()

    async def issue(self, request: Request, database: Database) -> bytes:
        """Returns the answer of RFC 6749, section 5.1. Raises TokenError; Problem RQ413, RQ429, RQ503."""
        if not self.settings.jwt_key:
            issuer = self.settings.jwt_issuer
            raise TokenError("unsupported_grant_type", f"The tokens of this service come from {issuer}. Get one there.")
        form = await read_form(request)
        client_id, secret = credentials(request, form)
        grant_type = form.get("grant_type")
        if grant_type is None:
            raise TokenError("invalid_request", "The parameter grant_type is missing. Send grant_type=client_credentials.")
        if grant_type != "client_credentials":
            raise TokenError("unsupported_grant_type", "The only grant_type is client_credentials.")
        scope = form.get("scope")
        if scope is not None and not PRINTABLE.fullmatch(scope):
            raise _invalid_scope()
        address = request.client.host if request.client else ""
        values = (client_id, f"\\x{hash_of(secret)}", scope)
        if await self.failures.seconds_to_wait(site := site_of(address)):
            async with self.failures.turns.of(site):
                said = await self._ask(request, database, values)
        else:
            said = await self._ask(request, database, values)
        extra = {"request_id": request_id(request), "client_id": client_id, "address": address or None}
        if isinstance(said, str):
            if said == "invalid_scope":
                raise _invalid_scope()
            if wait := await self.failures.seconds_to_wait(site):
                detail = (
                    "Too many wrong secrets came from your address. Wait for the seconds in Retry-After, or send the right one."
                )
                raise Problem("RQ429", detail, headers={"Retry-After": str(wait)})
            await self.failures.count(site)
            named = None if client_id.startswith(SECRET_PREFIX) else client_id  # a secret sent as client_id must not be logged
            logger.warning("refused a client", extra=extra | {"client_id": named})
            raise _invalid_client("No active client has this client_id and secret.")
        logger.info("issued a token", extra=extra)
        token = sign(self.settings, {"sub": said["client_id"], **said}, TOKEN_SECONDS)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": said["role"]}
        return msgspec.json.encode(answer)

    async def _ask(self, request: Request, database: Database, values: tuple[str | None, ...]) -> dict[str, Any] | str:
        """Returns the claims of the token, or the error."""
        ((error, body),) = await database.ask(STATEMENT, values, request_id=request_id(request))
        return msgspec.json.decode(body, type=dict[str, Any]) if body is not None else (error or b"").decode()


async def token(request: Request) -> Response:
    """Issues a token to a client that presents its secret."""
    check_accept(request)
    state = request.scope["state"]
    try:
        body = await cast(TokenIssuer, state["issuer"]).issue(request, state["database"])
    except TokenError as error:
        return _error_response(request, error)
    return json_response(body, headers=HEADERS)


def _error_response(request: Request, error: TokenError) -> Response:
    """Returns the document of RFC 6749, with the members of our problem documents added."""
    unknown = error.error == "invalid_client"
    problem = Problem("RQ401" if unknown else "RQ400", error.description)
    document = {"error": error.error, "error_description": error.description, **problem.document(request_id(request))}
    challenge = {"WWW-Authenticate": 'Basic realm="scoville", charset="UTF-8"'} if unknown else {}
    headers = {**HEADERS, **challenge}
    return WholeResponse(msgspec.json.encode(document), problem.status, headers, about={"code": problem.code})


def _invalid_client(description: str) -> TokenError:
    return TokenError("invalid_client", description)


def _invalid_scope() -> TokenError:
    return TokenError("invalid_scope", "The scope is the role of the client. Send that one, or none.")


async def read_form(request: Request) -> dict[str, str]:
    """Returns the parameters of the body. Empty ones count as missing (section 3.2). Raises TokenError, Problem RQ413."""
    if request.scope["query_string"]:
        raise TokenError("invalid_request", "Send the parameters in the body: URLs are logged.")
    body = await read_bytes(request, FORM_BYTES_MAX)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise TokenError("invalid_request", f"Send the parameters as a form: Content-Type: {FORM_TYPE}.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX)
    except ValueError:
        raise TokenError(
            "invalid_request", f"The form cannot be read: at most {PARAMETERS_MAX} parameters, percent-encoded UTF-8."
        ) from None
    form: dict[str, str] = {}
    for name, value in pairs:
        if name in form:
            raise TokenError("invalid_request", "A parameter occurs twice. Send each once.")
        form[name] = value
    return {name: value for name, value in form.items() if value}


def credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Returns client id and secret, from HTTP Basic or the form, never both (section 2.3). Raises TokenError."""
    given = request.headers.getlist("authorization")
    if len(given) > 1 or (given and "client_secret" in form):
        raise TokenError("invalid_request", "Send the secret once: in HTTP Basic or in the form.")
    if given:
        client_id, secret = _basic(given[0])
        if form.get("client_id", client_id) != client_id:
            raise TokenError("invalid_request", "The client_id of the form differs from that of HTTP Basic. Send one of them.")
    else:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not client_id or not secret:
        raise _invalid_client("Send client_id and client_secret, in HTTP Basic or in the form.")
    if not re.match(CODE_PATTERN, client_id) or len(secret) > CREDENTIAL_CHARACTERS_MAX:
        raise _invalid_client("No active client has this client_id and secret.")
    return client_id, secret


def _basic(header: str) -> tuple[str, str]:
    """RFC 7617; each part is form-encoded (RFC 6749, section 2.3.1)."""
    scheme, _, text = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError
        client_id, colon, secret = base64.b64decode(text.strip(), validate=True).decode().partition(":")
        if not colon:
            raise ValueError
        return unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (ValueError, binascii.Error):
        raise _invalid_client("The Authorization header must be Basic with base64 of client_id:client_secret.") from None


NOUN = Noun(
    "oauth",
    "Tokens for programs.",
    (
        Route(
            method="POST",
            path=TOKEN_PATH,
            endpoint=token,
            summary="Get a token with client id and secret",
            function="issue_token",
            answer=Token,
            refusal=TokenProblem,
            body=TokenRequest,
            body_type=FORM_TYPE,
            description="The grant client_credentials of RFC 6749. A token is valid for at most 15 minutes.",
        ),
    ),
)
