"""The routes: one table that says what each does, and the few endpoints that do it.

The table is the only list of paths. The router, the role matrix and the OpenAPI document are made from it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, NamedTuple, cast

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from pyapp import schemas
from pyapp.auth import ROLES, Role
from pyapp.commands import execute
from pyapp.database import Database
from pyapp.problems import Problem, unavailable
from pyapp.requests import Visit, enter, idempotency_key, if_match, path_values, read_body
from pyapp.responses import document_response, json_response, page_response, result_response, results_response

Endpoint = Callable[[Request], Awaitable[Response]]

STOCK_ROLES: tuple[Role, ...] = ("admin", "warehouse")
ORDER_ROLES: tuple[Role, ...] = ("admin", "sales", "integration")
ADMIN: tuple[Role, ...] = ("admin",)

# What any route of /v1 can answer, and any write besides.
COMMON_ERRORS = ("RQ400", "RQ401", "RQ403", "RQ406", "RQ500", "RQ503")
WRITE_ERRORS = ("RQ413", "RQ415", "RQ422", "VA001")


class Route(NamedTuple):
    """One method of one path. `roles` tells readers what the grants in sql/policies decide."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    endpoint: Endpoint
    summary: str
    statement: str
    answer: str
    roles: tuple[Role, ...] = ROLES
    query: type[schemas.Query] = schemas.Query
    body: type[schemas.Body] | None = None
    body_required: bool = True
    many: bool = False
    key: Literal["required", "optional", "none"] = "none"
    regional: bool = True
    status: int = 200
    location: str | None = None
    errors: tuple[str, ...] = ()

    @property
    def function(self) -> str:
        """The name of its function in schema api."""
        return self.statement.partition("api.")[2].partition("(")[0]


async def read_page(request: Request) -> Response:
    """A page of a list: region, variables of the path, filters, cursor, limit."""
    visit = await enter(request)
    query = cast(schemas.PageQuery, visit.query)
    cursor = query.cursor if isinstance(query.cursor, str) else None
    values = (visit.region, *path_values(request).values(), query.filters(), cursor, query.limit)
    body, next_cursor = await _read(visit, values)
    return page_response(request, body, next_cursor)


async def read_document(request: Request) -> Response:
    """One document with its ETag: region, variables of the path."""
    visit = await enter(request)
    body, etag = await _read(visit, (visit.region, *path_values(request).values()))
    return document_response(request, body, etag or b"")


async def read_summary(request: Request) -> Response:
    """A list that is never long: region."""
    visit = await enter(request)
    body, _ = await _read(visit, (visit.region,))
    return json_response(body)


async def _read(visit: Visit, values: Sequence[str | bytes | int | None]) -> tuple[bytes, bytes | None]:
    rows = await visit.database.call(visit.identity, visit.route.statement, values, request_id=visit.request_id, read_only=True)
    body, second = rows[0]
    return body or b"null", second


async def write(request: Request) -> Response:
    """One object or a list, to a batch function: what the body says, with the variables of the path."""
    return await _write(request, path_values(request))


async def set_stock(request: Request) -> Response:
    """A counted stock, guarded by If-Match or change_from_quantity."""
    added = dict(path_values(request))
    tag = if_match(request)
    if tag is not None:
        added["if_match"] = tag
    return await _write(request, added)


async def _write(request: Request, added: dict[str, str]) -> Response:
    visit = await enter(request)
    route, dry_run = visit.route, cast(schemas.WriteQuery, visit.query).dry_run
    if route.body is None:
        raise RuntimeError(f"{route.path} takes no body")
    key = idempotency_key(request, required=route.key == "required")
    body = await read_body(request, required=route.body_required)
    drafts, is_list = schemas.parse(body, route.body, many=route.many)
    elements = []
    for number, draft in enumerate(drafts):
        if isinstance(draft, schemas.StockCount):
            _check_count(draft, added)
        meta = {"actor": visit.identity.subject, "request_id": visit.request_id}
        if key is not None:
            meta["idempotency_key"] = f"{key}#{number}" if is_list else key
        elements.append(schemas.element(draft, **added, meta=meta))
    results = await execute(
        visit.database,
        visit.identity,
        route.statement,
        visit.region if route.regional else None,
        elements,
        request_id=visit.request_id,
        dry_run=dry_run,
    )
    if is_list:
        return results_response(visit, results, dry_run=dry_run)
    return result_response(visit, results[0], dry_run=dry_run)


def _check_count(count: schemas.StockCount, added: dict[str, str]) -> None:
    if count.sku_id is not UNSET and count.sku_id != added["sku_id"]:
        error = {"pointer": "/sku_id", "detail": "Differs from the SKU in the path: leave it out, or send the same."}
        raise Problem("RQ422", "The body and the path name different SKUs.", [error])
    count.sku_id = UNSET
    if "if_match" not in added and count.change_from_quantity is UNSET:
        raise Problem(
            "RQ428",
            "Someone may have changed the stock since you counted. Send the ETag that you saw as If-Match, "
            "or the quantity that you saw as change_from_quantity.",
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


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/inventory",
        endpoint=read_page,
        summary="List SKUs with their stock by warehouse",
        statement="select * from api.list_inventory($1, $2, $3, $4)",
        answer="InventoryPage",
        query=schemas.InventoryQuery,
        errors=("VA001",),
    ),
    Route(
        method="POST",
        path="/v1/inventory",
        endpoint=write,
        summary="Receive a batch, or a list of them",
        statement="select * from api.receive_stock($1, $2)",
        answer="Inventory",
        roles=STOCK_ROLES,
        query=schemas.WriteQuery,
        body=schemas.Receipt,
        many=True,
        key="required",
        status=201,
        location="/v1/inventory/{sku_id}",
        errors=("ST002", "ST003", "ST004", "ST005", "ST006", "ST011", "ST012", "ST014", "ID001", "ID002", "ID003"),
    ),
    Route(
        method="GET",
        path="/v1/inventory/warehouses",
        endpoint=read_summary,
        summary="Sum up the stock of each warehouse",
        statement="select * from api.summarize_warehouses($1)",
        answer="WarehousePage",
    ),
    Route(
        method="POST",
        path="/v1/inventory/adjust",
        endpoint=write,
        summary="Change stock by hand, with a reason; one or a list",
        statement="select * from api.adjust_stock($1, $2)",
        answer="Adjusted",
        roles=STOCK_ROLES,
        query=schemas.WriteQuery,
        body=schemas.Adjustment,
        many=True,
        key="required",
        status=201,
        errors=(
            *("ST001", "ST002", "ST003", "ST004", "ST005", "ST006", "ST007", "ST008", "ST014", "ST015"),
            *("ID001", "ID002", "ID003"),
        ),
    ),
    Route(
        method="GET",
        path="/v1/inventory/{sku_id}",
        endpoint=read_document,
        summary="Read a SKU with its stock by warehouse and batch",
        statement="select * from api.get_inventory($1, $2)",
        answer="InventoryDetail",
        errors=("ST010",),
    ),
    Route(
        method="PUT",
        path="/v1/inventory/{sku_id}",
        endpoint=set_stock,
        summary="Set stock to a counted value",
        statement="select * from api.set_stock($1, $2)",
        answer="Adjusted",
        roles=STOCK_ROLES,
        query=schemas.WriteQuery,
        body=schemas.StockCount,
        key="optional",
        errors=(
            *("ST001", "ST002", "ST003", "ST004", "ST005", "ST006", "ST007", "ST008", "ST009", "ST010", "ST014", "ST015"),
            *("RQ428", "ID001", "ID002", "ID003"),
        ),
    ),
    Route(
        method="GET",
        path="/v1/inventory/{sku_id}/movements",
        endpoint=read_page,
        summary="List the movements of a SKU, the newest first: why is it 37?",
        statement="select * from api.list_movements($1, $2, $3, $4, $5)",
        answer="MovementPage",
        roles=STOCK_ROLES,
        query=schemas.MovementQuery,
        errors=("ST010", "VA001"),
    ),
    Route(
        method="GET",
        path="/v1/orders",
        endpoint=read_page,
        summary="List orders by date, customer, status or SKU",
        statement="select * from api.list_orders($1, $2, $3, $4)",
        answer="OrderPage",
        query=schemas.OrderQuery,
        errors=("VA001",),
    ),
    Route(
        method="POST",
        path="/v1/orders",
        endpoint=write,
        summary="Place an order, or a list of them",
        statement="select * from api.place_orders($1, $2)",
        answer="Order",
        roles=ORDER_ROLES,
        query=schemas.WriteQuery,
        body=schemas.OrderDraft,
        many=True,
        key="required",
        status=201,
        location="/v1/orders/{order_id}",
        errors=(
            *("ST001", "ST002", "ST014", "OR001", "OR005", "OR006", "OR007", "OR008", "OR009"),
            *("ID001", "ID002", "ID003"),
        ),
    ),
    Route(
        method="GET",
        path="/v1/orders/{order_id}",
        endpoint=read_document,
        summary="Read an order, by our id or yours",
        statement="select * from api.get_order($1, $2)",
        answer="Order",
        errors=("OR002",),
    ),
    Route(
        method="PUT",
        path="/v1/orders/{order_id}/cancel",
        endpoint=write,
        summary="Cancel what is not yet fulfilled",
        statement="select * from api.cancel_orders($1, $2)",
        answer="Order",
        roles=ORDER_ROLES,
        query=schemas.WriteQuery,
        body=schemas.Cancellation,
        body_required=False,
        key="optional",
        errors=("OR002", "OR003", "ID001", "ID002", "ID003"),
    ),
    Route(
        method="POST",
        path="/v1/orders/{order_id}/fulfillments",
        endpoint=write,
        summary="Fulfill an order, whole or in part",
        statement="select * from api.fulfill_orders($1, $2)",
        answer="Order",
        roles=STOCK_ROLES,
        query=schemas.WriteQuery,
        body=schemas.Fulfillment,
        key="required",
        status=201,
        location="/v1/orders/{order_id}",
        errors=("OR002", "OR004", "ST001", "ST002", "ST003", "ST013", "ID001", "ID002", "ID003"),
    ),
    Route(
        method="GET",
        path="/v1/audit",
        endpoint=read_page,
        summary="List who changed what, when and why",
        statement="select * from api.list_audit($1, $2, $3, $4)",
        answer="AuditPage",
        roles=ADMIN,
        query=schemas.AuditQuery,
        errors=("VA001",),
    ),
    Route(
        method="POST",
        path="/v1/skus",
        endpoint=write,
        summary="Create or replace a SKU, or a list of them",
        statement="select * from api.save_skus($1)",
        answer="Sku",
        roles=("admin", "sales"),
        query=schemas.WriteQuery,
        body=schemas.Sku,
        many=True,
        regional=False,
        status=201,
        location="/v1/inventory/{sku_id}",
    ),
    Route(
        method="POST",
        path="/v1/channels",
        endpoint=write,
        summary="Create or replace a channel, or a list of them",
        statement="select * from api.save_channels($1)",
        answer="Channel",
        roles=ADMIN,
        query=schemas.WriteQuery,
        body=schemas.Channel,
        many=True,
        regional=False,
        status=201,
        errors=("ST003",),
    ),
    Route(
        method="POST",
        path="/v1/warehouses",
        endpoint=write,
        summary="Create or replace a warehouse, or a list of them",
        statement="select * from api.save_warehouses($1)",
        answer="Warehouse",
        roles=ADMIN,
        query=schemas.WriteQuery,
        body=schemas.Warehouse,
        many=True,
        regional=False,
        status=201,
    ),
)
FUNCTIONS = tuple(route.function for route in ROUTES)


def starlette_routes() -> list[StarletteRoute]:
    """The table as Starlette takes it: one route a path, so that 405 lists all its methods."""
    by_path: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        by_path.setdefault(route.path, {})[route.method] = route
    routes = [StarletteRoute(path, _dispatch(methods), methods=list(methods)) for path, methods in by_path.items()]
    return [*routes, StarletteRoute("/healthz", healthz), StarletteRoute("/readyz", readyz)]


def _dispatch(methods: dict[str, Route]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        route = methods["GET" if request.method == "HEAD" else request.method]
        request.scope["scoville.route"] = route
        return await route.endpoint(request)

    return endpoint
