"""Who may do what over HTTP: the table of the design, every cell executed, and every row without a token."""

from __future__ import annotations

import httpx2
import pytest

from pyapp.api.table import ROUTES
from pyapp.identity.tokens import ROLES, Role
from tests.http.conftest import Api, check_problem, delivered, key
from tests.http.test_answers import CALLS, make_ids, make_spare

# a: admin, w: warehouse, s: sales, i: integration. A letter may; a dash is refused with 403.
TABLE = """
GET    /v1/inventory                                                   a w s i
POST   /v1/inventory                                                   a w - -
GET    /v1/inventory/warehouses                                        a w s i
POST   /v1/inventory/adjust                                            a w - -
GET    /v1/inventory/{sku_id}                                          a w s i
PUT    /v1/inventory/{sku_id}                                          a w - -
PUT    /v1/inventory/{sku_id}/safety-stock                             a w - -
GET    /v1/inventory/{sku_id}/batches                                  a w s -
PATCH  /v1/inventory/{sku_id}/batches/{batch_number}                   a w - -
GET    /v1/inventory/{sku_id}/movements                                a w - -
GET    /v1/orders                                                      a w s i
POST   /v1/orders                                                      a - s i
GET    /v1/orders/{order_id}                                           a w s i
PATCH  /v1/orders/{order_id}                                           a - s i
PUT    /v1/orders/{order_id}/cancel                                    a - s i
POST   /v1/orders/{order_id}/fulfillments                              a w - -
GET    /v1/reservations                                                a - s i
POST   /v1/reservations                                                a - s i
GET    /v1/reservations/{reservation_id}                               a - s i
PATCH  /v1/reservations/{reservation_id}                               a - s i
DELETE /v1/reservations/{reservation_id}                               a - s i
GET    /v1/skus                                                        a w s i
POST   /v1/skus                                                        a - s -
GET    /v1/skus/{sku_id}                                               a w s i
PUT    /v1/skus/{sku_id}                                               a - s -
PATCH  /v1/skus/{sku_id}                                               a - s -
DELETE /v1/skus/{sku_id}                                               a - s -
GET    /v1/warehouses                                                  a w s i
POST   /v1/warehouses                                                  a - - -
GET    /v1/warehouses/{warehouse_id}                                   a w s i
PUT    /v1/warehouses/{warehouse_id}                                   a - - -
PATCH  /v1/warehouses/{warehouse_id}                                   a - - -
DELETE /v1/warehouses/{warehouse_id}                                   a - - -
GET    /v1/channels                                                    a w s i
POST   /v1/channels                                                    a - - -
GET    /v1/channels/{channel_id}                                       a w s i
PUT    /v1/channels/{channel_id}                                       a - - -
PATCH  /v1/channels/{channel_id}                                       a - - -
DELETE /v1/channels/{channel_id}                                       a - - -
GET    /v1/reason-codes                                                a w s i
POST   /v1/reason-codes                                                a - - -
GET    /v1/reason-codes/{reason_code}                                  a w s i
PUT    /v1/reason-codes/{reason_code}                                  a - - -
PATCH  /v1/reason-codes/{reason_code}                                  a - - -
DELETE /v1/reason-codes/{reason_code}                                  a - - -
GET    /v1/clients                                                     a - - -
POST   /v1/clients                                                     a - - -
GET    /v1/clients/{client_id}                                         a - - -
PATCH  /v1/clients/{client_id}                                         a - - -
DELETE /v1/clients/{client_id}                                         a - - -
POST   /v1/clients/{client_id}/rotate-secret                           a - - -
POST   /v1/ws/tickets                                                  a w s i
GET    /v1/events                                                      a w s i
GET    /v1/events/stream                                               a w s i
GET    /v1/webhooks                                                    a - - i
POST   /v1/webhooks                                                    a - - i
GET    /v1/webhooks/{webhook_id}                                       a - - i
PATCH  /v1/webhooks/{webhook_id}                                       a - - i
DELETE /v1/webhooks/{webhook_id}                                       a - - i
POST   /v1/webhooks/{webhook_id}/rotate-secret                         a - - i
POST   /v1/webhooks/{webhook_id}/test                                  a - - i
GET    /v1/webhooks/{webhook_id}/deliveries                            a - - i
POST   /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry        a - - i
POST   /v1/webhooks/{webhook_id}/recover                               a - - i
POST   /v1/webhooks/{webhook_id}/replay                                a - - i
GET    /v1/analytics/turnover                                          a w - -
GET    /v1/analytics/sell-through                                      a w - -
GET    /v1/analytics/stockouts                                         a w s -
GET    /v1/analytics/fulfillment                                       a w s -
GET    /v1/analytics/expiring                                          a w s -
GET    /v1/analytics/fill-rate                                         a - - -
GET    /v1/analytics/cover                                             a w - -
GET    /v1/analytics/abc                                               a - - -
GET    /v1/analytics/patterns                                          a - - -
GET    /v1/audit                                                       a - - -
"""
# Without a role: who calls shows a secret instead.
APART = {("POST", "/v1/oauth/token")}
STREAM = ("GET", "/v1/events/stream")  # an endless answer; stands beside the table of routes
CELLS = {(method, path): marks for method, path, *marks in map(str.split, TABLE.strip().splitlines())}
LETTERS: dict[Role, str] = {role: role[0] for role in ROLES}


def test_the_table_has_every_route() -> None:
    assert set(CELLS) == {(route.method, route.path) for route in ROUTES} - APART | {STREAM}
    for route in ROUTES:
        if (route.method, route.path) not in APART:
            assert {LETTERS[role] for role in route.roles} == set(CELLS[route.method, route.path]) - {"-"}, route.path


def send(client: httpx2.Client, method: str, path: str, body: object) -> httpx2.Response:
    headers = key() | ({"if-match": "*"} if method in ("PUT", "PATCH") else {})
    with client.stream(
        method, path, json=body, headers=headers, params={"dry_run": "true"} if method != "GET" else {}
    ) as response:
        if (method, path) != STREAM or response.status_code != 200:
            response.read()
        return response


@pytest.fixture(scope="module")
def ids(module_api: Api) -> dict[str, str]:
    """Things of an admin's: whether one may is asked before whose they are."""
    admin = module_api.client("admin")
    webhook_id, delivery_id = delivered(admin, module_api.settings.database_url or "")
    return {**make_ids(admin, admin), "webhook_id": webhook_id, "delivery_id": delivery_id}


@pytest.mark.parametrize("cell", CELLS, ids=" ".join)
def test_every_cell_is_as_the_table_says(module_api: Api, ids: dict[str, str], cell: tuple[str, str]) -> None:
    method, path = cell
    template, body = CALLS.get(cell, (path, None))
    named = {**ids, "role": "x", **({"spare": make_spare(module_api.client("admin"), path)} if "{spare}" in template else {})}
    target = template.format(**named)
    check_problem(send(module_api.client(), method, target, body), 401, "RQ401")
    for role, letter in LETTERS.items():
        response = send(module_api.client(role, warehouses=["WH-01"], channels=["web"]), method, target, body)
        if letter in CELLS[cell]:
            assert response.status_code not in (401, 403) or response.json()["code"] == "RV003", (role, response.text)
            assert response.status_code < 500
        else:
            check_problem(response, 403, "RQ403")
