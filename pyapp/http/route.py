"""The parts of the route table: a noun with its rows, and a row that describes one method of one path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from string import Formatter
from typing import Any, Literal, NamedTuple

import msgspec
from starlette.responses import Response

from pyapp.http.accept import CSV, JSON
from pyapp.http.fields import Answer, Body, Page, Query
from pyapp.http.functions import FUNCTIONS
from pyapp.http.headers import Request
from pyapp.http.results import Problem
from pyapp.identity.tokens import ROLES, Role

Endpoint = Callable[[Request], Awaitable[Response]]

# Codes that any route of /v1 can return, and those that any write can return in addition.
COMMON_ERRORS = ("RQ400", "RQ401", "RQ403", "RQ406", "RQ429", "RQ500", "RQ503")
WRITE_ERRORS = ("RQ413", "RQ415", "RQ422", "VA001")


class PathVariable(NamedTuple):
    """A variable of paths. `prefix` marks IDs that we issue, which name their region: an ID with an impossible region
    is refused with the code `missing`."""

    name: str
    description: str
    sample: str
    prefix: str = ""
    missing: str = ""


@dataclass(kw_only=True, eq=False)
class Route:
    """One method of one path. Its statement, roles and codes are read from its function's file.

    If the function is granted to no role of tokens, the caller proves its identity to the endpoint without a token.
    `operation` names the route in the OpenAPI document and so in generated clients; the default is the function's name.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    endpoint: Endpoint
    summary: str
    function: str  # of schema api
    answer: type[Answer]
    refusal: type[Problem] = Problem  # another class is the JSON of a 400 or 401, where a standard requires it
    roles: tuple[Role, ...] = ()  # where fewer may send it than may call the function
    query: type[Query] = Query
    body: type[Body] | None = None
    body_required: bool = True
    body_type: str = "application/json"
    many: bool = False
    key: Literal["required", "or_if_match", "optional", "none"] = "none"  # or_if_match: required without an If-Match
    fixed: tuple[str, ...] = ()  # arguments of the function between the region and the path variables
    kept: bool = False  # answers are cached until the event log reports a change (cache/answers.py)
    fresh: bool = False  # always read from the primary
    lane: bool = False  # calls of several requests may share a transaction (database/lanes.py)
    mode: Literal["put", "patch", "retire"] | None = None  # the mode argument of a catalog function; None: save
    never: tuple[str, ...] = ()  # codes of the function that this route cannot return
    status: int = 200
    upserts: bool = False  # 200 instead of 201 if the thing existed before
    location: str | None = None
    versioned: bool = False  # the member `version` of the answer is its ETag
    description: str = ""
    operation: str = ""

    variables: Sequence[PathVariable] = ()  # of the path; set by the noun
    reader: Route | None = None  # the GET of the same path; set by the noun
    statement: str = field(init=False)
    regional: bool = field(init=False)  # the function's first argument is a region
    errors: tuple[str, ...] = field(init=False)  # in addition to those of every route

    def __post_init__(self) -> None:
        function = FUNCTIONS[self.function]
        placeholders = ", ".join(f"${number}" for number in range(1, len(function.arguments) + 1))
        self.statement = f"select * from api.{self.function}({placeholders})"  # noqa: S608 (names of our own files)
        self.regional = function.arguments[:1] == ("p_region_id",)
        self.roles = self.roles or tuple(role for role in ROLES if role in function.roles)
        made_here = self.body.codes if self.body is not None else ()
        self.errors = tuple(sorted({*function.errors, *made_here} - {*self.never}))

    @property
    def operation_id(self) -> str:
        first, *others = (self.operation or self.function).split("_")
        return first + "".join(word.capitalize() for word in others)

    @property
    def replicated(self) -> bool:
        """Whether a standby may serve it. Cached answers are fresher than a standby can guarantee."""
        return self.method == "GET" and not (self.kept or self.fresh)

    @property
    def takes_if_match(self) -> bool:
        """Whether it checks a version: its function can report that the version has changed."""
        return "ST009" in self.errors

    @property
    def takes_if_none_match(self) -> bool:
        """Whether it is a write that can be limited to creating something new."""
        return self.upserts and self.method == "PUT"

    @cached_property
    def read_only(self) -> frozenset[str]:
        """The members of the document that a replacement may repeat, although they cannot be set."""
        if self.body is None or not self.takes_if_none_match:
            return frozenset()
        return frozenset(self.answer.__struct_fields__) - {*self.body.__struct_fields__}

    def head_members(self, document: bytes) -> dict[str, Any]:
        """Returns the members of the answer's document that its header fields name, without reading the others."""
        return msgspec.structs.asdict(self._head_members.decode(document))

    @cached_property
    def _head_members(self) -> msgspec.json.Decoder[Any]:
        names = {name for _, name, _, _ in Formatter().parse(self.location or "") if name}
        return msgspec.json.Decoder(msgspec.defstruct("HeadMembers", sorted(names | ({"version"} if self.versioned else set()))))

    @property
    def tag(self) -> str:
        """The noun at the start of its path: `orders` for /v1/orders/{order_id}."""
        return self.path.split("/")[2]

    @property
    def media_types(self) -> tuple[str, ...]:
        """The media types of the answer: lists also as CSV."""
        return (JSON, CSV) if issubclass(self.answer, Page) else (JSON,)


@dataclass(eq=False)
class Noun:
    """The routes below /v1/<tag>. `variables` are those of their paths."""

    tag: str
    description: str
    routes: Sequence[Route]
    variables: Sequence[PathVariable] = ()

    def __post_init__(self) -> None:
        for route in self.routes:
            route.reader = next((other for other in self.routes if (other.method, other.path) == ("GET", route.path)), None)
            route.variables = tuple(variable for variable in self.variables if f"{{{variable.name}}}" in route.path)
            if len(route.variables) != route.path.count("{") or route.tag != self.tag:
                raise ValueError(f"{route.path} is not a path of {self.tag}, or names a variable that is not described")
