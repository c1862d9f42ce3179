"""One path of the route table as an ASGI application, and paths whose values contain an encoded slash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from starlette.types import Receive, Scope, Send

from pyapp.http.cached import keep
from pyapp.http.headers import Request
from pyapp.http.route import Route

ENCODED_SLASH = re.compile(rb"%2f", re.IGNORECASE)
SLASH = "\ufdd0"  # a slash within a segment, while the path is matched; not a character that any ID can contain


def keep_slashes(scope: Scope) -> None:
    """An encoded slash belongs to its segment (RFC 3986, section 2.2): it may be part of an ID, and never part of a route.

    Otherwise a proxy that compares paths without decoding them would let /v1%2fclients pass.
    """
    raw = scope.get("raw_path") or b""
    if b"%2" in raw and ENCODED_SLASH.search(raw):
        scope["path"] = unquote(ENCODED_SLASH.sub(SLASH.encode(), raw))


class PathEndpoint:
    """The router calls it without a layer in between."""

    def __init__(self, methods: Mapping[str, Route]) -> None:
        self.methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if SLASH in scope["path"]:
            scope["path_params"] = {name: value.replace(SLASH, "/") for name, value in scope["path_params"].items()}
        request = Request(scope, receive, send)
        route = scope["scoville.route"] = self.methods["GET" if request.method == "HEAD" else request.method]
        response = await route.endpoint(request)
        if route.kept:
            keep(scope, response)
        await response(scope, receive, send)
