"""The published keys of a token issuer (RFC 7517): fetched at most once in FETCH_SECONDS, kept while the issuer is away.

A key that the issuer withdraws is gone with the next fetch; one that it adds is known by then. So it may rotate them if it
publishes a new key that long before it signs with it.
"""

from __future__ import annotations

import asyncio
from time import monotonic

import jwt
from jwt.exceptions import PyJWKClientConnectionError, PyJWTError

from pyapp.problems import unavailable

FETCH_SECONDS = 30.0  # whatever comes: unknown keys are no way to make us ask more often
TIMEOUT_SECONDS = 5
KEYS_MAX = 1000


class KeySet:
    """The keys at one URL. To be used within one event loop."""

    def __init__(self, url: str) -> None:
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=TIMEOUT_SECONDS)
        self._keys: dict[str, jwt.PyJWK] = {}
        self._due = 0.0  # monotonic
        self._is_away = False
        self._fetching = asyncio.Lock()

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        """The key of this name, or None where there is none. Raises Problem RQ503 while that cannot be known."""
        async with self._fetching:
            if monotonic() >= self._due:
                await self._fetch()
        key = self._keys.get(key_id)
        if key is None and self._is_away:
            raise unavailable("The keys of the token issuer cannot be fetched. Repeat the request.")
        return key

    async def _fetch(self) -> None:
        self._due = monotonic() + FETCH_SECONDS
        try:
            document = await asyncio.to_thread(self._client.fetch_data)
            found = [key for key in jwt.PyJWKSet.from_dict(document).keys[:KEYS_MAX] if _signs(key)]
            if not found:
                raise ValueError("no key in it")
        except (PyJWKClientConnectionError, PyJWTError, ValueError, TypeError, AttributeError):
            # Away, or answering with something else. What was good a moment ago stays good.
            self._is_away = True
            return
        self._is_away = False
        self._keys = {key.key_id: key for key in found if key.key_id}


def _signs(key: jwt.PyJWK) -> bool:
    """A public key, for signatures, with a name. A shared secret is never published."""
    return bool(key.key_id) and key.public_key_use in ("sig", None) and key.key_type != "oct"
