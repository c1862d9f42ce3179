"""The only list of nouns and routes. The router, the role matrix and the OpenAPI document are built from it."""

from __future__ import annotations

from pyapp.api import (
    analytics,
    audit,
    availability,
    catalog,
    clients,
    counts,
    customers,
    events,
    orders,
    purchases,
    recalls,
    reservations,
    returns,
    stock,
    tickets,
    tokens,
    transfers,
    webhooks,
    withholdings,
)
from pyapp.http.route import Noun, Route

NOUNS: tuple[Noun, ...] = (
    stock.NOUN,
    withholdings.NOUN,
    purchases.SUPPLIERS,
    purchases.NOUN,
    transfers.NOUN,
    counts.NOUN,
    orders.NOUN,
    returns.NOUN,
    availability.NOUN,
    customers.NOUN,
    reservations.NOUN,
    *catalog.NOUNS,
    tokens.NOUN,
    clients.NOUN,
    tickets.NOUN,
    webhooks.NOUN,
    events.NOUN,
    recalls.NOUN,
    recalls.DRILLS,
    analytics.NOUN,
    audit.NOUN,
)
ROUTES: tuple[Route, ...] = tuple(route for noun in NOUNS for route in noun.routes)
CALLED_FUNCTIONS = (
    *(route.function for route in ROUTES),
    *("check_grant", "find_repeats", "redeem_ticket", "snapshot_levels", "take_requests"),
)
