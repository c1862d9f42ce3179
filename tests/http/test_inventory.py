"""Stock over HTTP: receive, read, adjust, count and explain."""

from __future__ import annotations

import httpx2

from tests.calls import SECOND_SKU, SKU
from tests.http.conftest import Api, check_problem, key
from tests.http.orders import available


def adjust(client: httpx2.Client, **changes: object) -> httpx2.Response:
    body = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "delta": -5, "reason_code": "damaged"} | changes
    return client.post("/v1/inventory/adjust", json=body, headers=key())


def test_the_sample_object_goes_in_and_comes_back_with_its_names_and_types(admin: httpx2.Client) -> None:
    response = admin.post("/v1/inventory", json=SKU, headers=key())
    assert response.status_code == 201, response.text
    assert response.headers["location"] == "/v1/inventory/HOTSAUCE-001"
    received = response.json()
    assert {name: received.get(name) for name in SKU} == SKU

    detail = admin.get("/v1/inventory/HOTSAUCE-001").json()
    plain = ("sku_id", "name", "description", "size_ml", "flavor_profile", "price", "stock")
    assert {name: detail[name] for name in plain} == {name: SKU[name] for name in plain}
    (batch,) = detail["batches"]
    names = ("warehouse_location", "batch_number", "expiration_date", "stock")
    assert {name: batch[name] for name in names} == {name: SKU[name] for name in names}
    (place,) = detail["warehouses"]
    assert (place["warehouse_location"], place["stock"], place["available"]) == ("WH-01", 350, 350)


def test_money_comes_back_exactly(admin: httpx2.Client) -> None:
    for number, price in enumerate(("0", "0.10", "12.90", "9999999.99")):
        body = f'{{"sku_id":"M-{number}","name":"Money","price":{price}}}'
        response = admin.post("/v1/skus", content=body, headers={"content-type": "application/json"})
        assert response.status_code == 201, response.text
        text = admin.get(f"/v1/inventory/M-{number}").text.replace(" ", "")
        assert f'"price":{float(price):.2f}' in text or f'"price":{float(price):g}' in text


def test_the_list_shows_each_sku_with_its_warehouses(stocked: httpx2.Client) -> None:
    body = stocked.get("/v1/inventory").json()
    assert [item["sku_id"] for item in body["data"]] == ["HOTSAUCE-001", "HOTSAUCE-002"]
    assert body["next_cursor"] is None
    assert [place["stock"] for place in body["data"][0]["warehouses"]] == [350]


def test_filters_choose_skus(stocked: httpx2.Client) -> None:
    def found(**params: str) -> list[str]:
        response = stocked.get("/v1/inventory", params=params)
        assert response.status_code == 200, response.text
        return [item["sku_id"] for item in response.json()["data"]]

    assert found(sku_id="HOTSAUCE-002") == ["HOTSAUCE-002"]
    assert found(q="mango") == ["HOTSAUCE-002"]
    assert found(q="100%") == []
    assert found(q="SAUCE MANG\u00d3") == ["HOTSAUCE-002"]
    assert found(warehouse="WH-01") == ["HOTSAUCE-001", "HOTSAUCE-002"]
    assert found(warehouse="WH-99") == []
    assert found(low_stock="false") == ["HOTSAUCE-001", "HOTSAUCE-002"]
    assert found(low_stock="true") == []
    assert found(expiring_before="2035-05-01") == ["HOTSAUCE-001", "HOTSAUCE-002"]
    assert found(expiring_before="2030-01-01") == []


def test_the_summary_has_a_line_for_each_warehouse(stocked: httpx2.Client) -> None:
    body = stocked.get("/v1/inventory/warehouses").json()
    (line,) = body["data"]
    assert line["warehouse_location"] == "WH-01"
    assert line["stock"] == 700


def test_an_adjustment_changes_the_stock_and_its_movement_says_why(stocked: httpx2.Client) -> None:
    response = adjust(stocked, note="dropped a case", batch_number="BATCH-202404")
    assert response.status_code == 201, response.text
    assert available(stocked) == 345
    movements = stocked.get("/v1/inventory/HOTSAUCE-001/movements").json()["data"]
    found = stocked.get("/v1/inventory/HOTSAUCE-001/movements", params={"kind": "receipt"}).json()["data"]
    assert found == [movement for movement in movements if movement["kind"] == "receipt"]
    assert stocked.get("/v1/inventory/HOTSAUCE-001/movements", params={"kind": "nothing"}).status_code == 400
    newest = movements[0]
    assert newest["reason_code"] == "damaged"
    assert newest["note"] == "dropped a case"
    assert newest["actor"] == "admin"


def test_an_adjustment_is_guarded_by_the_quantity_that_was_seen_and_not_by_an_etag(stocked: httpx2.Client) -> None:
    body = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "delta": -5, "reason_code": "damaged"}
    response = stocked.post("/v1/inventory/adjust", json=body, headers=key() | {"if-match": '"999"'})
    assert "change_from_quantity" in check_problem(response, 400, "RQ400")["detail"]
    check_problem(adjust(stocked, change_from_quantity=349), 409, "ST008")
    assert available(stocked) == 350


def test_an_adjustment_below_zero_is_refused_with_the_figures(stocked: httpx2.Client) -> None:
    problem = check_problem(adjust(stocked, delta=-351), 409, "ST001")
    (error,) = problem["errors"]
    assert error["available"] == 350
    assert available(stocked) == 350


def test_a_broken_unit_that_was_promised_is_written_off_and_its_order_moves(stocked: httpx2.Client) -> None:
    """Count below what is promised, look for the orders, move a promise by hand."""
    far = {**SKU, "warehouse_location": "WH-02", "batch_number": "SECOND", "stock": 1}
    assert stocked.post("/v1/inventory", json=far, headers=key()).status_code == 201
    assert stocked.patch("/v1/channels/web", json={"warehouses": ["WH-01", "WH-02"]}).status_code == 200
    draft = {"channel": "web", "customer": {"name": "T"}, "items": [{"sku_id": "HOTSAUCE-001", "quantity": 350}]}
    order = stocked.post("/v1/orders", json=draft, headers=key()).json()
    lost = adjust(stocked, delta=-2, reason_code="damaged")
    assert lost.status_code == 201, lost.text
    assert {name: lost.json()[name] for name in ("stock", "committed", "available", "shortfall")} == {
        "stock": 348, "committed": 348, "available": 0, "shortfall": 0,
    }  # fmt: skip
    [short] = stocked.get("/v1/orders?short=true").json()["data"]
    assert short["order_id"] == order["order_id"]
    assert [(part["quantity"], part["lost_at"] is not None) for part in short["backorders"]] == [(1, True)]
    assert stocked.get("/v1/orders?short=false").json()["data"] == []
    item = {"sku_id": "HOTSAUCE-001", "quantity": 1, "from_warehouse_location": "WH-02", "to_warehouse_location": "WH-01"}
    path = f"/v1/orders/{order['order_id']}/reallocate"
    check_problem(stocked.post(path, json={"items": [item]}, headers=key()), 409, "ST001")
    check_problem(stocked.post(path, json={"items": [item | {"to_warehouse_location": "WH-02"}]}, headers=key()), 409, "OR018")
    check_problem(stocked.post(path, json={"items": []}, headers=key()), 422, "RQ422")
    assert stocked.post("/v1/inventory", json={**SKU, "stock": 2}, headers=key()).status_code == 201
    one = key()
    moved = [stocked.post(path, json={"items": [item], "reason": "too far"}, headers=one) for _ in range(2)]
    assert [answer.status_code for answer in moved] == [200, 200], moved[0].text
    assert moved[0].json() == moved[1].json()
    assert moved[0].json()["backorders"] == []
    assert stocked.get("/v1/inventory/HOTSAUCE-001").json()["shortfall"] == 0


def test_units_are_written_off_from_the_lots_that_the_reason_means(admin: httpx2.Client) -> None:
    """Expired and recalled units leave the books, and good ones stay."""
    lots = [("old", "2026-11-01", "T"), ("new", "2037-11-01", "T"), ("bad", "2037-01-01", "U"), ("good", "2037-11-01", "U")]
    for batch, day, sku in lots:
        receipt = {"sku_id": sku, "name": sku, "warehouse_location": "WH-01", "stock": 5, "batch_number": batch}
        made = admin.post("/v1/inventory", json=receipt | {"expiration_date": day}, headers=key())
        assert made.status_code == 201, made.text
    recalled = admin.patch("/v1/inventory/U/batches/bad", json={"status": "recalled", "note": "x"})
    assert recalled.status_code == 200, recalled.text
    for sku, reason, batch in (("T", "expired", "old"), ("U", "recalled", "bad")):
        answer = adjust(admin, sku_id=sku, delta=-2, reason_code=reason)
        assert answer.status_code == 201, answer.text
        assert answer.json()["batches"] == [{"batch_number": batch, "delta": -2, "stock": 3}]
        assert (answer.json()["available"], answer.json()["unavailable"]) == (5, 3)
        left = admin.get(f"/v1/inventory/{sku}").json()["batches"]
        assert {one["batch_number"]: one["stock"] for one in left if one["stock"] != 5} == {batch: 3}
        problem = check_problem(adjust(admin, sku_id=sku, delta=-2, reason_code="damaged"), 422, "ST015")
        assert {"batch_number": batch, "status": {"T": "expired", "U": "recalled"}[sku], "stock": 3} in problem["errors"][0][
            "candidates"
        ]
        assert "promised" not in check_problem(adjust(admin, sku_id=sku, delta=-4, reason_code=reason), 409, "ST001")["detail"]
        check_problem(adjust(admin, sku_id=sku, reason_code=reason, batch_number={"T": "new", "U": "good"}[sku]), 422, "ST020")
    counted = admin.put(
        "/v1/inventory/T", json={"warehouse_location": "WH-01", "stock": 7, "change_from_quantity": 8}, headers=key()
    )
    check_problem(counted, 422, "ST015")


def test_adjustments_in_a_list_have_a_result_each(stocked: httpx2.Client) -> None:
    base = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "delta": -5, "reason_code": "damaged"}
    bodies = [base, base | {"delta": -1000}, base | {"sku_id": "NO-SUCH"}, base | {"reason_code": "other"}, base]
    response = stocked.post("/v1/inventory/adjust", json=bodies, headers=key())
    assert response.status_code == 207, response.text
    results = response.json()["results"]
    assert [result["status"] for result in results] == [201, 409, 422, 422, 201]
    assert [result["problem"]["code"] for result in results[1:4]] == ["ST001", "ST002", "ST005"]
    assert results[1]["problem"]["errors"][0]["pointer"].startswith("/1/")
    assert available(stocked) == 340


def test_in_a_list_one_bad_receipt_does_not_harm_the_others(stocked: httpx2.Client) -> None:
    bodies = [
        SKU | {"batch_number": "B-1", "manufactured_on": "2036-01-01"},
        SKU | {"batch_number": "B-2", "warehouse_location": "WH-02"},
        SKU | {"expiration_date": "2034-01-01"},
        SKU | {"batch_number": "B-3", "reason_code": "damaged"},
        SKU | {"batch_number": "B-4"},
    ]
    response = stocked.post("/v1/inventory", json=bodies, headers=key())
    assert response.status_code == 207, response.text
    results = response.json()["results"]
    assert [result["status"] for result in results] == [422, 201, 409, 422, 201]
    assert [results[number]["problem"]["code"] for number in (0, 2, 3)] == ["VA001", "ST011", "ST006"]


def test_a_count_of_nothing_where_nothing_ever_was_is_answered_with_zeros(stocked: httpx2.Client) -> None:
    assert stocked.post("/v1/warehouses", json={"warehouse_id": "WH-09", "name": "New"}).status_code == 201
    count = {"warehouse_location": "WH-09", "stock": 0, "change_from_quantity": 0}
    response = stocked.put("/v1/inventory/HOTSAUCE-001", json=count)
    assert response.status_code == 200, response.text
    level = response.json()
    assert (level["warehouse_location"], level["stock"], level["available"], level["version"]) == ("WH-09", 0, 0, 0)


def test_a_list_of_receipts_makes_all_of_them(admin: httpx2.Client) -> None:
    bodies = [SKU | {"sku_id": f"S-{number:04}", "batch_number": f"B-{number}"} for number in range(1000)]
    response = admin.post("/v1/inventory", json=bodies, headers=key())
    assert response.status_code == 207, response.text
    assert {result["status"] for result in response.json()["results"]} == {201}
    assert admin.get("/v1/inventory/warehouses").json()["data"][0]["stock"] == 350_000


def test_a_count_needs_to_say_what_was_seen(stocked: httpx2.Client) -> None:
    body = {"warehouse_location": "WH-01", "stock": 300, "batch_number": "BATCH-202404"}
    check_problem(stocked.put("/v1/inventory/HOTSAUCE-001", json=body), 428, "RQ428")
    response = stocked.put("/v1/inventory/HOTSAUCE-001", json=body | {"change_from_quantity": 350})
    assert response.status_code == 200, response.text
    assert available(stocked) == 300
    check_problem(stocked.put("/v1/inventory/HOTSAUCE-001", json=body | {"change_from_quantity": 350}), 409, "ST008")


def test_an_unknown_sku_in_the_path_is_not_found(stocked: httpx2.Client) -> None:
    base = {"warehouse_location": "WH-01"}
    bodies = {"": base | {"stock": 1, "change_from_quantity": 1}, "/safety-stock": base | {"safety_stock": 1}}
    for path, body in bodies.items():
        problem = check_problem(stocked.put(f"/v1/inventory/NO-SUCH{path}", json=body), 404, "ST010")
        assert "NO-SUCH" in problem["detail"]
        assert [error["pointer"] for error in problem["errors"]] == [""]
    adjustment = base | {"sku_id": "NO-SUCH", "delta": 1, "reason_code": "found"}
    problem = check_problem(stocked.post("/v1/inventory/adjust", json=adjustment, headers=key()), 422, "ST002")
    assert [error["pointer"] for error in problem["errors"]] == ["/sku_id"]


def test_a_count_with_the_etag_that_was_seen_is_made_once(stocked: httpx2.Client) -> None:
    tag = stocked.get("/v1/inventory/HOTSAUCE-001").headers["etag"]
    body = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "stock": 300, "batch_number": "BATCH-202404"}
    response = stocked.put("/v1/inventory/HOTSAUCE-001", json=body, headers={"if-match": tag})
    assert response.status_code == 200, response.text
    assert available(stocked) == 300
    again = stocked.put("/v1/inventory/HOTSAUCE-001", json=body | {"stock": 299}, headers={"if-match": tag})
    check_problem(again, 412, "ST009")
    assert available(stocked) == 300


def test_a_read_with_the_etag_that_is_current_is_a_304(stocked: httpx2.Client) -> None:
    response = stocked.get("/v1/inventory/HOTSAUCE-001")
    tag = response.headers["etag"]
    for value in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = stocked.get("/v1/inventory/HOTSAUCE-001", headers={"if-none-match": value})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert stocked.get("/v1/inventory/HOTSAUCE-001", headers={"if-none-match": '"x"'}).status_code == 200
    assert adjust(stocked, batch_number="BATCH-202404").status_code == 201
    changed = stocked.get("/v1/inventory/HOTSAUCE-001", headers={"if-none-match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_a_batch_that_has_expired_is_on_hand_but_not_available(admin: httpx2.Client) -> None:
    response = admin.post("/v1/inventory", json=SKU | {"expiration_date": "2020-01-01"}, headers=key())
    assert response.status_code == 201, response.text
    detail = admin.get("/v1/inventory/HOTSAUCE-001").json()
    assert (detail["stock"], detail["available"]) == (350, 0)
    assert detail["batches"][0]["status"] == "expired"


def test_staff_work_in_their_own_warehouses_only(stocked: httpx2.Client, warehouse: httpx2.Client, api: Api) -> None:
    assert adjust(warehouse, batch_number="BATCH-202404").status_code == 201
    elsewhere = api.client("warehouse", warehouses=["WH-02"])
    response = adjust(elsewhere, batch_number="BATCH-202404")
    check_problem(response, 422, "ST003")
    nowhere = api.client("warehouse")
    assert nowhere.get("/v1/inventory").status_code == 200
    check_problem(adjust(nowhere), 422, "ST003")
    assert available(stocked) == 345


def test_sales_may_not_change_stock(stocked: httpx2.Client, sales: httpx2.Client, integration: httpx2.Client) -> None:
    for client in (sales, integration):
        check_problem(adjust(client), 403, "RQ403")
        check_problem(client.post("/v1/inventory", json=SKU, headers=key()), 403, "RQ403")
        body = {"warehouse_location": "WH-01", "stock": 1, "change_from_quantity": 350}
        check_problem(client.put("/v1/inventory/HOTSAUCE-001", json=body), 403, "RQ403")
        check_problem(client.get("/v1/inventory/HOTSAUCE-001/movements"), 403, "RQ403")


def test_an_integration_sees_what_is_available_and_no_more(stocked: httpx2.Client, integration: httpx2.Client) -> None:
    detail = integration.get("/v1/inventory/HOTSAUCE-001").json()
    assert detail["stock"] == detail["available"] == 350
    assert {"committed", "reserved", "batches"} & {name for name, value in detail.items() if value} == set()


def test_pages_hold_together(admin: httpx2.Client) -> None:
    bodies = [SKU | {"sku_id": f"S-{number:02}", "batch_number": f"B-{number}"} for number in range(25)]
    assert admin.post("/v1/inventory", json=bodies, headers=key()).status_code == 207
    seen, url, pages = [], "/v1/inventory?limit=10&q=ghost%20pepper", 0
    while url:
        response = admin.get(url)
        assert response.status_code == 200, response.text
        seen += [item["sku_id"] for item in response.json()["data"]]
        pages += 1
        link = response.links.get("next", {})
        assert bool(link) == (response.json()["next_cursor"] is not None)
        url = link.get("url", "")
    assert (seen, pages) == ([f"S-{number:02}" for number in range(25)], 3)


def test_head_is_get_without_the_body(stocked: httpx2.Client) -> None:
    for path in ("/v1/inventory", "/v1/inventory/HOTSAUCE-001", "/healthz"):
        got, head = stocked.get(path), stocked.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(got.content))


def test_an_answer_is_not_stored_by_caches(stocked: httpx2.Client) -> None:
    assert stocked.get("/v1/inventory").headers["cache-control"] == "no-store"
    assert stocked.get("/v1/nothing").headers["cache-control"] == "no-store"


def test_the_lot_number_is_another_name_for_the_batch_number(admin: httpx2.Client) -> None:
    body = {name: value for name, value in SECOND_SKU.items() if name != "batch_number"} | {"lot_number": "LOT-7"}
    assert admin.post("/v1/inventory", json=body, headers=key()).status_code == 201
    assert admin.get("/v1/inventory/HOTSAUCE-002").json()["batches"][0]["batch_number"] == "LOT-7"


def test_the_catalog_is_the_admins(stocked: httpx2.Client, warehouse: httpx2.Client, integration: httpx2.Client) -> None:
    bodies: dict[str, dict[str, object]] = {
        "/v1/skus": {"sku_id": "NEW", "name": "New"},
        "/v1/channels": {"channel_id": "pos", "name": "Till", "kind": "pos", "pricing": "channel", "region_id": 1},
        "/v1/warehouses": {"warehouse_id": "WH-02", "name": "Second", "region_id": 1},
    }
    for path, body in bodies.items():
        for client in (warehouse, integration):
            check_problem(client.post(path, json=body), 403, "RQ403")
        response = stocked.post(path, json=body)
        assert response.status_code == 201, response.text
        assert {name: response.json()[name] for name in body} == body
        assert stocked.post(path, json=[body, body | {"name": "Again"}]).status_code == 207
