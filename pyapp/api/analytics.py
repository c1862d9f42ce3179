"""The reports of /v1/analytics, built from sql/views when this module is imported, without a database.

Each element of analytics.reports (reports.sql) becomes a route with its parameters and schemas. The view's file explains its
columns (a comment with the word null: the column can be null) and names the roles that may read it. columns.txt has the types.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, defstruct

from pyapp.files import SQL
from pyapp.http.endpoints import read_page
from pyapp.http.fields import Answer, ChannelId, Page, PageQuery, SkuId, WarehouseId
from pyapp.http.route import Noun, Route
from pyapp.identity.tokens import ROLES
from pyapp.values import BatchNumber, BatchStatus, Channel, Currency, Sku, SkuName, Warehouse

VIEWS = SQL / "views"
REGISTRY = re.compile(r"\$json\$(.+)\$json\$", re.DOTALL)
COMMENT = re.compile(r"^comment on (?:view|column) bi\.([\w.]+) is\s+((?:'(?:[^']|'')*'\s*)+);", re.MULTILINE)
LITERAL = re.compile(r"'((?:[^']|'')*)'")
GRANT = re.compile(r"^grant select on bi\.(\w+) to ([\w, ]+);", re.MULTILINE)
TYPES: dict[str, Any] = {
    "text": str,
    "boolean": bool,
    "date": datetime.date,
    "smallint": int,
    "integer": int,
    "bigint": int,
    "numeric": float,
}
FRESHNESS = (
    "From sums that a worker updates every few seconds. "
    "Days and months are those of the place: of the warehouse for stock, of the region for orders."
)
STALE = "as old as the rollup"  # in the comments of views that read such sums

# Members and parameters with the same meaning in every report as elsewhere in the API.
MEMBERS: dict[str, Any] = {
    "month": Annotated[datetime.date, Meta(description="The first day of the month.", examples=["2026-11-01"])],
    "warehouse_location": Warehouse,
    "channel": Channel,
    "sku_id": Sku,
    "name": SkuName,
    "batch_number": BatchNumber,
    "status": Annotated[BatchStatus, Meta(examples=["available"])],
    "currency": Currency,
}
FILTERS: dict[str, Any] = {
    "month": Annotated[datetime.date, Meta(description="Any day of the month.")],
    "warehouse": WarehouseId,
    "channel": ChannelId,
    "sku_id": SkuId,
}


class About(Struct, forbid_unknown_fields=True):
    """Details of a member or a filter: limits, allowed values, an example; `asks` is the description of the filter."""

    example: Any = UNSET
    minimum: int | None = None
    maximum: int | None = None
    values: tuple[str, ...] = ()
    asks: str | None = None


class Report(Struct, forbid_unknown_fields=True):
    """One element of analytics.reports; reports.sql explains each member."""

    report: str
    view: str
    row: str
    page: str
    summary: str
    says: str
    order: str
    members: list[str]
    keys: list[str]
    filters: list[str]
    about: dict[str, About]
    sums: list[str] = []
    shares: dict[str, list[str]] = {}

    def answer(self) -> type[Answer]:
        """Builds the struct of a page."""
        members = []
        for item in self.members:
            column, _, member = item.partition(" as ")
            members.append((member or column, MEMBERS.get(member or column) or self._type_of(column, member or column)))
        row = defstruct(self.row, members, bases=(Answer,), namespace={"__doc__": self.says})
        page = defstruct(self.page, [("data", list[row])], bases=(Page,), namespace={"__doc__": self.order})  # type: ignore[valid-type]
        return cast(type[Answer], page)

    def query(self) -> type[PageQuery]:
        """Builds the struct of its parameters."""
        parameters: list[tuple[str, Any, Any]] = []
        for item in self.filters:
            column, _, name = item.split(" ")
            parameters.append((name, (FILTERS.get(name) or self._filter_type_of(column, name)) | UnsetType, UNSET))
        made = defstruct(f"{self.row}Query", parameters, bases=(PageQuery,))
        return cast(type[PageQuery], made)

    def _type_of(self, column: str, member: str) -> Any:
        about, said = self.about[member], comments()[f"{self.view}.{column}"]
        kind = _limited(f"{self.view}.{column}", about)
        meta = Meta(description=said, examples=[about.example])
        return Annotated[kind | None if re.search(r"\bnull\b", said) else kind, meta]

    def _filter_type_of(self, column: str, name: str) -> Any:
        about = self.about[name]
        kind = _limited(f"{self.view}.{column}", about)
        return Annotated[kind, Meta(description=about.asks)] if about.asks else kind

    def route(self) -> Route:
        granted = roles()[self.view]
        return Route(
            method="GET",
            path=f"/v1/analytics/{self.report}",
            endpoint=read_page,
            summary=self.summary,
            description=FRESHNESS if STALE in comments()[self.view].lower() else "",
            function="read_report",
            fixed=(self.report,),
            answer=self.answer(),
            roles=tuple(role for role in ROLES if role in granted),
            query=self.query(),
            operation=f"list_{self.report.replace('-', '_')}",
        )


def _limited(column: str, about: About) -> Any:
    """Returns the type of a column, within its limits."""
    if about.values:
        return Literal[about.values]
    kind = TYPES[types()[column].partition("(")[0]]
    limited = about.minimum is not None or about.maximum is not None
    return Annotated[kind, Meta(ge=about.minimum, le=about.maximum)] if limited else kind


@cache
def reports() -> tuple[Report, ...]:
    (found,) = REGISTRY.findall((VIEWS / "reports.sql").read_text(encoding="utf-8"))
    return msgspec.json.decode(found, type=tuple[Report, ...])


@cache
def types() -> Mapping[str, str]:
    """Types by view.column, in the order of the views' columns."""
    return dict(cast(Any, line.split(" ", 1)) for line in (VIEWS / "columns.txt").read_text(encoding="utf-8").splitlines())


@cache
def comments() -> Mapping[str, str]:
    """Comments by view, and by view.column."""
    return {name: "".join(LITERAL.findall(text)).replace("''", "'") for name, text in COMMENT.findall(_text())}


@cache
def roles() -> Mapping[str, frozenset[str]]:
    """The roles that may read each view."""
    return {view: frozenset(granted.split(", ")) for view, granted in GRANT.findall(_text())}


@cache
def _text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(VIEWS.glob("*.sql")))


NOUN = Noun(
    "analytics",
    "Ready-made reports: turnover, sell-through, fill rate, cover, stockouts, lead times and others. Schema bi has more.",
    tuple(report.route() for report in reports()),
)
