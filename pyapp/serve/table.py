"""The application's paths: the rows of pyapp/api/table.py, and the health checks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route as StarletteRoute

from pyapp.api.table import CALLED_FUNCTIONS, ROUTES
from pyapp.database.calls import Database
from pyapp.http.headers import Request
from pyapp.http.paths import PathEndpoint
from pyapp.http.responses import json_response
from pyapp.http.route import Route
from pyapp.metrics import exposition
from pyapp.problems import unavailable


async def healthz(_: Request) -> Response:
    """The process is alive, whatever the state of the database."""
    return json_response(b'{"status":"alive"}')


async def readyz(request: Request) -> Response:
    """The database answers and has the functions that the routes call."""
    database = cast(Database, request.scope["state"]["database"])
    if not await database.is_ready(CALLED_FUNCTIONS):
        raise unavailable("The database is unreachable or not migrated. Start it, or run `scoville migrate`.")
    return json_response(b'{"status":"ready"}')


def starlette_routes() -> list[StarletteRoute]:
    """Returns the table as Starlette routes: one route per path, so that 405 lists all its methods."""
    by_path: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        by_path.setdefault(route.path, {})[route.method] = route
    # A lot number such as 2024/04 is one name: its variable is the last of its path and includes the rest of it.
    routes = [
        StarletteRoute(path.replace("{batch_number}", "{batch_number:path}"), PathEndpoint(methods), methods=list(methods))
        for path, methods in by_path.items()
    ]
    return [
        *routes,
        StarletteRoute("/healthz", healthz),
        StarletteRoute("/readyz", readyz),
        StarletteRoute("/metrics", exposition.endpoint),
    ]


def endpoints_by_path(routes: Iterable[BaseRoute]) -> dict[str, PathEndpoint]:
    """Returns the table's paths without variables: a dictionary lookup is cheaper than trying the router's expressions."""
    return {
        route.path: route.endpoint
        for route in routes
        if isinstance(route, StarletteRoute) and isinstance(route.endpoint, PathEndpoint) and not route.param_convertors
    }
