"""One path of the route table as an ASGI application."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Receive, Scope, Send

from pyapp.http.cached import keep
from pyapp.http.headers import Request
from pyapp.http.route import Route


class PathEndpoint:
    """The router calls it without a layer in between."""

    def __init__(self, methods: Mapping[str, Route]) -> None:
        self.methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        route = scope["scoville.route"] = self.methods["GET" if request.method == "HEAD" else request.method]
        response = await route.endpoint(request)
        if route.kept:
            keep(scope, response)
        await response(scope, receive, send)
