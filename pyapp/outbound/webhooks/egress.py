"""Outgoing requests. Users choose the URLs, and must not reach internal addresses through us (server-side request forgery).

A URL is checked when it is saved, for a clear message, and again for each connection, which is the actual protection: the name is
resolved once, all of its addresses must be public, and the socket connects to one of exactly these. TLS and the Host header keep
the name. So a name that changes its addresses between check and connection (DNS rebinding) gains nothing. Redirects are not
followed, proxy variables are not read, and a response is read up to a limit of bytes and seconds.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from pyapp.outbound.webhooks.addresses import Allowed, Refused, check_url, is_public

ANSWER_BYTES_MAX = 64 * 1024
SECONDS_MAX = 15.0  # for a whole request, from the name lookup to the end of the response
LOOKUPS_AT_ONCE_MAX = 128
KEEP_ALIVE_SECONDS = 30.0
ROUTES_MAX = 10_000  # parsed URLs in the cache

Lookup = Callable[[str, int], list[tuple[Any, ...]]]


class Answer(NamedTuple):
    """The response: status, seconds of Retry-After if present, and the start of the body."""

    status: int
    retry_after: str | None
    body: bytes


def look_up(host: str, port: int) -> list[tuple[Any, ...]]:
    """The system's own resolver."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class CheckedResolver(AbstractResolver):
    """Resolves names, and succeeds only if every address is public. Concurrent lookups of one name share one query."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        # Its own threads: names that hang must not delay other lookups.
        self._threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE_MAX, "webhook-lookup")
        self._under_way: dict[tuple[str, int], asyncio.Future[list[tuple[Any, ...]]]] = {}

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AddressFamily.AF_INET,  # noqa: ARG002 (checks all families)
    ) -> list[ResolveResult]:
        """Raises Refused, or OSError if the name does not resolve."""
        future = self._under_way.get((host, port))
        if future is None:
            future = asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, host, port)
            self._under_way[host, port] = future
            future.add_done_callback(lambda _: self._under_way.pop((host, port), None))
        found = await asyncio.shield(future)
        results: list[ResolveResult] = []
        for kind, _, protocol, _, address in found:
            if not is_public(address[0]):
                raise Refused("The host name resolves to an address that is not public.")
            results.append(
                {
                    "hostname": host,
                    "host": address[0],
                    "port": port,
                    "family": kind,
                    "proto": protocol,
                    "flags": socket.AI_NUMERICHOST,
                }
            )
        if not results:
            raise OSError("the host name has no address")
        return results

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def checked_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket for exactly this address: the last check before the connection, on every path. Raises Refused."""
    family, kind, protocol, _, target = address
    if not is_public(target[0]):
        raise Refused("This address is not public.")
    return socket.socket(family, kind, protocol)


class Egress:
    """Sends requests. Must be used in the event loop that created it, and closed."""

    def __init__(
        self,
        allowed: Allowed,
        *,
        connections_max: int,
        lookup: Lookup = look_up,
        seconds_max: float = SECONDS_MAX,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tls` decides which certificates are valid; by default those of the system's authorities."""
        self.allowed = allowed
        settings: dict[str, Any] = {
            "limit": connections_max,
            "use_dns_cache": False,
            "keepalive_timeout": KEEP_ALIVE_SECONDS,
            "ssl": tls or True,
        }
        checked = aiohttp.TCPConnector(resolver=CheckedResolver(lookup), socket_factory=checked_socket, **settings)
        self._checked = _session(checked, seconds_max)
        self._routes: dict[str, tuple[URL, aiohttp.ClientSession]] = {}
        self._open = _session(aiohttp.TCPConnector(**settings), seconds_max)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Sends a POST; returns responses of every status. Raises Refused, aiohttp.ClientError, TimeoutError."""
        target, session = self._routes.get(url) or self._route(url)
        async with session.post(target, data=body, headers=headers, allow_redirects=False) as response:
            beginning = await response.content.read(ANSWER_BYTES_MAX)
            kept = beginning
            while beginning and len(kept) < ANSWER_BYTES_MAX:
                beginning = await response.content.read(ANSWER_BYTES_MAX - len(kept))
                kept += beginning
            if not response.content.at_eof():
                response.close()  # the rest of the body is not read
            return Answer(response.status, response.headers.get("Retry-After"), kept)

    def is_exempt(self, url: str) -> bool:
        """Whether the operator allows this host although its address may not be public. Raises Refused as post does."""
        return (self._routes.get(url) or self._route(url))[1] is self._open

    def _route(self, url: str) -> tuple[URL, aiohttp.ClientSession]:
        """Applies the rules that depend only on the URL. The rules for addresses apply at each connection."""
        target = check_url(url, self.allowed)
        if len(self._routes) >= ROUTES_MAX:
            self._routes.clear()
        route = self._routes[url] = target, self._open if target in self.allowed else self._checked
        return route

    async def close(self) -> None:
        await self._checked.close()
        await self._open.close()


def _session(connector: aiohttp.TCPConnector, seconds_max: float) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=seconds_max),
        skip_auto_headers=("Accept-Encoding", "User-Agent"),
        auto_decompress=False,
        trust_env=False,
    )
