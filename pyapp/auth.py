"""Who is calling: JSON Web Tokens (RFC 7519) become an Identity, or a 401 that says what to do.

What the caller may do is decided in Postgres: the role becomes SET ROLE, the scope becomes claims that the policies read.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

import jwt
import msgspec
from jwt.exceptions import PyJWKClientConnectionError, PyJWKClientError, PyJWTError
from msgspec import Meta
from starlette.datastructures import Headers

from pyapp.problems import Problem, unavailable
from pyapp.settings import Settings, SettingsError

Role = Literal["admin", "warehouse", "sales", "integration"]
ROLES: tuple[Role, ...] = get_args(Role)

TOKEN_CHARACTERS_MAX = 8192
TOKENS_KEPT_MAX = 4096
TOKEN_KEPT_SECONDS = 60  # also the longest time that a key withdrawn at the issuer still works
CODES_MAX = 1000
CLOCK_SKEW_SECONDS = 10
JWKS_TIMEOUT_SECONDS = 5
JWKS_LIFESPAN_SECONDS = 300

LOCAL_ALGORITHM = "HS256"
# A key set holds public keys only: HS256 is not here, or anyone could sign with the public key as the secret (RFC 8725, 2.1).
JWKS_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")

Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)")]
Codes = Annotated[tuple[Code, ...], Meta(max_length=CODES_MAX)]


class Claims(msgspec.Struct):
    """The claims of ours; the registered ones are checked by the library."""

    sub: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")]
    role: Role
    exp: int | float
    warehouses: Codes = ()
    channels: Codes = ()
    region: Annotated[int, Meta(ge=1, le=32767)] = 1


class Identity(msgspec.Struct, frozen=True):
    """A caller: the database role and the claims that its transactions carry."""

    role: Role
    subject: str
    warehouses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    region: int = 1

    def claims(self, request_id: str) -> bytes:
        """What app.enter gets, as JSON."""
        return msgspec.json.encode(
            {"sub": self.subject, "warehouses": self.warehouses, "channels": self.channels, "request_id": request_id}
        )


def unauthenticated(detail: str, *, sent: bool = True) -> Problem:
    """A 401 with the challenge of RFC 6750, section 3; without a token it names no error."""
    challenge = 'Bearer realm="scoville"'
    if sent:
        challenge += f', error="invalid_token", error_description="{detail}"'
    return Problem("RQ401", detail, headers={"WWW-Authenticate": challenge})


class Verifier:
    """Checks tokens of one issuer: by the shared key, or by the issuer's published key set."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = settings.jwt_issuer
        self.audience = settings.jwt_audience
        self.key = settings.jwt_key
        self.client: jwt.PyJWKClient | None = None
        self.algorithms: tuple[str, ...] = (LOCAL_ALGORITHM,)
        if settings.jwks_url:
            self.client = jwt.PyJWKClient(settings.jwks_url, lifespan=JWKS_LIFESPAN_SECONDS, timeout=JWKS_TIMEOUT_SECONDS)
            self.algorithms = JWKS_ALGORITHMS
        elif not self.key:
            raise SettingsError(
                "No way to check tokens: set SCOVILLE_JWT_KEY (make one with `openssl rand -hex 32`) or SCOVILLE_JWKS_URL."
            )
        self._known_keys: dict[str, jwt.PyJWK] = {}
        self._kept: dict[str, tuple[Identity, float]] = {}

    async def identify(self, headers: Headers) -> Identity:
        """The caller of a request. Raises Problem RQ401 (RQ503 while the issuer's keys cannot be had)."""
        token = _bearer(headers)
        now = time.time()
        kept = self._kept.get(token)
        if kept is not None and now < kept[1]:
            return kept[0]
        claims = await self._verify(token)
        identity = Identity(claims.role, claims.sub, claims.warehouses, claims.channels, claims.region)
        if len(self._kept) >= TOKENS_KEPT_MAX:
            self._kept.clear()
        self._kept[token] = (identity, min(claims.exp, now + TOKEN_KEPT_SECONDS))
        return identity

    async def _verify(self, token: str) -> Claims:
        key = self.key if self.client is None else await self._published_key(self.client, token)
        try:
            payload = jwt.decode(
                token,
                key or "",
                algorithms=self.algorithms,
                issuer=self.issuer,
                audience=self.audience,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
            return msgspec.convert(payload, Claims)
        except jwt.ExpiredSignatureError:
            raise unauthenticated("The token has expired. Ask for a new one.") from None
        except jwt.MissingRequiredClaimError as error:
            raise unauthenticated(f"The token has no claim {error.claim}. Ask for one that has it.") from None
        except jwt.InvalidAudienceError:
            raise unauthenticated("The token is meant for another service. Ask for one with our audience.") from None
        except jwt.InvalidIssuerError:
            raise unauthenticated("The token comes from an unknown issuer. Ask our issuer for one.") from None
        except jwt.InvalidSignatureError:
            raise unauthenticated("The signature of the token is wrong. Ask for a new one.") from None
        except msgspec.ValidationError:
            raise unauthenticated(
                "The claims of the token cannot be used: role must be admin, warehouse, sales or integration, "
                "warehouses and channels lists of codes, region a number from 1."
            ) from None
        except Exception:
            # Anyone can send any bytes here, and the libraries below raise more kinds than they list.
            # Whatever it was, the token is not good.
            raise unauthenticated("The token cannot be read. Send a signed JWT as Authorization: Bearer.") from None

    async def _published_key(self, client: jwt.PyJWKClient, token: str) -> jwt.PyJWK:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except (PyJWTError, ValueError, RecursionError):
            kid = None
        if not isinstance(kid, str):
            raise unauthenticated("The token names no key (kid). Send a signed JWT of our issuer.")
        try:
            key = await asyncio.to_thread(client.get_signing_key, kid)
        except PyJWKClientConnectionError:
            # The issuer is away. A key that was good a moment ago stays good.
            if kid in self._known_keys:
                return self._known_keys[kid]
            raise unavailable("The keys of the token issuer cannot be fetched. Repeat the request.") from None
        except (PyJWKClientError, PyJWTError, ValueError):
            raise unauthenticated("The token is signed with an unknown key. Ask our issuer for a new one.") from None
        self._known_keys[kid] = key
        return key


def _bearer(headers: Headers) -> str:
    values = headers.getlist("authorization")
    if not values:
        raise unauthenticated("Send a token: Authorization: Bearer <token>.", sent=False)
    if len(values) > 1:
        raise unauthenticated("Send one Authorization header, not several.")
    scheme, _, token = values[0].partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise unauthenticated("Send the token as Authorization: Bearer <token>.", sent=False)
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise unauthenticated(f"The token is longer than {TOKEN_CHARACTERS_MAX} characters. Ask for a smaller one.")
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
    """A token signed with SCOVILLE_JWT_KEY, good for `seconds`. Raises SettingsError where that is not set."""
    if not settings.jwt_key:
        raise SettingsError("SCOVILLE_JWT_KEY is not set: tokens come from the issuer of SCOVILLE_JWKS_URL.")
    now = int(time.time())
    payload: dict[str, Any] = {
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "sub": subject or role,
        "role": role,
        "warehouses": list(warehouses),
        "channels": list(channels),
        "region": region,
        "iat": now,
        "exp": now + seconds,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode(payload, settings.jwt_key, algorithm=LOCAL_ALGORITHM)
