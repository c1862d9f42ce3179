"""The sockets and the stream. They are not in the route table, because they do not answer once: asyncapi.json describes them."""

from __future__ import annotations

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.routing import Route as StarletteRoute

from pyapp.live.inventory import inventory
from pyapp.live.stream import stream

SOCKET_PATHS = ("/v1/ws/inventory", "/ws/inventory")
STREAM_PATH = "/v1/events/stream"


def live_routes() -> list[BaseRoute]:
    return [*(WebSocketRoute(path, inventory) for path in SOCKET_PATHS), StarletteRoute(STREAM_PATH, stream, methods=["GET"])]
