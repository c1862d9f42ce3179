"""The published keys of a token issuer (RFC 7517): fetched at most once in FETCH_SECONDS, kept while the issuer is unreachable.

The next fetch removes withdrawn keys and adds new ones. So an issuer can rotate keys if it publishes a new key FETCH_SECONDS
before it signs with it. A caller with a known key does not wait for a fetch, unless the last fetch is older than STALE_SECONDS.

It replaces PyJWT's PyJWKClient (2.15, tried). After its lifespan, that client makes known keys wait for a slow issuer and refuses
them while the issuer fails. Then it fetches again for every unknown key, because only a successful fetch starts its cooldown.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from time import monotonic
from typing import Any

import jwt
import msgspec

from pyapp.problems import unavailable

logger = logging.getLogger("scoville.keys")

FETCH_SECONDS = 30.0  # in every case, so unknown keys cannot make us fetch more often
TIMEOUT_SECONDS = 5.0  # for a whole fetch, from the name lookup to the end of the answer
STALE_SECONDS = 36.0  # since the last completed fetch began: until then a known key does not wait for the next fetch
BYTES_MAX = 1024 * 1024  # of an answer
KEYS_MAX = 1000
RSA_BITS_MIN = 2048  # RFC 7518, section 3.3


class KeySet:
    """The keys at one URL. Use it within one event loop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._due = 0.0  # monotonic
        self._asked = 0.0  # monotonic: start of the last completed fetch
        self._is_away = False
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        """Returns the key with this name, or None if it does not exist. Raises Problem RQ503 if that cannot be determined."""
        if monotonic() >= self._due and (self._fetching is None or self._fetching.done()):
            self._fetching = asyncio.create_task(self._fetch())
        known = key_id in self._keys and monotonic() <= self._asked + STALE_SECONDS
        if not known and self._fetching is not None and not self._fetching.done():
            await asyncio.wait({self._fetching})  # the fetch continues if this caller goes away
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
            # The issuer is unreachable or returns something else, with any kind of exception. Known keys stay valid.
            if not self._is_away:
                logger.warning("the keys of the token issuer cannot be fetched, keeping those that are known: %r", error)
        finally:
            self._asked, self._is_away = began, is_away


async def _download(url: str) -> Any:
    """Returns the JSON at the URL. Raises many kinds of exceptions."""
    import aiohttp  # most installations do not need it: they issue their own tokens

    async with (
        aiohttp.ClientSession(trust_env=True, auto_decompress=False) as session,
        # A redirect may lead to another host, or to a connection without encryption.
        session.get(url, headers={"Accept-Encoding": "identity"}, allow_redirects=False) as response,
    ):
        if response.status != HTTPStatus.OK:
            raise ValueError(f"the answer has the status {response.status}")
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > BYTES_MAX:
                raise ValueError(f"more than {BYTES_MAX} bytes")
    return msgspec.json.decode(body)


def _signs(key: jwt.PyJWK) -> bool:
    """Whether it is a public signing key with a name, and long enough. A shared secret is never published."""
    if not key.key_id or key.public_key_use not in ("sig", None) or key.key_type == "oct":
        return False
    return key.key_type != "RSA" or key.key.key_size >= RSA_BITS_MIN
