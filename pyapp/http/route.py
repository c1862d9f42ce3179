"""A row of the route table: one method of one path, and all that is known of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pyapp.http.accept import CSV, JSON
from pyapp.http.fields import Answer, Body, Page, Query
from pyapp.http.headers import Request
from pyapp.http.results import Problem
from pyapp.identity.tokens import ROLES, Role

Endpoint = Callable[[Request], Awaitable[Response]]

STOCK_ROLES: tuple[Role, ...] = ("admin", "warehouse")
BATCH_ROLES: tuple[Role, ...] = ("admin", "warehouse", "sales")
ORDER_ROLES: tuple[Role, ...] = ("admin", "sales", "integration")
ADMIN: tuple[Role, ...] = ("admin",)

# What any route of /v1 can answer, and any write besides.
COMMON_ERRORS = ("RQ400", "RQ401", "RQ403", "RQ406", "RQ429", "RQ500", "RQ503")
WRITE_ERRORS = ("RQ413", "RQ415", "RQ422", "VA001")


class Route(NamedTuple):
    """One method of one path. `roles` tells readers what the grants in sql/policies decide; where there are none, whoever
    calls proves itself to the endpoint, without a token.

    `operation` names it in the OpenAPI document and so in generated clients; left out, the function's name does.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    endpoint: Endpoint
    summary: str
    statement: str
    answer: type[Answer]
    refusal: type[Problem] = Problem  # another one is the JSON of a 400 or 401, where a standard wants it so
    roles: tuple[Role, ...] = ROLES
    query: type[Query] = Query
    body: type[Body] | None = None
    body_required: bool = True
    body_type: str = "application/json"
    many: bool = False
    key: Literal["required", "optional", "none"] = "none"
    regional: bool = True
    kept: bool = False  # its answers are kept until the event log tells that they changed (reads.py)
    fresh: bool = False  # read from the primary, always
    lane: bool = False  # calls of several requests may share a transaction (lanes.py)
    mode: Literal["put", "patch", "retire"] | None = None  # what a function of the catalogue is told to do; None: save
    status: int = 200
    upserts: bool = False  # 200 instead of 201 where the thing was there before
    location: str | None = None
    versioned: bool = False  # the member `version` of the answer is its ETag
    errors: tuple[str, ...] = ()
    description: str = ""
    operation: str = ""

    @property
    def function(self) -> str:
        """The name of its function in schema api."""
        return self.statement.partition("api.")[2].partition("(")[0]

    @property
    def operation_id(self) -> str:
        first, *others = (self.operation or self.function).split("_")
        return first + "".join(word.capitalize() for word in others)

    @property
    def replicated(self) -> bool:
        """Whether it may be read from a standby (replica.py). What memory answers is newer than one can promise to be."""
        return self.method == "GET" and not (self.kept or self.fresh)

    @property
    def takes_if_match(self) -> bool:
        """Whether it decides on a version: then it can answer that the version is another one by now."""
        return "ST009" in self.errors

    @property
    def takes_if_none_match(self) -> bool:
        """Whether it is a write that can be told to make something only where it is not there yet."""
        return self.upserts and self.method == "PUT"

    @property
    def tag(self) -> str:
        """The noun that its path begins with: `orders` of /v1/orders/{order_id}."""
        return self.path.split("/")[2]

    @property
    def media_types(self) -> tuple[str, ...]:
        """What the answer can be had as: lists also as CSV."""
        return (JSON, CSV) if issubclass(self.answer, Page) else (JSON,)


class PathEndpoint:
    """One path of the table, as an application that the router calls without a layer in between."""

    def __init__(self, methods: dict[str, Route]) -> None:
        self.methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        route = scope["scoville.route"] = self.methods["GET" if request.method == "HEAD" else request.method]
        response = await route.endpoint(request)
        await response(scope, receive, send)
