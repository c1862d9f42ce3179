"""The routes: one table that says what each does.

The table is the only list of paths. The router, the role matrix and the OpenAPI document are made from it.
"""

from __future__ import annotations

from typing import cast

from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import Receive, Scope, Send

from pyapp.api import analytics
from pyapp.database.calls import Database
from pyapp.http.headers import Request
from pyapp.http.responses import json_response
from pyapp.http.route import COMMON_ERRORS, WRITE_ERRORS, Route
from pyapp.metrics import exposition
from pyapp.problems import unavailable
from pyapp.routes import audit, catalog, identity, live, orders, reservations, stock, webhooks

__all__ = ["COMMON_ERRORS", "FUNCTIONS", "ROUTES", "WRITE_ERRORS", "Endpoint", "Route", "endpoints_by_path", "starlette_routes"]

ROUTES: tuple[Route, ...] = (
    *stock.ROUTES,
    *orders.ROUTES,
    *reservations.ROUTES,
    *catalog.ROUTES,
    *identity.ROUTES,
    *live.ROUTES,
    *webhooks.ROUTES,
    *analytics.ROUTES,
    *audit.ROUTES,
)
FUNCTIONS = (
    *(route.function for route in ROUTES),
    *("check_grant", "find_repeats", "redeem_ticket", "snapshot_levels", "take_requests"),
)


async def healthz(_: Request) -> Response:
    """The process is alive, whatever the database does."""
    return json_response(b'{"status":"alive"}')


async def readyz(request: Request) -> Response:
    """The database answers and has the functions that the routes call."""
    database = cast(Database, request.scope["state"]["database"])
    if not await database.is_ready(FUNCTIONS):
        raise unavailable("The database is away, or not migrated. Start it, or run `scoville migrate`.")
    return json_response(b'{"status":"ready"}')


def starlette_routes() -> list[StarletteRoute]:
    """The table as Starlette takes it: one route a path, so that 405 lists all its methods."""
    by_path: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        by_path.setdefault(route.path, {})[route.method] = route
    # A lot number such as 2024/04 is one name: its variable is the last of its path and takes what follows.
    routes = [
        StarletteRoute(path.replace("{batch_number}", "{batch_number:path}"), Endpoint(methods), methods=list(methods))
        for path, methods in by_path.items()
    ]
    return [
        *routes,
        StarletteRoute("/healthz", healthz),
        StarletteRoute("/readyz", readyz),
        StarletteRoute("/metrics", exposition.endpoint),
    ]


def endpoints_by_path() -> dict[str, Endpoint]:
    """The paths without variables: to look one up is cheaper than to try the router's expressions in turn."""
    return {
        route.path: route.endpoint
        for route in starlette_routes()
        if isinstance(route.endpoint, Endpoint) and not route.param_convertors
    }


class Endpoint:
    """One path of the table, as an application that the router calls without a layer in between."""

    def __init__(self, methods: dict[str, Route]) -> None:
        self.methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        route = scope["scoville.route"] = self.methods["GET" if request.method == "HEAD" else request.method]
        response = await route.endpoint(request)
        await response(scope, receive, send)
