"""Orders: place, read, change, cancel, fulfill."""

from __future__ import annotations

from pyapp.answers import orders as answers
from pyapp.http.endpoints import change, read_document, read_page, write
from pyapp.http.fields import WriteQuery
from pyapp.http.route import ORDER_ROLES, STOCK_ROLES, Route
from pyapp.schemas import orders

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/orders",
        endpoint=read_page,
        summary="List orders by date, customer, status or SKU",
        statement="select * from api.list_orders($1, $2, $3, $4)",
        answer=answers.OrderPage,
        query=orders.OrderQuery,
        errors=("VA001",),
    ),
    Route(
        method="POST",
        path="/v1/orders",
        endpoint=write,
        summary="Place an order, or a list of them",
        statement="select * from api.place_orders($1, $2)",
        answer=answers.Order,
        roles=ORDER_ROLES,
        query=WriteQuery,
        body=orders.OrderDraft,
        many=True,
        lane=True,
        key="required",
        status=201,
        location="/v1/orders/{order_id}",
        versioned=True,
        errors=(
            *("ST001", "ST002", "ST014", "OR001", "OR005", "OR006", "OR007", "OR008", "OR009"),
            *("RV001", "RV002", "RV003", "RV004"),
            *("ID001", "ID002", "ID003"),
        ),
    ),
    Route(
        method="GET",
        path="/v1/orders/{order_id}",
        endpoint=read_document,
        summary="Read an order, by our id or yours",
        statement="select * from api.get_order($1, $2)",
        answer=answers.Order,
        errors=("OR002",),
    ),
    Route(
        method="PATCH",
        path="/v1/orders/{order_id}",
        endpoint=change,
        summary="Change an order of which nothing is shipped",
        description="A merge patch: what is left out stays, items are replaced as a whole. Units that are more are taken, all of "
        "them or nothing; those that are less become available.",
        statement="select * from api.modify_orders($1, $2)",
        answer=answers.Order,
        roles=ORDER_ROLES,
        query=WriteQuery,
        body=orders.OrderChange,
        key="optional",
        versioned=True,
        errors=(
            *("ST001", "ST002", "ST009", "OR001", "OR002", "OR006", "OR007", "OR008", "OR010"),
            *("ID001", "ID002", "ID003"),
        ),
    ),
    Route(
        method="PUT",
        path="/v1/orders/{order_id}/cancel",
        endpoint=change,
        summary="Cancel what is not yet fulfilled",
        statement="select * from api.cancel_orders($1, $2)",
        answer=answers.Order,
        roles=ORDER_ROLES,
        query=WriteQuery,
        body=orders.Cancellation,
        body_required=False,
        key="optional",
        versioned=True,
        errors=("ST009", "OR002", "OR003", "ID001", "ID002", "ID003"),
    ),
    Route(
        method="POST",
        path="/v1/orders/{order_id}/fulfillments",
        endpoint=write,
        summary="Fulfill an order, whole or in part",
        statement="select * from api.fulfill_orders($1, $2)",
        answer=answers.Order,
        roles=STOCK_ROLES,
        query=WriteQuery,
        body=orders.Fulfillment,
        key="required",
        status=201,
        location="/v1/orders/{order_id}",
        errors=("OR002", "OR004", "ST001", "ST002", "ST003", "ST013", "ID001", "ID002", "ID003"),
    ),
)
