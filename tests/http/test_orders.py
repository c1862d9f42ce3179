"""Orders over HTTP: place, read, cancel and fulfill; a key acts once; a dry run changes nothing."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg import sql

from tests.calls import ORDER, SKU
from tests.http.conftest import Api, check_problem, key, run_server, stock_up
from tests.http.orders import available, but, document, lines, place


def test_the_sample_order_goes_in_and_comes_back_with_its_names_and_types(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    response = place(sales)
    assert response.status_code == 201, response.text
    order = response.json()
    assert order["external_id"] == "ORD-123456"
    assert order["created_at"].startswith("2024-06-01T13:45:30")
    assert {name: order[name] for name in ("customer", "total_price", "status")} == {
        name: ORDER[name] for name in ("customer", "total_price", "status")
    }
    more: dict[str, Any] = {"amount": None, "fulfilled": 0, "canceled": 0, "components": [], "address": None}
    assert order["items"] == [{**line, **more} for line in ORDER["items"]]  # type: ignore[attr-defined]
    assert response.headers["location"] == f"/v1/orders/{order['order_id']}"
    assert available(stocked) == 347

    for order_id in (order["order_id"], "ORD-123456"):
        again = sales.get(f"/v1/orders/{order_id}")
        assert again.status_code == 200, again.text
        assert {name: value for name, value in again.json().items() if name not in ("timeline", "return_status")} == order
        tag = again.headers["etag"]
        assert sales.get(f"/v1/orders/{order_id}", headers={"if-none-match": tag}).status_code == 304


def test_the_total_is_computed(stocked: httpx2.Client) -> None:
    assert place(stocked, but(total_price=None)).json()["total_price"] == 49.96
    check_problem(place(stocked, but(total_price=49.95)), 422, "OR007")


def test_a_price_that_has_changed_is_a_409_with_the_current_one(stocked: httpx2.Client) -> None:
    body = but(items=[{"sku_id": "HOTSAUCE-001", "quantity": 3, "price": 11.99}], total_price=None)
    problem = check_problem(place(stocked, body), 409, "OR001")
    assert problem["errors"][0]["pointer"] == "/items/0/price"
    assert "12.99" in str(problem["errors"][0])


def test_a_shortage_is_a_409_that_names_sku_requested_and_available(stocked: httpx2.Client) -> None:
    problem = check_problem(place(stocked, lines(999_999)), 409, "ST001")
    (error,) = problem["errors"]
    assert (error["sku_id"], error["requested"], error["available"]) == ("HOTSAUCE-001", 999_999, 350)
    assert available(stocked) == 350


def test_one_sku_on_two_lines_is_summed_before_the_check(stocked: httpx2.Client) -> None:
    line = {"sku_id": "HOTSAUCE-001", "quantity": 200}
    check_problem(place(stocked, but(items=[line, line], total_price=None)), 409, "ST001")
    assert available(stocked) == 350


def test_an_unknown_sku_is_a_422_with_its_place(stocked: httpx2.Client) -> None:
    body = but(items=[*ORDER["items"], {"sku_id": "NO-SUCH", "quantity": 1}], total_price=None)  # type: ignore[misc]
    problem = check_problem(place(stocked, body), 422, "ST002")
    assert problem["errors"][0]["pointer"] == "/items/2/sku_id"


def test_an_order_from_the_future_is_a_4xx(stocked: httpx2.Client) -> None:
    response = place(stocked, but(created_at="2199-01-01T00:00:00Z"))
    assert response.status_code == 422, response.text
    check_problem(response, 422, response.json()["code"])


def test_the_same_number_twice_is_a_duplicate(stocked: httpx2.Client) -> None:
    assert place(stocked).status_code == 201
    check_problem(place(stocked), 409, "OR005")
    assert available(stocked) == 347


def test_a_canceled_order_gives_its_stock_back_once(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    order_id = place(sales).json()["order_id"]
    response = sales.put(f"/v1/orders/{order_id}/cancel")
    assert response.status_code == 200, response.text
    assert response.json()["status"] == "canceled"
    assert available(stocked) == 350
    again = sales.put(f"/v1/orders/{order_id}/cancel", json={"reason": "again"})
    assert again.status_code in (200, 409)
    assert available(stocked) == 350


def test_an_order_is_fulfilled_in_parts(stocked: httpx2.Client, warehouse: httpx2.Client) -> None:
    order_id = place(stocked).json()["order_id"]
    part = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}], "tracking_number": "T-1"}
    response = warehouse.post(f"/v1/orders/{order_id}/fulfillments", json=part, headers=key())
    assert response.status_code == 201, response.text
    assert stocked.get(f"/v1/orders/{order_id}").json()["fulfillment_status"] == "partially_fulfilled"
    rest = warehouse.post(f"/v1/orders/{order_id}/fulfillments", json={}, headers=key())
    assert rest.status_code == 201, rest.text
    order = stocked.get(f"/v1/orders/{order_id}").json()
    assert (order["fulfillment_status"], order["status"]) == ("fulfilled", "completed")
    assert stocked.get("/v1/inventory/HOTSAUCE-001").json()["stock"] == 347
    check_problem(stocked.put(f"/v1/orders/{order_id}/cancel"), 409, "OR003")
    check_problem(warehouse.post(f"/v1/orders/{order_id}/fulfillments", json={}, headers=key()), 409, "OR004")


def test_a_new_order_is_processing_or_pending(stocked: httpx2.Client) -> None:
    for status in ("on_hold", "paid"):
        problem = check_problem(place(stocked, ORDER | {"status": status}), 422, "RQ422")
        assert problem["errors"][0]["pointer"] == "/status"
        assert "processing" in problem["errors"][0]["detail"]
    for status in ("processing", "pending"):
        assert place(stocked, ORDER | {"status": status, "order_id": f"A-{status}"}).json()["status"] == status


def test_an_unpaid_order_waits_for_its_payment(stocked: httpx2.Client, sales: httpx2.Client, warehouse: httpx2.Client) -> None:
    for minutes in (0, 43201, 1.5, "60"):
        problem = check_problem(stocked.patch("/v1/channels/web", json={"unpaid_minutes": minutes}), 422, "RQ422")
        assert problem["errors"][0]["pointer"] == "/unpaid_minutes"
    assert stocked.patch("/v1/channels/web", json={"unpaid_minutes": 90}).json()["unpaid_minutes"] == 90
    placed = place(sales, ORDER | {"status": "pending", "created_at": datetime.now(UTC).isoformat()}).json()
    kept = datetime.fromisoformat(placed["unpaid_until"]) - datetime.fromisoformat(placed["created_at"])
    assert (placed["status"], round(kept / timedelta(minutes=1))) == ("pending", 90)
    path = f"/v1/orders/{placed['order_id']}"
    check_problem(warehouse.post(f"{path}/fulfillments", json={}, headers=key()), 409, "OR013")
    check_problem(warehouse.post(f"{path}/confirm", json={}), 403, "RQ403")
    check_problem(sales.post(f"{path}/hold", json={}), 422, "RQ422")
    held = sales.post(f"{path}/hold", json={"reason": "address?"}, headers={"if-match": '"1"'})
    assert (held.status_code, held.headers["etag"], held.json()["status"]) == (200, '"2"', "on_hold")
    assert [one["order_id"] for one in sales.get("/v1/orders?status=on_hold").json()["data"]] == [placed["order_id"]]
    check_problem(sales.post(f"{path}/release", json={}, headers={"if-match": '"1"'}), 412, "ST009")
    assert sales.post(f"{path}/release").json()["held_from"] is None
    assert [one["order_id"] for one in sales.get("/v1/orders?status=pending").json()["data"]] == [placed["order_id"]]
    assert sales.post(f"{path}/confirm?dry_run=true").json()["status"] == "processing"
    confirmed = sales.post(f"{path}/confirm", json={"reason": "paid"}).json()
    assert (confirmed["status"], confirmed["unpaid_until"], confirmed["status_change"]["reason"]) == ("processing", None, "paid")
    assert document(sales, path) == confirmed
    assert warehouse.post(f"{path}/fulfillments", json={}, headers=key()).json()["status"] == "completed"
    check_problem(sales.post(f"{path}/hold", json={"reason": "late"}), 409, "OR014")


def test_orders_are_found_by_date_customer_status_and_sku(stocked: httpx2.Client) -> None:
    first = place(stocked).json()["order_id"]
    other = {"name": "John Roe", "email": "john@example.com", "address": "1 Mild Rd"}
    second = place(stocked, lines(1, created_at="2024-07-01T00:00:00Z", customer=other)).json()["order_id"]
    stocked.put(f"/v1/orders/{second}/cancel")

    def found(**params: str) -> set[str]:
        response = stocked.get("/v1/orders", params=params)
        assert response.status_code == 200, response.text
        return {order["order_id"] for order in response.json()["data"]}

    assert found() == {first, second}
    assert found(**{"from": "2024-06-15"}) == {second}
    assert found(to="2024-06-15") == {first}
    assert found(**{"from": "2024-06-01T13:45:30Z", "to": "2024-06-30T00:00:00+02:00"}) == {first}
    assert found(customer="Jane Doe") == {first}
    assert found(customer="JOHN@example.com") == {second}
    assert found(status="canceled") == {second}
    assert found(sku="HOTSAUCE-002") == {first}
    assert found(customer="Nobody") == set()


def test_an_order_number_with_slashes_is_addressed_encoded(stocked: httpx2.Client) -> None:
    order = ORDER | {"order_id": "2026/11/0001"}
    placed = stocked.post("/v1/orders", json=order, headers=key()).json()
    path = "/v1/orders/2026%2F11%2F0001"
    assert stocked.get(path).json()["order_id"] == placed["order_id"]
    assert stocked.patch(path, json={"note": "x"}).status_code == 200
    line = ORDER["items"][0]  # type: ignore[index]
    parcel = {"items": [{"sku_id": line["sku_id"], "quantity": 1}]}
    assert stocked.post(f"{path}/fulfillments", json=parcel, headers=key()).status_code == 201
    assert stocked.put(f"{path}/cancel", json={}).status_code == 200
    check_problem(stocked.get("/v1/orders/2026/11/0001"), 404, "RQ404")


def test_an_order_of_another_channel_is_a_404(stocked: httpx2.Client, sales: httpx2.Client, api: Api) -> None:
    order_id = place(sales).json()["order_id"]
    for client in (api.client("sales", channels=["pos"]), api.client("integration", channels=["pos"]), api.client("sales")):
        check_problem(client.get(f"/v1/orders/{order_id}"), 404, "OR002")
        check_problem(client.get("/v1/orders/ORD-123456"), 404, "OR002")
        check_problem(client.put(f"/v1/orders/{order_id}/cancel"), 404, "OR002")
        listed = client.get("/v1/orders")
        assert listed.status_code == 200, listed.text
        assert listed.json()["data"] == []
    assert available(stocked) == 347


def test_staff_read_the_orders_of_their_warehouse_without_the_email(
    stocked: httpx2.Client, warehouse: httpx2.Client, api: Api
) -> None:
    order_id = place(stocked).json()["order_id"]
    order = warehouse.get(f"/v1/orders/{order_id}").json()
    assert "jane@example.com" not in str(order)
    assert order["customer"]["address"] == "123 Hot St, Spicetown, USA"
    check_problem(api.client("warehouse", warehouses=["WH-02"]).get(f"/v1/orders/{order_id}"), 404, "OR002")
    check_problem(place(warehouse), 403, "RQ403")


@pytest.mark.parametrize("quoted", [False, True])
def test_a_key_acts_once_and_the_repeat_gets_the_same_answer(stocked: httpx2.Client, quoted: bool) -> None:
    headers = {"idempotency-key": '"my key"' if quoted else "my key"}
    first = place(stocked, **headers)
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    again = place(stocked, **headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    bare = place(stocked, **{"idempotency-key": "my key"})
    assert bare.headers["idempotency-replayed"] == "true"
    assert available(stocked) == 347
    check_problem(place(stocked, but(note="other"), **headers), 422, "ID001")


def test_a_key_belongs_to_its_caller_and_route(stocked: httpx2.Client, api: Api) -> None:
    headers = {"idempotency-key": "shared"}
    assert place(stocked, lines(1), **headers).status_code == 201
    other = api.client("sales", subject="somebody else", channels=["web"])
    response = place(other, lines(2), **headers)
    assert response.status_code == 201, response.text
    assert "idempotency-replayed" not in response.headers
    assert stocked.post("/v1/inventory", json=SKU, headers=headers).status_code == 201
    assert available(stocked) == 350 - 3 + 350


def test_a_key_of_255_characters_acts_also_for_a_list(stocked: httpx2.Client) -> None:
    headers = {"idempotency-key": "k" * 255}
    for _ in range(2):
        response = place(stocked, [lines(1), lines(2)], **headers)
        assert response.status_code == 207, response.text
        assert [result["status"] for result in response.json()["results"]] == [201, 201]
    assert response.headers["idempotency-replayed"] == "true"
    assert available(stocked) == 347


def test_a_refusal_does_not_use_up_its_key(stocked: httpx2.Client) -> None:
    headers = {"idempotency-key": "later"}
    check_problem(place(stocked, lines(400), **headers), 409, "ST001")
    assert stocked.post("/v1/inventory", json=SKU | {"stock": 100}, headers=key()).status_code == 201
    assert place(stocked, lines(400), **headers).status_code == 201


def test_each_key_of_many_at_once_acts_once(stocked: httpx2.Client, api: Api) -> None:
    def go(number: int) -> httpx2.Response:
        return place(stocked, lines(1), **{"idempotency-key": f"k-{number % 10}"})

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(go, range(80)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"ID002"}
    assert len({answer.json()["order_id"] for answer in answers if answer.status_code == 201}) == 10
    assert available(stocked) == 340


def test_in_a_list_one_bad_order_does_not_harm_the_others(stocked: httpx2.Client) -> None:
    response = place(stocked, [lines(100), lines(300), lines(100), lines(1, channel="nowhere"), lines(150)])
    assert response.status_code == 207
    results = response.json()["results"]
    assert [result["status"] for result in results] == [201, 409, 201, 422, 201]
    assert results[1]["problem"]["errors"][0]["pointer"].startswith("/1/items/0")
    assert results[3]["problem"]["code"] == "OR008"
    assert available(stocked) == 0


def test_a_dry_run_gives_the_same_answer_and_keeps_nothing(stocked: httpx2.Client) -> None:
    headers = {"idempotency-key": "dry"}
    for _ in range(2):
        response = stocked.post("/v1/orders?dry_run=true", json=ORDER, headers=headers)
        assert response.status_code == 201, response.text
        assert response.headers["dry-run"] == "true"
        assert "location" not in response.headers
        assert "idempotency-replayed" not in response.headers
        assert response.json()["total_price"] == 49.96
    assert available(stocked) == 350
    assert stocked.get("/v1/orders").json()["data"] == []
    refused = stocked.post("/v1/orders?dry_run=true", json=lines(999_999), headers=key())
    check_problem(refused, 409, "ST001")
    assert refused.headers["dry-run"] == "true"
    assert place(stocked, ORDER, **headers).status_code == 201

    body = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "delta": -5, "reason_code": "damaged"}
    body["batch_number"] = "BATCH-202404"
    assert stocked.post("/v1/inventory/adjust?dry_run=true", json=[body], headers=key()).status_code == 207
    assert stocked.post("/v1/inventory?dry_run=true", json=SKU | {"sku_id": "NEW"}, headers=key()).status_code == 201
    assert stocked.post("/v1/skus?dry_run=true", json={"sku_id": "NEW", "name": "New"}).status_code == 201
    check_problem(stocked.get("/v1/inventory/NEW"), 404, "ST010")
    assert available(stocked) == 347


@pytest.mark.parametrize(
    "customer", [{"name": "Household 7"}, {"name": "A", "address": "Store 3"}, {"name": "A", "email": "a@b.example"}]
)
def test_a_till_knows_no_email_or_address(stocked: httpx2.Client, customer: dict[str, str]) -> None:
    response = place(stocked, lines(1, customer=customer))
    assert response.status_code == 201, response.text
    assert {name: value for name, value in response.json()["customer"].items() if value} == customer


def test_an_integration_reads_and_cancels_its_own_orders(stocked: httpx2.Client, integration: httpx2.Client) -> None:
    order_id = place(integration).json()["order_id"]
    assert [order["order_id"] for order in integration.get("/v1/orders").json()["data"]] == [order_id]
    assert integration.get(f"/v1/orders/{order_id}").json()["customer"] == ORDER["customer"]
    assert integration.put(f"/v1/orders/{order_id}/cancel").json()["status"] == "canceled"


def test_the_audit_says_who_what_and_why(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    response = sales.put(
        f"/v1/orders/{place(sales).json()['order_id']}/cancel", json={"reason": "customer"}, headers={"x-request-id": "r-42"}
    )
    assert response.status_code == 200, response.text
    rows = stocked.get("/v1/audit", params={"actor": "sales", "limit": 200}).json()["data"]
    assert rows
    assert any(re.fullmatch("[0-9a-f]{32}:r-42", row["request_id"]) for row in rows)
    check_problem(sales.get("/v1/audit"), 403, "RQ403")


def test_only_an_admin_chooses_the_region(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    check_problem(sales.get("/v1/orders?region=2"), 403, "RQ403")
    assert sales.get("/v1/orders?region=1").status_code == 200
    assert stocked.get("/v1/orders?region=2").json()["data"] == []


def test_a_request_id_comes_back_and_a_strange_one_is_left_out(stocked: httpx2.Client) -> None:
    assert stocked.get("/healthz", headers={"x-request-id": "my-id.7"}).headers["x-request-id"] == "my-id.7"
    for strange in ("a b", "x" * 129, "a;b", ""):
        made = stocked.get("/healthz", headers={"x-request-id": strange}).headers["x-request-id"]
        assert made != strange
        assert len(made) == 32


def test_an_order_is_changed_until_it_is_shipped(stocked: httpx2.Client, sales: httpx2.Client, warehouse: httpx2.Client) -> None:
    placed = place(sales)
    path, tag = placed.headers["location"], placed.headers["etag"]
    assert tag == sales.get(path).headers["etag"]
    changed = sales.patch(path, json={"items": [{"sku_id": "HOTSAUCE-001", "quantity": 5}]}, headers={"if-match": tag})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["total_price"], changed.headers["etag"]) == (64.95, '"2"')
    assert (available(stocked), available(stocked, "HOTSAUCE-002")) == (345, 350)
    check_problem(sales.patch(path, json={"note": "x"}, headers={"if-match": tag}), 412, "ST009")
    check_problem(sales.put(f"{path}/cancel", headers={"if-match": tag}), 412, "ST009")

    problem = check_problem(sales.patch(path, json={"items": [{"sku_id": "HOTSAUCE-001", "quantity": 351}]}), 409, "ST001")
    assert problem["errors"] == [
        {
            "pointer": "/items/0/quantity",
            "sku_id": "HOTSAUCE-001",
            "requested": 351,
            "available": 350,
            "detail": "351 of HOTSAUCE-001 wanted, 350 available.",
        }
    ]
    dry = sales.patch(f"{path}?dry_run=true", json={"customer": {"name": "Joe"}, "total_price": 64.95})
    assert (dry.status_code, dry.json()["customer"]["name"], dry.headers["dry-run"]) == (200, "Joe", "true")
    assert document(sales, path) == changed.json()
    check_problem(warehouse.patch(path, json={"note": "x"}), 403, "RQ403")

    part = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]}
    for stale in ({"if-match": '"1"'}, {"if-none-match": "*"}):  # this route does not support conditions, so it refuses them
        check_problem(warehouse.post(f"{path}/fulfillments", json=part, headers=key() | stale), 400, "RQ400")
    assert document(sales, path) == changed.json()
    assert warehouse.post(f"{path}/fulfillments", json=part, headers=key()).status_code == 201
    check_problem(sales.patch(path, json={"items": [{"sku_id": "HOTSAUCE-002", "quantity": 1}]}), 409, "OR010")
    lowered = sales.patch(path, json={"items": [{"sku_id": "HOTSAUCE-001", "quantity": 4}], "reason": "Four do."})
    assert lowered.json()["items"] == [
        {
            "sku_id": "HOTSAUCE-001",
            "quantity": 5,
            "price": 12.99,
            "amount": None,
            "fulfilled": 1,
            "canceled": 1,
            "components": [],
            "address": None,
        }
    ]
    assert sales.patch(path, json={"items": lowered.json()["items"]}).json() == lowered.json()  # sent back as it was read
    entry = sales.get(path).json()["timeline"][-1]
    assert (entry["type"], entry["reason"], entry["changes"][0]) == (
        "modified",
        "Four do.",
        {"member": "items", "sku_id": "HOTSAUCE-001", "before": 5, "after": 4},
    )
    right = {"email": "right@example.com", "phone": "+49 30 1234567", "address": "2 Mild Rd"}
    assert sales.patch(path, json={"customer": right, "note": "x"}).json()["customer"] == {"name": "Jane Doe", **right}
    canceled = sales.put(f"{path}/cancel", headers={"if-match": sales.get(path).headers["etag"]})
    assert (canceled.json()["status"], canceled.json()["fulfillment_status"]) == ("completed", "partially_fulfilled")
    assert canceled.json()["items"] == [
        {
            "sku_id": "HOTSAUCE-001",
            "quantity": 5,
            "price": 12.99,
            "amount": None,
            "fulfilled": 1,
            "canceled": 4,
            "components": [],
            "address": None,
        }
    ]
    assert canceled.json()["total_price"] == 12.99
    assert canceled.headers["etag"] == sales.get(path).headers["etag"]
    assert available(stocked) == 349
    check_problem(sales.patch(path, json={"note": "x"}), 409, "OR010")


def test_a_change_under_a_key_acts_once(stocked: httpx2.Client) -> None:
    path, headers = place(stocked).headers["location"], {"idempotency-key": "change"}
    body = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]}
    first = stocked.patch(path, json=body, headers=headers)
    assert stocked.patch(path, json={"note": "between"}).status_code == 200
    again = stocked.patch(path, json=body, headers=headers)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert "etag" not in again.headers
    check_problem(stocked.patch(path, json={"note": "other"}, headers=headers), 422, "ID001")
    check_problem(stocked.patch(path, json=body, headers={"idempotency-key": "k" * 256}), 400, "ID003")


def test_a_day_begins_at_midnight_of_the_region_whatever_the_server_thinks(
    connection: psycopg.Connection[Any], authenticator_url: str
) -> None:
    connection.execute(
        sql.SQL("alter database {} set timezone = 'America/New_York'").format(sql.Identifier(connection.info.dbname))
    )
    with run_server(authenticator_url) as api:
        admin = api.client("admin")
        stock_up(admin)
        assert place(admin, lines(1, created_at="2024-06-01T00:30:00Z")).status_code == 201
        for zone, expected in (("UTC", [1, 1, 0]), ("America/Chicago", [1, 0, 0])):
            assert admin.patch("/v1/regions/1", json={"time_zone": zone}).status_code == 200
            days = ("2024-05-31", "2024-06-01", "2024-06-02")
            assert [len(admin.get("/v1/orders", params={"from": day}).json()["data"]) for day in days] == expected
        early = {"from": "2024-06-01", "to": "2024-05-31T23:00:00Z"}
        check_problem(admin.get("/v1/orders", params=early), 422, "VA001")
        assert admin.patch("/v1/regions/1", json={"time_zone": "Asia/Tokyo"}).status_code == 200
        assert admin.get("/v1/orders", params=early).status_code == 200


def test_a_parcel_is_corrected_by_those_who_ship_also_when_all_is_done(
    stocked: httpx2.Client, sales: httpx2.Client, warehouse: httpx2.Client, api: Api
) -> None:
    placed = place(sales)
    path = placed.headers["location"]
    shipped = warehouse.post(f"{path}/fulfillments", json={"tracking_number": "T-1"}, headers=key()).json()
    assert shipped["status"] == "completed"
    parcel = f"{path}/fulfillments/{shipped['fulfillments'][0]['fulfillment_id']}"
    assert warehouse.patch(parcel, json={"tracking_number": "T-1"}).headers["etag"] == '"2"'  # nothing to change
    changed = warehouse.patch(parcel, json={"tracking_number": "T-2", "note": "typo"}, headers={"if-match": '"2"'})
    assert changed.status_code == 200, changed.text
    assert changed.json()["fulfillments"] == [{**shipped["fulfillments"][0], "tracking_number": "T-2", "note": "typo"}]
    assert changed.headers["etag"] == '"3"'
    check_problem(warehouse.patch(parcel, json={"note": "x"}, headers={"if-match": '"2"'}), 412, "ST009")
    check_problem(sales.patch(parcel, json={"note": "x"}), 403, "RQ403")
    check_problem(api.client("warehouse", warehouses=["WH-02"]).patch(parcel, json={"note": "x"}), 404, "OR002")
    check_problem(warehouse.patch(f"{path}/fulfillments/FUL-1-1", json={"note": "x"}), 404, "OR012")
    assert sales.get(path).json()["fulfillments"] == changed.json()["fulfillments"]
    assert warehouse.patch(parcel, json={"note": None}).json()["fulfillments"][0]["note"] is None
    rows = stocked.get("/v1/audit", params={"actor": "warehouse", "limit": 200}).json()["data"]
    [row] = [row for row in rows if row["table"] == "orders.fulfillments" and (row["new"] or {}).get("note") == "typo"]
    assert (row["action"], row["old"]["tracking_number"], row["new"]["tracking_number"]) == ("update", "T-1", "T-2")
    check_problem(stocked.put(f"{path}/cancel"), 409, "OR003")


def test_a_parcel_names_the_scanned_lot_and_can_be_undone(
    stocked: httpx2.Client, sales: httpx2.Client, warehouse: httpx2.Client
) -> None:
    later = SKU | {"batch_number": "LATER", "expiration_date": "2036-01-01"}
    assert stocked.post("/v1/inventory", json=later, headers=key()).status_code == 201
    path = place(sales).headers["location"]
    assert stocked.patch("/v1/warehouses/WH-01", json={"scan_required": True}).json()["scan_required"] is True
    check_problem(warehouse.post(f"{path}/fulfillments", json={}, headers=key()), 422, "SH001")
    item: dict[str, Any] = {"sku_id": "HOTSAUCE-001", "quantity": 3, "lot_number": "later"}
    problem = check_problem(warehouse.post(f"{path}/fulfillments", json={"items": [item]}, headers=key()), 422, "SH002")
    assert problem["errors"][0]["passed_over"] == ["BATCH-202404"]
    item |= {"reason_code": "could_not_locate"}
    draft = {"items": [item], "shipped_at": "2024-06-03T16:00:00+02:00"}
    shipped = warehouse.post(f"{path}/fulfillments", json=draft, headers=key())
    assert shipped.status_code == 201, shipped.text
    [parcel] = shipped.json()["fulfillments"]
    assert (parcel["shipped_at"], parcel["canceled_at"]) == ("2024-06-03T14:00:00.000Z", None)
    passed_over = {"reason_code": "could_not_locate", "batch_numbers": ["BATCH-202404"]}
    assert parcel["items"] == [
        {"sku_id": "HOTSAUCE-001", "batch_number": "LATER", "quantity": 3, "assumed": False, "passed_over": passed_over}
    ]
    undo = f"{path}/fulfillments/{parcel['fulfillment_id']}/cancel"
    reason = {"reason": "never collected", "note": "still at the dock"}
    check_problem(warehouse.put(undo, json={}), 422, "RQ422")
    check_problem(sales.put(undo, json=reason), 403, "RQ403")
    check_problem(warehouse.put(undo, json=reason, headers={"if-match": '"1"'}), 412, "ST009")
    undone = warehouse.put(undo, json=reason, headers={"if-match": '"2"'})
    assert undone.status_code == 200, undone.text
    assert undone.headers["etag"] == '"3"'
    order = undone.json()
    assert (order["status"], order["fulfillment_status"]) == ("processing", "unfulfilled")
    assert order["fulfillments"][0]["cancel_reason"] == "never collected: still at the dock"
    assert warehouse.put(undo, json=reason).json() == order
    kinds = [line["kind"] for line in stocked.get("/v1/inventory/HOTSAUCE-001/movements").json()["data"]]
    assert kinds[:2] == ["unfulfill", "fulfill"]


def test_a_number_of_two_channels_is_ambiguous_for_who_sees_both_and_for_nobody_else(
    stocked: httpx2.Client, sales: httpx2.Client, warehouse: httpx2.Client
) -> None:
    stocked.put("/v1/channels/pos", json={"name": "Till", "warehouses": ["WH-01"]})
    first, second = (
        place(stocked, but(external_id="SHOP-77", channel=channel), **key()).json()["order_id"] for channel in ("web", "pos")
    )
    asks = {
        "get": lambda client: client.get("/v1/orders/SHOP-77"),
        "change": lambda client: client.patch("/v1/orders/SHOP-77", json={"note": "x"}),
        "cancel": lambda client: client.put("/v1/orders/SHOP-77/cancel"),
        "ship": lambda client: client.post("/v1/orders/SHOP-77/fulfillments", json={}, headers=key()),
    }
    for client, names in ((stocked, ("get", "change", "cancel", "ship")), (warehouse, ("get", "ship"))):
        for name in names:
            problem = check_problem(asks[name](client), 409, "OR011")
            assert first in problem["detail"]
            assert second in problem["detail"]
    assert asks["get"](sales).json()["order_id"] == first
    found = stocked.get("/v1/orders", params={"external_id": "SHOP-77", "channel": "pos"}).json()["data"]
    assert [order["order_id"] for order in found] == [second]
    assert asks["cancel"](sales).json()["status"] == "canceled"


def test_orders_are_found_by_parts_of_names_and_by_numbers(stocked: httpx2.Client, sales: httpx2.Client, api: Api) -> None:
    stocked.put("/v1/channels/pos", json={"name": "Till", "warehouses": ["WH-01"]})
    jane = place(stocked, lines(1, customer={"name": "Jané  Tester", "email": "Jane@Example.com"}, external_id="2026/77")).json()
    john = place(stocked, lines(1, customer={"name": "John Field"}, channel="pos", external_id="POS-9")).json()
    parcel = {"tracking_number": "1Z-ABC-7"}
    assert stocked.post(f"/v1/orders/{john['order_id']}/fulfillments", json=parcel, headers=key()).status_code == 201
    names = {jane["order_id"]: "jane", john["order_id"]: "john"}

    def found(client: httpx2.Client = stocked, **params: str) -> list[str]:
        response = client.get("/v1/orders", params=params)
        assert response.status_code == 200, response.text
        assert response.json()["next_cursor"] is None
        return sorted(names[order["order_id"]] for order in response.json()["data"])

    for q in (
        "tester",
        "TESTER jane",
        "jané",
        "jane t",
        "@example",
        "026/7",
        "2026/77",
        jane["order_id"].lower(),
        "jane@EXAMPLE.com",
    ):
        assert found(q=q) == ["jane"], q
    with_phone = {"customer": {"phone": "+1 (555) 010-0199"}}
    assert stocked.patch(f"/v1/orders/{jane['order_id']}", json=with_phone).status_code == 200
    assert found(q="5550100") == found(customer="001 555 010 0199") == ["jane"]
    for q in ("field", "pos-9", "z-abc", "1z-abc-7", john["order_id"]):
        assert found(q=q) == ["john"], q
    assert found(q="1 j") == ["jane", "john"]
    assert found(q="tester field") == found(q="%") == []
    assert found(sales, q="field") == found(sales, q="1Z-ABC-7") == []
    assert found(api.client("warehouse", warehouses=["WH-01"]), q="@example") == []
    for customer in ("jane  tester", "JANÉ  TESTER", "jane@example.com"):
        assert found(customer=customer) == ["jane"]
    assert (found(channel="pos"), found(channel="web"), found(channel="no")) == (["john"], ["jane"], [])
    assert (found(external_id="POS-9"), found(external_id="POS-9", channel="web")) == (["john"], [])
    assert found(customer="john field", external_id="2026/77") == []
    assert (found(fulfillment_status="fulfilled"), found(fulfillment_status="unfulfilled")) == (["john"], ["jane"])
    assert found(fulfillment_status="fulfilled", status="processing") == []
    csv = stocked.get("/v1/orders", params={"q": "tester"}, headers={"accept": "text/csv"}).text
    assert (jane["order_id"] in csv, john["order_id"] in csv) == (True, False)


def test_a_channel_finds_its_order_by_its_own_number(stocked: httpx2.Client, api: Api) -> None:
    """Two channels use one number, which has a slash: it names an order together with its channel only."""
    stocked.put("/v1/channels/pos", json={"name": "Till", "warehouses": ["WH-01"]})
    number, path = "2026/11/0001", "/v1/channels/{}/orders/2026%2F11%2F0001"
    placed = {channel: place(stocked, lines(1, channel=channel, external_id=number)).json() for channel in ("web", "pos")}
    for role in ("admin", "sales", "integration", "warehouse"):
        client = api.client(role, channels=["web"], warehouses=["WH-01"])
        found = client.get(path.format("web"))
        assert (found.status_code, found.json()["order_id"]) == (200, placed["web"]["order_id"])
        assert found.headers["etag"] == '"1"'
        assert client.get(path.format("web"), headers={"if-none-match": '"1"'}).status_code == 304
        if role in ("sales", "integration"):
            check_problem(client.get(path.format("pos")), 404, "OR002")
        else:
            assert client.get(path.format("pos")).json()["order_id"] == placed["pos"]["order_id"]
        assert f"{number} of channel no" in check_problem(client.get(path.format("no")), 404, "OR002")["detail"]
        check_problem(client.get("/v1/channels/web/orders/2026%2F11"), 404, "OR002")
        check_problem(client.get(f"/v1/channels/web/orders/{placed['web']['order_id']}"), 404, "OR002")
    check_problem(api.client("warehouse", warehouses=["WH-02"]).get(path.format("web")), 404, "OR002")
    composed = place(stocked, lines(1, external_id="caf\u00e9")).json()
    assert stocked.get("/v1/channels/web/orders/cafe%CC%81").json()["order_id"] == composed["order_id"]


def test_three_for_ten(stocked: httpx2.Client) -> None:
    """Where the channel sets prices, the amount of a line is what it says, to the cent and in the decimals of the currency."""
    stocked.put("/v1/channels/market", json={"name": "M", "kind": "marketplace", "pricing": "channel", "warehouses": ["WH-01"]})
    line = {"sku_id": "HOTSAUCE-001", "quantity": 3, "amount": 10}
    placed = place(stocked, but(channel="market", items=[line], total_price=10))
    assert placed.status_code == 201, placed.text
    assert b'"price" : null, "amount" : 10.00' in placed.content
    assert b'"total_price" : 10.00' in placed.content
    path = placed.headers["location"]
    sent = {name: placed.json()["items"][0][name] for name in ("sku_id", "quantity", "price", "amount", "fulfilled", "canceled")}
    assert stocked.patch(path, json={"items": [sent]}).content == placed.content
    assert stocked.patch(path, json={"items": [sent | {"quantity": 2, "amount": None}]}).json()["total_price"] == 6.67
    check_problem(place(stocked, but(channel="market", items=[line], total_price=9.99)), 422, "OR007")
    problem = check_problem(place(stocked, but(items=[line], total_price=None)), 409, "OR001")
    assert problem["errors"][0]["pointer"] == "/items/0/amount"
    problem = check_problem(place(stocked, but(channel="market", total_price=None, items=[line | {"price": 3.33}])), 422, "VA001")
    assert problem["errors"][0]["pointer"] == "/items/0/amount"
    problem = check_problem(
        place(stocked, but(channel="market", total_price=None, items=[line | {"amount": 10.001}])), 422, "VA001"
    )
    assert problem["errors"][0]["pointer"] == "/items/0/amount"
    assert "USD" in problem["errors"][0]["detail"]


def test_money_is_written_with_the_decimals_of_its_currency(stocked: httpx2.Client) -> None:
    for currency, price, printed, total in (("JPY", 1200, "1200", "2400"), ("KWD", 3.5, "3.500", "7.000")):
        sku = {"name": currency, "price": price, "currency": currency}
        assert f'"price" : {printed},'.encode() in stocked.put(f"/v1/skus/{currency}", json=sku).content
        receipt = {
            "sku_id": currency,
            "warehouse_location": "WH-01",
            "stock": 9,
            "batch_number": "B",
            "expiration_date": "2035-01-01",
        }
        assert stocked.post("/v1/inventory", json=receipt, headers=key()).status_code == 201
        placed = place(stocked, but(items=[{"sku_id": currency, "quantity": 2}], total_price=None))
        assert f'"total_price" : {total}, "currency" : "{currency}"'.encode() in placed.content
        csv = stocked.get("/v1/orders", headers={"accept": "text/csv"}).text
        assert f",{total},{currency}," in csv
        assert f'"price":{printed},' in stocked.get(f"/v1/inventory/{currency}").text
    for body, pointer in (({"price": 12.5}, "/price"), ({"currency": "XAU"}, "/currency"), ({"currency": "XYZ"}, "/currency")):
        problem = check_problem(stocked.patch("/v1/skus/JPY", json=body), 422, "VA001")
        assert problem["errors"][0]["pointer"] == pointer


def test_a_sku_finds_the_orders_that_have_a_line_of_it_now(stocked: httpx2.Client) -> None:
    path = place(stocked).headers["location"]
    assert len(stocked.get("/v1/orders?sku=HOTSAUCE-002").json()["data"]) == 1
    assert stocked.patch(path, json={"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]}).status_code == 200
    assert stocked.get("/v1/orders?sku=HOTSAUCE-002").json()["data"] == []


def test_what_changed_since_is_asked_again_and_again(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    old = place(stocked).json()
    since = old["updated_at"]
    late = place(stocked, lines(1, created_at="2020-01-01T00:00:00Z")).json()  # entered now, sold long ago

    def changed(client: httpx2.Client = stocked, **params: str) -> list[dict[str, Any]]:
        rows, cursor = [], None
        while True:
            response = client.get("/v1/orders", params=params | ({"cursor": cursor} if cursor else {}))
            assert response.status_code == 200, response.text
            rows += response.json()["data"]
            if (cursor := response.json()["next_cursor"]) is None:
                return rows

    assert [order["order_id"] for order in changed(updated_since=since)] == [old["order_id"], late["order_id"]]
    assert stocked.patch(f"/v1/orders/{old['order_id']}", json={"note": "x"}).status_code == 200
    rows = changed(updated_since=since, limit="1")
    assert [(order["order_id"], order["version"]) for order in rows] == [(late["order_id"], 1), (old["order_id"], 2)]
    again = changed(updated_since=rows[-1]["updated_at"])
    assert [(order["order_id"], order["version"]) for order in again] == [(old["order_id"], 2)]
    assert changed(updated_since="2199-01-01") == []
    assert [order["order_id"] for order in changed(sales, updated_since=since, q="jane")] == [late["order_id"], old["order_id"]]
    check_problem(stocked.get("/v1/orders?updated_since=yesterday"), 400, "RQ400")
    cursor = stocked.get("/v1/orders?limit=1").json()["next_cursor"]
    check_problem(stocked.get("/v1/orders", params={"updated_since": since, "cursor": cursor}), 422, "VA001")


def test_lines_can_be_sent_back_as_they_were_read(stocked: httpx2.Client) -> None:
    placed = place(stocked)
    items = placed.json()["items"]
    changed = stocked.patch(placed.headers["location"], json={"items": items})
    assert (changed.status_code, changed.json()) == (200, placed.json())
    again = place(stocked, {"customer": ORDER["customer"], "items": items})
    assert again.json()["items"] == items
    items[0]["canceled"] = 1
    check_problem(place(stocked, {"customer": ORDER["customer"], "items": items}), 422, "RQ422")
    problem = check_problem(stocked.patch(placed.headers["location"], json={"items": items}), 422, "VA001")
    assert problem["errors"][0]["pointer"] == "/items/0/canceled"


def test_an_order_waits_where_its_channel_allows_it_and_is_served_by_the_receipt(
    stocked: httpx2.Client, sales: httpx2.Client
) -> None:
    rule = {"sku_id": "HOTSAUCE-001", "mode": "backorder", "units_max": 100}
    changed = stocked.patch("/v1/channels/web", json={"sale_rules": [rule]})
    assert changed.json()["sale_rules"] == [rule | {"priority": 0, "ships_on": None}]

    order = place(sales, lines(360)).json()
    [waits] = order["backorders"]
    assert (waits["sku_id"], waits["quantity"], order["status"]) == ("HOTSAUCE-001", 10, "processing")
    check_problem(place(sales, lines(91)), 409, "ST001")  # the limit of the rule
    assert [found["order_id"] for found in sales.get("/v1/orders?waiting=true").json()["data"]] == [order["order_id"]]
    assert sales.get("/v1/orders?waiting=false").json()["data"] == []

    receipt = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "stock": 12, "batch_number": "LATE"}
    assert stocked.post("/v1/inventory", json=receipt, headers=key()).status_code == 201
    assert available(stocked) == 2
    assert sales.get(f"/v1/orders/{order['order_id']}").json()["backorders"] == []


def test_a_preorder_says_when_it_leaves_and_does_not_leave_before(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    rule = {"sku_id": "HOTSAUCE-001", "mode": "preorder", "ships_on": "2199-03-01"}
    assert stocked.patch("/v1/channels/web", json={"sale_rules": [rule]}).status_code == 200
    order = place(sales, lines(360)).json()
    assert order["backorders"][0]["ships_on"] == "2199-03-01"
    problem = check_problem(stocked.post(f"/v1/orders/{order['order_id']}/fulfillments", json={}, headers=key()), 409, "OR015")
    assert problem["errors"][0]["ships_on"] == "2199-03-01"


@pytest.mark.parametrize(
    ("rule", "member"),
    [
        ({"mode": "sometimes"}, "mode"),
        ({}, "mode"),
        ({"mode": "backorder", "units_max": 0}, "units_max"),
        ({"mode": "backorder", "priority": "high"}, "priority"),
        ({"mode": "preorder", "ships_on": "soon"}, "ships_on"),
        ({"mode": "backorder", "waits_until": "2030-01-01"}, "waits_until"),
    ],
)
def test_a_wrong_sale_rule_is_refused_by_the_member(shared_api: Api, rule: dict[str, Any], member: str) -> None:
    with shared_api.client("admin") as client:
        problem = check_problem(client.patch("/v1/channels/web", json={"sale_rules": [rule]}), 422, "RQ422")
        assert [error["pointer"] for error in problem["errors"]] == [f"/sale_rules/0/{member}"]
