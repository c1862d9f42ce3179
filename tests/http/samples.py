"""Creates over HTTP the objects that the requests of tests/calls.py name."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

import httpx2

from tests.calls import BOUGHT, HELD, ORDER, REASON, SKU, SUPPLIER, Names, Request
from tests.http.conftest import key

LOST = [{"sku_id": "HOTSAUCE-003", "batch_numbers": ["LOST"]}]


def make(client: httpx2.Client, path: str, body: object) -> dict[str, Any]:
    response = client.post(path, json=body, headers=key())
    assert response.status_code == 201, response.text
    return dict(response.json())


def announce(admin: httpx2.Client) -> dict[str, Any]:
    """A return without an order, so that any number can be announced."""
    units = {"channel": "web", "warehouse_location": "WH-01", "items": HELD, "reason": "too hot", "note": "a gift"}
    return make(admin, "/v1/returns", units)


def make_ids(admin: httpx2.Client, owner: httpx2.Client) -> Names:
    """Creates an order, an order of which a parcel was shipped, a reservation of the owner and a client."""
    placed = make(admin, "/v1/orders", {"customer": ORDER["customer"], "items": HELD})
    shipped = make(admin, f"/v1/orders/{placed['order_id']}/fulfillments", {"items": HELD})
    number = str(uuid.uuid4())
    approved = announce(admin)
    assert admin.post(f"/v1/returns/{approved['return_id']}/approve", json={}).status_code == 200
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
        "recall_id": make_recall(admin),
        "drill_id": make(admin, "/v1/recall-drills", {"lots": LOST, "person": "Ada"})["drill_id"],
        "transfer_id": make_transfer(admin),
        "sent_id": make_sent(admin),
        **make_purchases(admin),
        "count_id": make_count(admin),
        "reviewed_id": make_reviewed(admin),
        "return_id": announce(admin)["return_id"],
        "approved_id": approved["return_id"],
        "client_id": make(admin, "/v1/clients", client)["client_id"],
    }


def make_count(admin: httpx2.Client) -> str:
    """Plans a count of a SKU; its counter may approve whatever he found."""
    plan = {
        "warehouse_location": SKU["warehouse_location"],
        "scope": "skus",
        "sku_ids": [SKU["sku_id"]],
        "tolerance_percent": 100,
    }
    return str(make(admin, "/v1/counts", plan)["count_id"])


def make_reviewed(admin: httpx2.Client) -> str:
    """A count of which every line is counted as expected."""
    name = make_count(admin)
    lines = admin.get(f"/v1/counts/{name}").json()["details"]
    entries = [{"sku_id": SKU["sku_id"], "batch_number": line["batch_number"], "counted": line["expected"]} for line in lines]
    entered = admin.post(f"/v1/counts/{name}/entries", json={"entries": entries})
    assert (entered.status_code, entered.json()["status"]) == (200, "review"), entered.text
    return name


def make_recall(admin: httpx2.Client) -> str:
    """Recalls a lot of which one unit was shipped and others are left."""
    lot = {"sku_id": "HOTSAUCE-003", "batch_number": f"R-{uuid.uuid4()}"}
    make(admin, "/v1/inventory", SKU | lot | {"name": "Recalled", "stock": 5})
    make(admin, "/v1/inventory", SKU | lot | {"name": "Recalled", "batch_number": "LOST"})
    placed = make(admin, "/v1/orders", {"customer": ORDER["customer"], "items": [{"sku_id": lot["sku_id"], "quantity": 1}]})
    make(
        admin,
        f"/v1/orders/{placed['order_id']}/fulfillments",
        {"items": [lot | {"quantity": 1, "reason_code": "could_not_locate"}]},
    )
    lots = [{"sku_id": lot["sku_id"], "batch_numbers": [lot["batch_number"]]}]
    return str(make(admin, "/v1/recalls", {"lots": lots, "person": "Ada"})["recall_id"])


def recovered(admin: httpx2.Client, recall_id: str) -> dict[str, Any]:
    """The body that notes a unit of the parcel of the recall."""
    [parcel] = admin.get(f"/v1/recalls/{recall_id}/parcels").json()["data"]
    return {"items": [{name: parcel[name] for name in ("fulfillment_id", "sku_id", "batch_number")} | {"quantity": 1}]}


def make_transfer(admin: httpx2.Client, *ends: str) -> str:
    """A draft from WH-01, or between these warehouses."""
    source, place = ends or ("WH-01", "WH-03")
    if admin.get(f"/v1/warehouses/{place}").status_code == HTTPStatus.NOT_FOUND:
        make(admin, "/v1/warehouses", {"warehouse_id": place, "name": place})
    items = [{"sku_id": SKU["sku_id"], "quantity": 4}]
    return str(
        make(admin, "/v1/transfers", {"from_warehouse_location": source, "to_warehouse_location": place, "items": items})[
            "transfer_id"
        ]
    )


def make_sent(admin: httpx2.Client) -> str:
    """A transfer to WH-01 that is in transit, with units of lot FAR."""
    make(admin, "/v1/inventory", SKU | {"warehouse_location": "WH-03", "batch_number": "FAR", "stock": 4})
    sent = make_transfer(admin, "WH-03", "WH-01")
    response = admin.post(f"/v1/transfers/{sent}/ship", headers=key())
    assert response.status_code == HTTPStatus.OK, response.text
    return sent


def make_purchases(admin: httpx2.Client) -> Names:
    """A draft, and a purchase that was ordered."""
    if admin.get(f"/v1/suppliers/{SUPPLIER['supplier_id']}").status_code == HTTPStatus.NOT_FOUND:
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
