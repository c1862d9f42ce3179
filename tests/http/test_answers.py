"""What Postgres builds is what pyapp/api says: real answers of every route, decoded without a word to spare."""

from __future__ import annotations

import uuid
from typing import Any

import httpx2
import msgspec
import pytest

from pyapp.api.analytics import reports
from pyapp.api.table import ROUTES
from pyapp.http.results import results_of
from pyapp.http.route import Route
from tests.http.conftest import CHANNEL, HOOK, ORDER, SKU, Api, delivered, key

ANALYTICS = [f"/v1/analytics/{report.report}" for report in reports()]
HELD = [{"sku_id": "HOTSAUCE-001", "quantity": 1}]
# How each route is asked: the path, and the body. {order_id}, {reservation_id}, {client_id} and {spare} were made before.
CALLS: dict[tuple[str, str], tuple[str, Any]] = {
    ("GET", "/v1/inventory"): ("/v1/inventory", None),
    ("POST", "/v1/inventory"): ("/v1/inventory", SKU),
    ("GET", "/v1/inventory/warehouses"): ("/v1/inventory/warehouses", None),
    ("POST", "/v1/inventory/adjust"): (
        "/v1/inventory/adjust",
        {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "delta": -1, "reason_code": "damaged", "note": "dropped"},
    ),
    ("GET", "/v1/inventory/{sku_id}"): ("/v1/inventory/HOTSAUCE-001", None),
    ("PUT", "/v1/inventory/{sku_id}"): ("/v1/inventory/HOTSAUCE-002", {"warehouse_location": "WH-01", "stock": 300}),
    ("GET", "/v1/inventory/{sku_id}/movements"): ("/v1/inventory/HOTSAUCE-001/movements", None),
    ("PUT", "/v1/inventory/{sku_id}/safety-stock"): (
        "/v1/inventory/HOTSAUCE-001/safety-stock",
        {"warehouse_location": "WH-01", "safety_stock": 5},
    ),
    ("GET", "/v1/inventory/{sku_id}/batches"): ("/v1/inventory/HOTSAUCE-001/batches", None),
    ("PATCH", "/v1/inventory/{sku_id}/batches/{batch_number}"): (
        "/v1/inventory/HOTSAUCE-001/batches/BATCH-202404",
        {"status": "available", "note": "passed inspection"},
    ),
    ("GET", "/v1/orders"): ("/v1/orders", None),
    ("POST", "/v1/orders"): ("/v1/orders", ORDER | {"order_id": "another"}),
    ("GET", "/v1/orders/{order_id}"): ("/v1/orders/{order_id}", None),
    ("PATCH", "/v1/orders/{order_id}"): (
        "/v1/orders/{order_id}",
        {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}], "customer": {"email": None}},
    ),
    ("PUT", "/v1/orders/{order_id}/cancel"): ("/v1/orders/{order_id}/cancel", {"reason": "customer"}),
    ("POST", "/v1/orders/{order_id}/fulfillments"): ("/v1/orders/{order_id}/fulfillments", {"tracking_number": "T-1"}),
    ("GET", "/v1/reservations"): ("/v1/reservations", None),
    ("POST", "/v1/reservations"): ("/v1/reservations", {"items": HELD}),
    ("GET", "/v1/reservations/{reservation_id}"): ("/v1/reservations/{reservation_id}", None),
    ("PATCH", "/v1/reservations/{reservation_id}"): ("/v1/reservations/{reservation_id}", {"ttl_seconds": 60}),
    ("DELETE", "/v1/reservations/{reservation_id}"): ("/v1/reservations/{reservation_id}", None),
    ("GET", "/v1/events"): ("/v1/events", None),
    ("GET", "/v1/skus"): ("/v1/skus", None),
    ("POST", "/v1/skus"): ("/v1/skus", {"sku_id": "NEW", "name": "New", "attributes": {"vegan": True}}),
    ("GET", "/v1/skus/{sku_id}"): ("/v1/skus/HOTSAUCE-001", None),
    ("PUT", "/v1/skus/{sku_id}"): ("/v1/skus/NEW-{role}", {"name": "New"}),
    ("PATCH", "/v1/skus/{sku_id}"): ("/v1/skus/{spare}", {"attributes": {"vegan": True}}),
    ("DELETE", "/v1/skus/{sku_id}"): ("/v1/skus/{spare}", None),
    ("GET", "/v1/warehouses"): ("/v1/warehouses", None),
    ("POST", "/v1/warehouses"): ("/v1/warehouses", {"warehouse_id": "WH-02", "name": "Second"}),
    ("GET", "/v1/warehouses/{warehouse_id}"): ("/v1/warehouses/WH-01", None),
    ("PUT", "/v1/warehouses/{warehouse_id}"): ("/v1/warehouses/NEW-{role}", {"name": "New"}),
    ("PATCH", "/v1/warehouses/{warehouse_id}"): ("/v1/warehouses/{spare}", {"name": "First"}),
    ("DELETE", "/v1/warehouses/{warehouse_id}"): ("/v1/warehouses/{spare}", None),
    ("GET", "/v1/channels"): ("/v1/channels", None),
    ("POST", "/v1/channels"): ("/v1/channels", CHANNEL),
    ("GET", "/v1/channels/{channel_id}"): ("/v1/channels/web", None),
    ("PUT", "/v1/channels/{channel_id}"): ("/v1/channels/NEW-{role}", {"name": "New"}),
    ("PATCH", "/v1/channels/{channel_id}"): ("/v1/channels/{spare}", {"name": "Shop"}),
    ("DELETE", "/v1/channels/{channel_id}"): ("/v1/channels/{spare}", None),
    ("GET", "/v1/reason-codes"): ("/v1/reason-codes", None),
    ("POST", "/v1/reason-codes"): (
        "/v1/reason-codes",
        {"reason_code": "mice", "description": "Eaten by mice", "direction": "out"},
    ),
    ("GET", "/v1/reason-codes/{reason_code}"): ("/v1/reason-codes/damaged", None),
    ("PUT", "/v1/reason-codes/{reason_code}"): ("/v1/reason-codes/rats", {"description": "Mice", "direction": "out"}),
    ("PATCH", "/v1/reason-codes/{reason_code}"): ("/v1/reason-codes/{spare}", {"note_required": True}),
    ("DELETE", "/v1/reason-codes/{reason_code}"): ("/v1/reason-codes/{spare}", None),
    ("POST", "/v1/oauth/token"): ("/v1/oauth/token", None),  # test_oauth.py
    ("GET", "/v1/clients"): ("/v1/clients", None),
    ("POST", "/v1/clients"): ("/v1/clients", {"name": "Till", "role": "sales", "channels": ["web"]}),
    ("GET", "/v1/clients/{client_id}"): ("/v1/clients/{client_id}", None),
    ("PATCH", "/v1/clients/{client_id}"): ("/v1/clients/{client_id}", {"name": "Renamed"}),
    ("POST", "/v1/clients/{client_id}/rotate-secret"): ("/v1/clients/{client_id}/rotate-secret", {"overlap_seconds": 60}),
    ("DELETE", "/v1/clients/{client_id}"): ("/v1/clients/{client_id}", None),
    ("POST", "/v1/ws/tickets"): ("/v1/ws/tickets", None),
    ("GET", "/v1/webhooks"): ("/v1/webhooks", None),
    ("POST", "/v1/webhooks"): ("/v1/webhooks", HOOK),
    ("GET", "/v1/webhooks/{webhook_id}"): ("/v1/webhooks/{webhook_id}", None),
    ("PATCH", "/v1/webhooks/{webhook_id}"): ("/v1/webhooks/{webhook_id}", {"rate_limit": None, "skus": []}),
    ("DELETE", "/v1/webhooks/{webhook_id}"): ("/v1/webhooks/{webhook_id}", None),
    ("POST", "/v1/webhooks/{webhook_id}/rotate-secret"): ("/v1/webhooks/{webhook_id}/rotate-secret", None),
    ("POST", "/v1/webhooks/{webhook_id}/test"): ("/v1/webhooks/{webhook_id}/test", None),
    ("GET", "/v1/webhooks/{webhook_id}/deliveries"): ("/v1/webhooks/{webhook_id}/deliveries", None),
    ("POST", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry"): (
        "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry",
        None,
    ),
    ("POST", "/v1/webhooks/{webhook_id}/recover"): ("/v1/webhooks/{webhook_id}/recover", {"since": "2026-01-01T00:00:00Z"}),
    ("POST", "/v1/webhooks/{webhook_id}/replay"): ("/v1/webhooks/{webhook_id}/replay", {"from_seq": 1, "to_seq": 1}),
    **{("GET", path): (path, None) for path in ANALYTICS},
    ("GET", "/v1/audit"): ("/v1/audit", None),
}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_real_answers_of_every_route_are_what_its_row_says(module_api: Api, route: Route) -> None:
    assert (route.method, route.path) in CALLS, "a new route: say in CALLS how it is asked"
    template, body = CALLS[route.method, route.path]
    admin = module_api.client("admin")
    for role in route.roles:
        client = module_api.client(role, warehouses=["WH-01"], channels=["web"])
        ids = make_ids(admin, client if route.path == "/v1/reservations/{reservation_id}" else admin) | {"role": role}
        if "{spare}" in template:
            ids["spare"] = make_spare(admin, route.path)
        if route.method == "GET":  # a canceled order, one that was shipped and one that was a reservation, for more to see
            canceled = make(admin, "/v1/orders", ORDER | {"order_id": str(uuid.uuid4())})["order_id"]
            assert admin.put(f"/v1/orders/{canceled}/cancel").status_code == 200
            make(admin, f"/v1/orders/{ids['order_id']}/fulfillments", {})
            make(admin, "/v1/orders", {"reservation_id": ids["reservation_id"], "customer": {"name": "Jane Doe"}})
        if isinstance(body, dict) and "order_id" in body:
            body = body | {"order_id": str(uuid.uuid4())}
        if "{webhook_id}" in template:
            ids["webhook_id"], ids["delivery_id"] = delivered(client, module_api.settings.database_url or "")
        headers = key()
        if (route.method, route.path) == ("PUT", "/v1/inventory/{sku_id}"):
            headers["if-match"] = admin.get(template).headers["etag"]
        response = client.request(route.method, template.format(**ids), json=body, headers=headers)
        assert response.status_code in (route.status, 200 if route.upserts else route.status), response.text
        msgspec.json.decode(response.content, type=route.answer)
        if route.many:
            response = client.post(template.format(**ids), json=[body, body], headers=key())
            assert response.status_code == 207, response.text
            msgspec.json.decode(response.content, type=results_of(route.answer))


def make(client: httpx2.Client, path: str, body: object) -> dict[str, Any]:
    response = client.post(path, json=body, headers=key())
    assert response.status_code == 201, response.text
    return dict(response.json())


def make_ids(admin: httpx2.Client, owner: httpx2.Client) -> dict[str, str]:
    """What the paths of CALLS name."""
    client = {"name": "Shop", "role": "integration", "channels": ["web"]}
    return {
        "order_id": make(admin, "/v1/orders", ORDER | {"order_id": str(uuid.uuid4())})["order_id"],
        "reservation_id": make(owner, "/v1/reservations", {"items": HELD})["reservation_id"],
        "client_id": make(admin, "/v1/clients", client)["client_id"],
    }


def make_spare(admin: httpx2.Client, path: str) -> str:
    """A new row of the catalog, of the kind that the path names."""
    spare = f"spare_{uuid.uuid4().hex[:8]}"
    collection, _, variable = path.rpartition("/")
    about = {"description": "Spare", "direction": "out"} if variable == "{reason_code}" else {"name": "Spare"}
    make(admin, collection, {variable.strip("{}"): spare} | about)
    return spare


def test_an_answer_with_a_member_that_is_not_described_is_noticed(shared_api: Api) -> None:
    answer = next(route.answer for route in ROUTES if route.path == "/v1/inventory/{sku_id}" and route.method == "GET")
    document = shared_api.client("admin").get("/v1/inventory/HOTSAUCE-001").json()
    msgspec.convert(document, answer)
    for at in (document, document["warehouses"][0], document["batches"][0]):
        at["surprise"] = 1
        with pytest.raises(msgspec.ValidationError, match="surprise"):
            msgspec.convert(document, answer)
        del at["surprise"]
