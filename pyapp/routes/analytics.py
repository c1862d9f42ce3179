"""Ready answers for those without SQL: the views of schema bi, of the rows that the caller may see."""

from __future__ import annotations

from pyapp.answers import analytics as answers
from pyapp.http.endpoints import read_page
from pyapp.http.route import BATCH_ROLES, STOCK_ROLES, Route
from pyapp.identity.tokens import Role
from pyapp.schemas import analytics

ADMIN: tuple[Role, ...] = ("admin",)  # these tell what every channel sells
FRESHNESS = "From sums that a worker keeps, some seconds old; days and months are those of UTC."

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/analytics/turnover",
        endpoint=read_page,
        summary="How often stock is shipped, by month",
        description=FRESHNESS,
        statement="select * from api.list_turnover($1, $2, $3, $4)",
        answer=answers.TurnoverPage,
        roles=STOCK_ROLES,
        query=analytics.TurnoverQuery,
        errors=("VA001",),
    ),
    Route(
        method="GET",
        path="/v1/analytics/sell-through",
        endpoint=read_page,
        summary="Which share of what could be sold is shipped, by month",
        description=FRESHNESS,
        statement="select * from api.list_sell_through($1, $2, $3, $4)",
        answer=answers.SellThroughPage,
        roles=STOCK_ROLES,
        query=analytics.TurnoverQuery,
        errors=("VA001",),
    ),
    Route(
        method="GET",
        path="/v1/analytics/stockouts",
        endpoint=read_page,
        summary="When there was nothing for sale, and where",
        description=FRESHNESS,
        statement="select * from api.list_stockouts($1, $2, $3, $4)",
        answer=answers.StockoutPage,
        roles=BATCH_ROLES,
        query=analytics.StockoutQuery,
        errors=("VA001",),
    ),
    Route(
        method="GET",
        path="/v1/analytics/fulfillment",
        endpoint=read_page,
        summary="How long parcels take, by month",
        description=FRESHNESS,
        statement="select * from api.list_fulfillment($1, $2, $3, $4)",
        answer=answers.LeadTimePage,
        roles=BATCH_ROLES,
        query=analytics.FulfillmentQuery,
        errors=("VA001",),
    ),
    Route(
        method="GET",
        path="/v1/analytics/expiring",
        endpoint=read_page,
        summary="Batches that expire within 90 days, or have expired",
        statement="select * from api.list_expiring($1, $2, $3, $4)",
        answer=answers.ExpiringPage,
        roles=BATCH_ROLES,
        query=analytics.ExpiringQuery,
        errors=("VA001",),
    ),
    Route(
        method="GET",
        path="/v1/analytics/fill-rate",
        endpoint=read_page,
        summary="Which share of what was promised is shipped, by month",
        description=FRESHNESS,
        statement="select * from api.list_fill_rate($1, $2, $3, $4)",
        answer=answers.FillRatePage,
        roles=ADMIN,
        query=analytics.FillRateQuery,
        errors=("VA001",),
    ),
    Route(
        method="GET",
        path="/v1/analytics/cover",
        endpoint=read_page,
        summary="How many days what is available lasts",
        description=FRESHNESS,
        statement="select * from api.list_cover($1, $2, $3, $4)",
        answer=answers.CoverPage,
        roles=STOCK_ROLES,
        query=analytics.CoverQuery,
        errors=("VA001",),
    ),
    Route(
        method="GET",
        path="/v1/analytics/abc",
        endpoint=read_page,
        summary="Which SKUs bring the revenue, and how evenly they sell",
        description=FRESHNESS,
        statement="select * from api.list_abc($1, $2, $3, $4)",
        answer=answers.AbcPage,
        roles=ADMIN,
        query=analytics.AbcQuery,
        errors=("VA001",),
    ),
    Route(
        method="GET",
        path="/v1/analytics/patterns",
        endpoint=read_page,
        summary="On which weekday and at which hour customers order",
        description=FRESHNESS,
        statement="select * from api.list_patterns($1, $2, $3, $4)",
        answer=answers.PatternPage,
        roles=ADMIN,
        query=analytics.PatternsQuery,
        errors=("VA001",),
    ),
)
