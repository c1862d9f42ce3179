"""The only list of routes. The router, the role matrix and the OpenAPI document are made from it."""

from __future__ import annotations

from pyapp.api import analytics, audit, catalog, clients, events, orders, reservations, stock, tickets, tokens, webhooks
from pyapp.http.route import Route

ROUTES: tuple[Route, ...] = (
    *stock.ROUTES,
    *orders.ROUTES,
    *reservations.ROUTES,
    *catalog.ROUTES,
    *tokens.ROUTES,
    *clients.ROUTES,
    *tickets.ROUTES,
    *events.ROUTES,
    *webhooks.ROUTES,
    *analytics.ROUTES,
    *audit.ROUTES,
)
CALLED_FUNCTIONS = (
    *(route.function for route in ROUTES),
    *("check_grant", "find_repeats", "redeem_ticket", "snapshot_levels", "take_requests"),
)
