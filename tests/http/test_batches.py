"""Lots and safety stock over HTTP."""

from __future__ import annotations

import httpx2

from tests.calls import SKU
from tests.http.conftest import Api, check_problem, key
from tests.http.orders import available

BATCHES = "/v1/inventory/HOTSAUCE-001/batches"


def test_a_recall_takes_a_batch_out_of_sale_and_says_so_in_the_list(
    stocked: httpx2.Client, warehouse: httpx2.Client, sales: httpx2.Client, api: Api
) -> None:
    url = f"{BATCHES}/BATCH-202404"
    dry = warehouse.patch(f"{url}?dry_run=true", json={"status": "recalled"})
    assert (dry.status_code, dry.json()["status"]) == (200, "recalled"), dry.text
    recalled = warehouse.patch(url, json={"status": "recalled", "note": "caps leak"}, headers={"if-match": '"1"'})
    assert (recalled.status_code, recalled.json()["version"]) == (200, 2), recalled.text
    assert available(stocked) == 0
    check_problem(warehouse.patch(url, json={"status": "available"}, headers={"if-match": '"1"'}), 412, "ST009")
    check_problem(stocked.patch(url, json={"status": "destroyed"}), 409, "ST018")
    check_problem(api.client("warehouse", warehouses=["WH-02"]).patch(url, json={"status": "available"}), 403, "ST017")
    for client in (sales, api.client("integration", channels=["web"])):
        check_problem(client.patch(url, json={"status": "available"}), 403, "RQ403")
    assert sales.get(BATCHES, params={"status": "recalled"}).json()["data"] == [recalled.json()]
    assert sales.get(BATCHES, params={"status": "available"}).json()["data"] == []
    check_problem(api.client("integration", channels=["web"]).get(BATCHES), 403, "RQ403")
    check_problem(warehouse.patch(url, json={"status": "available"}), 403, "ST019")
    assert stocked.patch(url, json={"status": "available"}).status_code == 200
    assert available(stocked) == 350
    order = [row["kind"] for row in stocked.get("/v1/inventory/HOTSAUCE-001/movements").json()["data"]]
    assert order == ["adjustment", "adjustment", "receipt"]


def test_a_batch_number_may_have_slashes_and_spaces(stocked: httpx2.Client) -> None:
    assert stocked.post("/v1/inventory", json=SKU | {"batch_number": "2024/04 b"}, headers=key()).status_code == 201
    changed = stocked.patch(f"{BATCHES}/2024%2F04%20b", json={"status": "on_hold"})
    assert (changed.status_code, changed.json()["batch_number"]) == (200, "2024/04 b"), changed.text
    pages = stocked.get(f"{BATCHES}?limit=1")
    assert [batch["batch_number"] for batch in pages.json()["data"]] == ["BATCH-202404"]
    assert stocked.get(pages.headers["link"].partition(">")[0].removeprefix("<")).json()["data"] == [changed.json()]


def test_a_batch_is_one_however_it_is_typed(stocked: httpx2.Client, warehouse: httpx2.Client) -> None:
    assert stocked.post("/v1/inventory", json=SKU | {"batch_number": "batch-202404\n"}, headers=key()).status_code == 201
    assert stocked.patch(f"{BATCHES}/batch-202404%20", json={"status": "recalled"}).json()["batch_number"] == "BATCH-202404"
    assert available(stocked) == 0
    for number in ("\u202eabc", "BATCH\u200b-202404"):
        problem = check_problem(warehouse.post("/v1/inventory", json=SKU | {"batch_number": number}, headers=key()), 422, "VA001")
        assert problem["errors"][0]["pointer"] == "/batch_number"


def test_the_dates_of_a_batch_are_the_admins(stocked: httpx2.Client, warehouse: httpx2.Client, api: Api) -> None:
    other = api.client("warehouse", warehouses=["WH-02"])
    stocked.put("/v1/warehouses/WH-02", json={"name": "Second"})
    new = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "batch_number": "NEXT", "expiration_date": "2099-12-31"}
    there = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-02", "batch_number": "NEXT", "expiration_date": "2027-06-30"}
    problem = check_problem(warehouse.post("/v1/inventory", json=new | {"stock": 0}, headers=key()), 403, "ST019")
    assert problem["errors"][0]["pointer"] == "/stock"
    assert warehouse.post("/v1/inventory", json=new | {"stock": 1}, headers=key()).status_code == 201
    problem = check_problem(other.post("/v1/inventory", json=there | {"stock": 100}, headers=key()), 409, "ST011")
    assert "last changed by warehouse" in problem["detail"]
    url, right = f"{BATCHES}/next", {"expiration_date": "2027-06-30", "reason_code": "data_entry_error", "note": "typed wrongly"}
    for client in (warehouse, other):
        assert client.patch(url, json=right).status_code == 403
    check_problem(stocked.patch(url, json={"reason_code": "other", "note": "x"}), 422, "RQ422")
    changed = stocked.patch(url, json=right, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.json()["expiration_date"], changed.json()["version"]) == (200, "2027-06-30", 2)
    assert other.post("/v1/inventory", json=there | {"stock": 100}, headers=key()).status_code == 201
    assert stocked.patch(url, json=right | {"expiration_date": None}).json()["expiration_date"] is None
    [row] = stocked.get("/v1/audit", params={"table": "stock.lots", "limit": 1}).json()["data"]
    assert (row["reason"], row["old"]["expiration_date"]) == ("data_entry_error: typed wrongly", "2027-06-30")


def test_a_warehouse_keeps_units_back(stocked: httpx2.Client, warehouse: httpx2.Client, sales: httpx2.Client) -> None:
    url, body = "/v1/inventory/HOTSAUCE-001/safety-stock", {"warehouse_location": "WH-01", "safety_stock": 50}
    kept = warehouse.put(url, json=body)
    assert (kept.status_code, kept.json()["available"]) == (200, 300), kept.text
    assert warehouse.put(url, json=body).json()["safety_stock"] == 50
    problem = check_problem(warehouse.put(url, json=body | {"safety_stock": 351}), 409, "ST001")
    assert (problem["errors"][0]["pointer"], problem["errors"][0]["available"]) == ("/safety_stock", 350)
    check_problem(warehouse.put(url, json=body | {"warehouse_location": "WH-02"}), 422, "ST003")
    check_problem(sales.put(url, json=body), 403, "RQ403")
    detail = stocked.get("/v1/inventory/HOTSAUCE-001", headers={"cache-control": "no-cache"}).json()
    assert detail["safety_stock"] == 50


def test_what_is_asked_wrongly_is_refused(shared_api: Api) -> None:
    client = shared_api.client("admin")
    check_problem(client.get("/v1/inventory/NO-SUCH/batches"), 404, "ST010")
    check_problem(client.get(f"{BATCHES}?status=lost"), 400, "RQ400")
    check_problem(client.get(f"{BATCHES}?cursor=abc"), 422, "VA001")
    for name in ("NO-SUCH", "a/b/c", "%00"):
        response = client.patch(f"{BATCHES}/{name}", json={"status": "recalled"})
        assert response.status_code == 404, response.text
    for body in ({}, {"status": "expired"}, {"status": None}, {"status": "recalled", "version": 1}):
        check_problem(client.patch(f"{BATCHES}/BATCH-202404", json=body), 422, "RQ422")
    for units in (-1, 1.5, "1", None, 2_000_000_000):
        kept = {"warehouse_location": "WH-01", "safety_stock": units}
        check_problem(client.put("/v1/inventory/HOTSAUCE-001/safety-stock", json=kept), 422, "RQ422")
