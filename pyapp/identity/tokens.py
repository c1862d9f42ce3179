"""Identifies the caller: turns a JSON Web Token (RFC 7519) into an Identity, or a 401 that says what to do.

Postgres decides what the caller may do: the role becomes SET ROLE, and the scope becomes claims that the policies read.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

import jwt
import msgspec
from jwt.exceptions import PyJWTError
from msgspec import Meta

from pyapp.identity.enter import encode_claims
from pyapp.identity.keys import STALE_SECONDS, KeySet
from pyapp.problems import Problem, unavailable
from pyapp.settings import Settings, SettingsError

Role = Literal["admin", "warehouse", "sales", "integration"]
ROLES: tuple[Role, ...] = get_args(Role)

TOKEN_CHARACTERS_MAX = 8192
TOKENS_KEPT_MAX = 4096
CODES_MAX = 1000
CLOCK_SKEW_SECONDS = 10
YEAR_10000 = 253_402_300_800  # in seconds since 1970

# A token for another purpose may carry our audience too: the client's ID token, or a notice of a logout.
TOKEN_TYPES = (None, "jwt", "at+jwt", "application/jwt", "application/at+jwt")  # RFC 9068; None: the header names none
FOREIGN_CLAIMS = ("at_hash", "c_hash", "events")  # OpenID Connect Core, section 3.3.2.11; Back-Channel Logout, section 2.4

LOCAL_ALGORITHM = "HS256"
# A key set holds public keys only. HS256 is excluded, or anyone could sign with the public key as the secret (RFC 8725, 2.1).
JWKS_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")

Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)")]
Codes = Annotated[tuple[Code, ...], Meta(max_length=CODES_MAX)]

# Whether tokens issued to a client under a grant number are still valid: Database.check_grant.
GrantCheck = Callable[[str, int], Awaitable[bool]]


class Claims(msgspec.Struct):
    """Our own claims; the library checks the registered ones."""

    sub: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f\ud800-\udfff]+$(?!\n)")]
    role: Role
    exp: Annotated[int, Meta(lt=YEAR_10000)] | Annotated[float, Meta(lt=YEAR_10000)]
    warehouses: Codes = ()
    channels: Codes = ()
    region: Annotated[int, Meta(ge=1, le=32767)] = 1


class ClientClaims(msgspec.Struct):
    """The client that the token was issued to (pyapp/api/tokens.py)."""

    client_id: Code
    grant: int


class Identity(msgspec.Struct, frozen=True):
    """A caller: the database role and the claims that its transactions carry."""

    role: Role
    subject: str
    warehouses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    region: int = 1

    def claims(self, request_id: str) -> bytes:
        """Returns the claims for app.enter, as JSON."""
        return encode_claims(self.subject, request_id, self.region, self.warehouses, self.channels)


class Session(msgspec.Struct, frozen=True):
    """A caller and the end of its validity, for connections that outlive a request and must check again."""

    identity: Identity
    expires_at: float  # seconds since 1970
    client_id: str | None = None  # our client that the token was issued to, if any, and its grant number
    grant: int | None = None
    key_id: str | None = None  # the other issuer's published key that signed the token


def unauthenticated(detail: str, *, sent: bool = True) -> Problem:
    """Returns a 401 with the challenge of RFC 6750, section 3. It names an error only if a token was sent."""
    challenge = 'Bearer realm="scoville"'
    if sent:
        challenge += f', error="invalid_token", error_description="{detail}"'
    return Problem("RQ401", detail, headers={"WWW-Authenticate": challenge})


async def _no_database(_client_id: str, _grant: int) -> bool:
    raise unavailable("The database is not open yet. Repeat the request.")


class Verifier:
    """Checks tokens of one issuer: with the shared key, or with the issuer's published keys.

    A valid token is cached for token_kept_seconds. For that long it still works after the issuer has withdrawn the key or our
    client was revoked.
    """

    check_grant: GrantCheck = staticmethod(_no_database)  # set when the database is open

    def __init__(self, settings: Settings) -> None:
        self.issuer = settings.jwt_issuer
        self.audience = settings.jwt_audience
        self.key = settings.jwt_key
        self.kept_seconds = settings.token_kept_seconds
        self.keys: KeySet | None = None
        self.algorithms: tuple[str, ...] = (LOCAL_ALGORITHM,)
        if settings.jwks_url:
            self.keys = KeySet(settings.jwks_url)
            # Together with the wait for the next fetch, a withdrawn key is accepted for at most a minute.
            self.kept_seconds = min(self.kept_seconds, 60 - STALE_SECONDS)
            self.algorithms = JWKS_ALGORITHMS
        elif not self.key:
            raise SettingsError(
                "Tokens cannot be checked: set SCOVILLE_JWT_KEY (make one with `openssl rand -hex 32`) or SCOVILLE_JWKS_URL."
            )
        self._kept: dict[str, tuple[Session, float]] = {}

    async def identify(self, authorization: Sequence[str]) -> Identity:
        """Returns the caller of a request, from its Authorization headers.

        Raises Problem RQ401 (RQ503 if keys or database are unreachable).
        """
        return (await self.session(authorization)).identity

    async def identify_token(self, token: str) -> Identity:
        """Returns the holder of the token. Raises Problem as identify does."""
        return (await self._session(token)).identity

    async def session(self, authorization: Sequence[str]) -> Session:
        """Returns the caller of a long-lived connection. Raises Problem as identify does."""
        return await self._session(_bearer(authorization))

    def remembered(self, authorization: Sequence[str]) -> Identity | None:
        """Returns the caller of a request, from its Authorization headers, if its token is cached and written as usual."""
        if len(authorization) != 1 or not authorization[0].startswith("Bearer "):
            return None
        kept = self._kept.get(authorization[0][7:])
        return kept[0].identity if kept is not None and time.time() < kept[1] else None

    async def is_good(self, client_id: str | None, grant: int | None, key_id: str | None) -> bool:
        """Checks again, without the cache, whether the token of a session is still valid. Raises Problem RQ503."""
        if key_id is not None and self.keys is not None and await self.keys.find(key_id) is None:
            return False
        return client_id is None or grant is None or await self.check_grant(client_id, grant)

    async def _session(self, token: str) -> Session:
        now = time.time()
        kept = self._kept.get(token)
        if kept is not None and now < kept[1]:
            return kept[0]
        key = None if self.keys is None else await self._published_key(self.keys, token)
        claims, client = await self._verify(token, self.key if key is None else key)
        identity = Identity(claims.role, claims.sub, claims.warehouses, claims.channels, claims.region)
        session = Session(identity, claims.exp, key_id=key.key_id if key else None)
        if client:
            session = Session(identity, claims.exp, client.client_id, client.grant)
        if len(self._kept) >= TOKENS_KEPT_MAX:
            self._kept.clear()
        self._kept[token] = (session, min(claims.exp, now + self.kept_seconds))
        return session

    async def _verify(self, token: str, key: str | jwt.PyJWK | None) -> tuple[Claims, ClientClaims | None]:
        try:
            decoded = jwt.decode_complete(
                token,
                key or "",
                algorithms=self.algorithms,
                issuer=self.issuer,
                audience=self.audience,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
            payload = decoded["payload"]
            _check_purpose(decoded["header"].get("typ"), payload)
            claims = msgspec.convert(payload, Claims)
            # A client_id is one of our clients only if we issue the tokens ourselves.
            client = msgspec.convert(payload, ClientClaims) if self.keys is None and "client_id" in payload else None
        except jwt.ExpiredSignatureError:
            raise unauthenticated("The token has expired. Get a new one.") from None
        except jwt.MissingRequiredClaimError as error:
            raise unauthenticated(f"The token has no claim {error.claim}. Get one that has it.") from None
        except jwt.InvalidAudienceError:
            raise unauthenticated("The token is for another service. Get one for our audience.") from None
        except jwt.InvalidIssuerError:
            raise unauthenticated("The token comes from an unknown issuer. Get one from our issuer.") from None
        except jwt.InvalidSignatureError:
            raise unauthenticated("The signature of the token is wrong. Get a new one.") from None
        except _WrongPurposeError:
            raise unauthenticated("The token is no access token. Send the access token of our issuer.") from None
        except msgspec.ValidationError:
            raise unauthenticated(
                "The claims of the token are invalid: role must be admin, warehouse, sales or integration, "
                "warehouses and channels lists of codes, region a number from 1, exp before the year 10000."
            ) from None
        except Exception:
            # Anyone can send any bytes here, and the libraries raise more kinds of exceptions than they document.
            # Any exception means that the token is invalid.
            raise unauthenticated("The token cannot be read. Send a signed JWT as Authorization: Bearer.") from None
        if client is not None and not await self.check_grant(client.client_id, client.grant):
            raise unauthenticated("The client of this token was revoked, or its rights were changed. Get a new token.")
        return claims, client

    @staticmethod
    async def _published_key(keys: KeySet, token: str) -> jwt.PyJWK:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except (PyJWTError, ValueError, RecursionError):
            kid = None
        if not isinstance(kid, str):
            raise unauthenticated("The token names no key (kid). Send a signed JWT of our issuer.")
        key = await keys.find(kid)
        if key is None:
            raise unauthenticated("The token is signed with an unknown key. Get a new one from our issuer.")
        return key


class _WrongPurposeError(Exception):
    """The token is for something else than access."""


def _check_purpose(type_: object, payload: Mapping[str, Any]) -> None:
    kind = type_.lower() if isinstance(type_, str) else type_
    if kind not in TOKEN_TYPES or payload.get("typ") == "ID" or any(name in payload for name in FOREIGN_CLAIMS):
        raise _WrongPurposeError


def _bearer(values: Sequence[str]) -> str:
    if not values:
        raise unauthenticated("Send a token: Authorization: Bearer <token>.", sent=False)
    if len(values) > 1:
        raise unauthenticated("Send one Authorization header, not several.")
    scheme, _, token = values[0].partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise unauthenticated("Send the token as Authorization: Bearer <token>.", sent=False)
    if token[0] in "'\"":
        raise unauthenticated("The token is in quotation marks. Send it without them: Authorization: Bearer <token>.")
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise unauthenticated(f"The token is longer than {TOKEN_CHARACTERS_MAX} characters. Get a smaller one.")
    return token


def mint_token(
    settings: Settings,
    role: Role,
    *,
    subject: str | None = None,
    warehouses: Sequence[str] = (),
    channels: Sequence[str] = (),
    region: int = 1,
    seconds: int = 3600,
) -> str:
    """Returns a token signed with SCOVILLE_JWT_KEY, valid for `seconds`. Raises SettingsError if the key is not set."""
    scope = {"warehouses": list(warehouses), "channels": list(channels), "region": region}
    return sign(settings, {"sub": subject or role, "role": role, **scope}, seconds)


def sign(settings: Settings, claims: Mapping[str, Any], seconds: int) -> str:
    """Returns a token with these and the registered claims, valid for `seconds`. Raises SettingsError without a key of ours."""
    if not settings.jwt_key:
        raise SettingsError("SCOVILLE_JWT_KEY is not set: tokens come from the issuer of SCOVILLE_JWKS_URL.")
    now = int(time.time())
    registered = {"iss": settings.jwt_issuer, "aud": settings.jwt_audience}
    times = {"iat": now, "exp": now + seconds, "jti": str(uuid.uuid4())}
    return jwt.encode({**registered, **claims, **times}, settings.jwt_key, algorithm=LOCAL_ALGORITHM)
