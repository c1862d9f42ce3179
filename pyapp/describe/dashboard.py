"""The dashboard at `/`: files that ui/build.py bundled, and headers that let the page load nothing from other hosts.

The page has its own router for /stock/..., /orders/...: each of its paths returns the same document.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pyapp.http.accept import takes_gzip
from pyapp.http.context import matches_etag
from pyapp.http.headers import joined

WEB = Path(__file__).parents[1] / "web"
PAGES = (
    "/stock/{sku_id}",
    "/orders",
    "/orders/{order_id}",
    "/webhooks",
    "/webhooks/{webhook_id}",
    "/analytics",
    "/settings",
    "/channels",
)
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
FOREVER = "public, max-age=31536000, immutable"  # the name changes with the content
CHECK_FIRST = "no-cache"
# A policy for the whole page: scripts and styles from this host only, none inline, no frames, no requests to other hosts.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
NOT_BUILT = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Scoville</title>
<h1>The dashboard has not been built</h1>
<p>The API works without it. To build it, where npm can reach its registry:
<code>python ui/build.py</code>, then start Scoville again.</p>
"""


class Asset(NamedTuple):
    """A file as it is sent: plain, or compressed."""

    body: bytes
    compressed: bytes
    media_type: str
    etag: str
    cache: str


def _read(path: Path, cache: str) -> Asset:
    body = path.read_bytes()
    etag = hashlib.sha256(body).hexdigest()[:20]
    return Asset(body, path.with_name(f"{path.name}.gz").read_bytes(), MEDIA_TYPES[path.suffix], etag, cache)


def _respond(request: Request, asset: Asset) -> Response:
    headers = {**SECURITY_HEADERS, "Cache-Control": asset.cache, "Vary": "Accept-Encoding"}
    body = asset.body
    # Two representations, two strong tags (RFC 9110, section 8.8.3.3).
    etag = asset.etag
    if takes_gzip(joined(request.headers, "accept-encoding")):
        body, etag = asset.compressed, f"{etag}-gzip"
        headers["Content-Encoding"] = "gzip"
    headers["ETag"] = f'"{etag}"'
    if matches_etag(request, etag):
        headers.pop("Content-Encoding", None)
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media_type=asset.media_type)


class Dashboard:
    """The built files, read once: a few hundred kilobytes."""

    def __init__(self, folder: Path = WEB) -> None:
        self.page: Asset | None = None
        self.assets: dict[str, Asset] = {}
        if (folder / "index.html").exists():
            self.page = _read(folder / "index.html", CHECK_FIRST)
            files = (path for path in (folder / "assets").iterdir() if path.suffix in MEDIA_TYPES)
            self.assets = {path.name: _read(path, FOREVER) for path in files}

    def routes(self) -> list[Route]:
        return [
            Route("/", self.home),
            *(Route(path, self.inner_page) for path in PAGES),
            Route("/assets/{name}", self.asset),
        ]

    async def home(self, request: Request) -> Response:
        if self.page is None:
            headers = {**SECURITY_HEADERS, "Cache-Control": "no-store"}
            return Response(NOT_BUILT, 503, headers, media_type="text/html")
        return _respond(request, self.page)

    async def inner_page(self, request: Request) -> Response:
        """Returns the same document to browsers. An API client that forgot /v1 gets an error instead."""
        if "text/html" not in request.headers.get("accept", ""):
            raise HTTPException(404)
        return await self.home(request)

    async def asset(self, request: Request) -> Response:
        asset = self.assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        return _respond(request, asset)
