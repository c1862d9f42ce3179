"""Creates over HTTP the objects that the requests of tests/calls.py name."""

from __future__ import annotations

import uuid
from typing import Any

import httpx2

from tests.calls import BOUGHT, HELD, ORDER, REASON, SKU, SUPPLIER, Names, Request
from tests.http.conftest import key


def make(client: httpx2.Client, path: str, body: object) -> dict[str, Any]:
    response = client.post(path, json=body, headers=key())
    assert response.status_code == 201, response.text
    return dict(response.json())


def make_ids(admin: httpx2.Client, owner: httpx2.Client) -> Names:
    """Creates an order, an order of which a parcel was shipped, a reservation of the owner and a client."""
    placed = make(admin, "/v1/orders", {"customer": ORDER["customer"], "items": HELD})
    shipped = make(admin, f"/v1/orders/{placed['order_id']}/fulfillments", {"items": HELD})
    number = str(uuid.uuid4())
    client = {"name": "Shop", "role": "integration", "channels": ["web"]}
    return {
        "order_id": make(admin, "/v1/orders", ORDER | {"order_id": number})["order_id"],
        "external_id": number,
        "shipped_id": shipped["order_id"],
        "fulfillment_id": shipped["fulfillments"][0]["fulfillment_id"],
        "reservation_id": make(owner, "/v1/reservations", {"items": HELD})["reservation_id"],
        "withholding_id": make(
            admin,
            "/v1/inventory/withhold",
            {name: SKU[name] for name in ("sku_id", "warehouse_location", "batch_number")}
            | {"quantity": 2, "cause": "inspection"},
        )["withholding_id"],
        **make_purchases(admin),
        "client_id": make(admin, "/v1/clients", client)["client_id"],
    }


def make_purchases(admin: httpx2.Client) -> Names:
    """A draft, and a purchase that was ordered."""
    make(admin, "/v1/suppliers", SUPPLIER)
    drafted, ordered = (make(admin, "/v1/purchases", BOUGHT)["purchase_id"] for _ in range(2))
    response = admin.post(f"/v1/purchases/{ordered}/order", headers=key())
    assert response.status_code == 200, response.text
    return {"purchase_id": drafted, "ordered_id": ordered}


def make_room(admin: httpx2.Client, body: Any) -> list[str]:
    """Lets units move where the body of a reallocation sends them. Returns the warehouses of staff who may do that."""
    place = body["items"][0]["to_warehouse_location"]
    make(admin, "/v1/inventory", SKU | {"warehouse_location": place, "batch_number": "ROOM"})
    serving = admin.get("/v1/channels/web").json()["warehouses"]
    if place not in serving:
        assert admin.patch("/v1/channels/web", json={"warehouses": [*serving, place]}).status_code == 200
    return ["WH-01", place]


def make_spare(admin: httpx2.Client, request: Request) -> Names:
    """Creates a catalog row of the kind in the request's path, if the request needs one."""
    if not request.needs_spare:
        return {}
    spare = f"spare_{uuid.uuid4().hex[:8]}"
    collection, _, variable = request.path.rpartition("/")
    about = REASON if variable == "{reason_code}" else {"name": "Spare"}
    make(admin, collection, about | {variable.strip("{}"): spare})
    return {"spare": spare}
