"""Transfers over HTTP: the steps, their headers, and what each role may do."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.calls import SKU
from tests.http.conftest import Api, key
from tests.http.samples import make, make_transfer

LOT = {"sku_id": SKU["sku_id"], "batch_number": SKU["batch_number"]}


def post(client: httpx2.Client, path: str, body: Any = None, **headers: str) -> httpx2.Response:
    return client.post(path, json=body, headers=key() | headers)


@pytest.fixture
def admin(api: Api) -> httpx2.Client:
    client = api.client("admin")
    make(client, "/v1/inventory", SKU)
    return client


def test_a_transfer_is_drafted_shipped_received_and_closed(admin: httpx2.Client) -> None:
    name = make_transfer(admin)
    path = f"/v1/transfers/{name}"
    read = admin.get(path)
    assert (read.headers["etag"], read.json()["status"]) == ('"1"', "draft")
    changed = admin.patch(path, json={"status": "ready", "note": "on the dock"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["status"]) == (200, '"2"', "ready")
    assert admin.patch(path, json={"note": "again"}, headers={"If-Match": '"1"'}).status_code == 412
    sent = post(admin, f"{path}/ship")
    assert (sent.status_code, sent.json()["in_transit"]) == (200, 4)
    assert admin.patch(path, json={"status": "draft"}).json()["code"] == "TR002"
    arrivals = {"items": [LOT | {"received": 2, "damaged": 1}]}
    once = key()
    for replayed in (None, "true"):
        got = admin.post(f"{path}/receipts", json=arrivals, headers=once)
        assert (got.status_code, got.json()["in_transit"], got.headers.get("idempotency-replayed")) == (200, 1, replayed)
    assert admin.post(f"{path}/receipts", json=arrivals).status_code == 428
    assert post(admin, f"{path}/receipts", arrivals).json()["code"] == "TR003"
    assert post(admin, f"{path}/close").json()["code"] == "TR004"
    ended = post(admin, f"{path}/close", {"rest": "lost", "reason_code": "shrinkage"})
    assert (ended.status_code, ended.json()["status"], ended.json()["lost"]) == (200, "received", 1)
    levels = admin.get(f"/v1/inventory/{SKU['sku_id']}").json()
    assert levels["incoming"] == 0


def test_lists_find_transfers_by_status_warehouse_and_sku(admin: httpx2.Client) -> None:
    first, second = (make_transfer(admin) for _ in range(2))
    post(admin, f"/v1/transfers/{first}/ship")
    post(admin, f"/v1/transfers/{second}/close")

    def found(**filters: str) -> list[str]:
        response = admin.get("/v1/transfers", params=filters)
        assert response.status_code == 200, response.text
        return [transfer["transfer_id"] for transfer in response.json()["data"] if transfer["transfer_id"] in (first, second)]

    assert found() == found(warehouse="WH-03") == found(sku="HOTSAUCE-001") == [second, first]
    assert found(open="true") == found(status="in_transit") == [first]
    assert found(open="false") == found(status="canceled") == [second]
    assert found(warehouse="WH-02") == found(sku="HOTSAUCE-999") == []
    assert admin.get("/v1/transfers", params={"status": "gone"}).status_code == 400


def test_a_dry_run_ships_nothing(admin: httpx2.Client) -> None:
    name = make_transfer(admin)
    dry = admin.post(f"/v1/transfers/{name}/ship?dry_run=true", headers=key())
    assert dry.json()["status"] == "in_transit"
    assert admin.get(f"/v1/transfers/{name}").json()["status"] == "draft"


@pytest.mark.parametrize(
    "body",
    [
        {"from_warehouse_location": "WH-01", "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]},
        {"from_warehouse_location": "WH-01", "to_warehouse_location": "WH-03", "items": []},
        {
            "from_warehouse_location": "WH-01",
            "to_warehouse_location": "WH-03",
            "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1.5}],
        },
        {
            "from_warehouse_location": "WH-01",
            "to_warehouse_location": "WH-03",
            "items": [{"sku_id": "HOTSAUCE-001", "quantity": 2**31}],
        },
        {
            "from_warehouse_location": "WH-01",
            "to_warehouse_location": "WH-03",
            "expected_on": "1 Nov",
            "items": [{"sku_id": "A", "quantity": 1}],
        },
    ],
)
def test_bad_drafts(admin: httpx2.Client, body: dict[str, Any]) -> None:
    assert post(admin, "/v1/transfers", body).status_code == 422


def test_roles_without_warehouses_have_no_transfers(api: Api, admin: httpx2.Client) -> None:
    name = make_transfer(admin)
    for role in ("sales", "integration"):
        client = api.client(role)
        assert client.get("/v1/transfers").status_code == 403
        assert post(client, f"/v1/transfers/{name}/ship").status_code == 403
