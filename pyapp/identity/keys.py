"""The published keys of a token issuer (RFC 7517): fetched at most once in FETCH_SECONDS, kept while the issuer is away.

A key that the issuer withdraws is gone with the next fetch; one that it adds is known by then. So it may rotate them if it
publishes a new key that long before it signs with it. Whose key is known does not wait for a fetch, unless nobody has asked the
issuer for STALE_SECONDS.

Kept in place of PyJWT's PyJWKClient (2.15, tried), which after its lifespan has a known key wait for a slow issuer and refuses it
while the issuer fails, and which then fetches once more for every unknown key: its cooldown begins with a fetch that succeeds.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import Any

import jwt
import msgspec

from pyapp.problems import unavailable

logger = logging.getLogger("scoville.keys")

FETCH_SECONDS = 30.0  # whatever comes: unknown keys are no way to make us ask more often
TIMEOUT_SECONDS = 5.0  # for a fetch in all, from the look-up of the name to the end of the answer
STALE_SECONDS = 36.0  # since the last fetch that has ended began: so long a known key is given without a wait for the next
BYTES_MAX = 1024 * 1024  # of an answer
KEYS_MAX = 1000


class KeySet:
    """The keys at one URL. To be used within one event loop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._due = 0.0  # monotonic
        self._asked = 0.0  # monotonic: when the last fetch that has ended began
        self._is_away = False
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        """The key of this name, or None where there is none. Raises Problem RQ503 while that cannot be known."""
        if monotonic() >= self._due and (self._fetching is None or self._fetching.done()):
            self._fetching = asyncio.create_task(self._fetch())
        known = key_id in self._keys and monotonic() <= self._asked + STALE_SECONDS
        if not known and self._fetching is not None and not self._fetching.done():
            await asyncio.wait({self._fetching})  # which goes on when this caller is gone
        key = self._keys.get(key_id)
        if key is None and self._is_away:
            raise unavailable("The keys of the token issuer cannot be fetched. Repeat the request.")
        return key

    async def _fetch(self) -> None:
        began, is_away = monotonic(), True
        self._due = began + FETCH_SECONDS
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                document = await _download(self._url)
            found = [key for key in jwt.PyJWKSet.from_dict(document).keys[:KEYS_MAX] if _signs(key)]
            if not found:
                raise ValueError("no key in it")
            self._keys = {key.key_id: key for key in found if key.key_id}
            is_away = False
        except Exception as error:
            # Away, or answering with something else, whatever that may raise. What was good a moment ago stays good.
            if not self._is_away:
                logger.warning("the keys of the token issuer cannot be fetched, keeping those that are known: %r", error)
        finally:
            self._asked, self._is_away = began, is_away


async def _download(url: str) -> Any:
    """What is there, as JSON. Raises all sorts of exceptions."""
    import aiohttp  # which most have no use for: their tokens are our own

    async with (
        aiohttp.ClientSession(trust_env=True, auto_decompress=False) as session,
        session.get(url, headers={"Accept-Encoding": "identity"}, raise_for_status=True) as response,
    ):
        body = bytearray()
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > BYTES_MAX:
                raise ValueError(f"more than {BYTES_MAX} bytes")
    return msgspec.json.decode(body)


def _signs(key: jwt.PyJWK) -> bool:
    """A public key, for signatures, with a name. A shared secret is never published."""
    return bool(key.key_id) and key.public_key_use in ("sig", None) and key.key_type != "oct"
