"""Availability and freshness over HTTP: ask, order what the answer says, and read why one more is refused."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.calls import ORDER
from tests.http.conftest import Api, check_problem, key
from tests.http.orders import available, place

SKU = "HOTSAUCE-001"
FAR = "2099-12-31"


def wants(units: int, **rest: Any) -> dict[str, Any]:
    return {"customer": ORDER["customer"], "items": [{"sku_id": SKU, "quantity": units}], **rest}


def test_what_the_answer_says_can_be_ordered_and_one_more_cannot(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    rule = {"customer_group": "export", "min_days": 3650, "transit_days": 300}
    changed = stocked.patch("/v1/channels/web", json={"freshness_rules": [rule]})
    assert changed.json()["freshness_rules"] == [{**rule, "category": None, "sku_id": None, "min_percent": None}]
    more = {"sku_id": SKU, "warehouse_location": "WH-01", "stock": 4, "batch_number": "FAR", "expiration_date": FAR}
    assert stocked.post("/v1/inventory", json=more, headers=key()).status_code == 201

    plain = sales.get("/v1/availability", params={"sku": SKU, "quantity": 354}).json()
    assert (plain["available"], plain["available_quantity"], plain["rule"], plain["fresh_until"]) == (True, 354, "none", None)
    answer = sales.get("/v1/availability", params={"sku": SKU, "channel": "web", "customer_group": "export", "quantity": 5})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["available"], said["available_quantity"], said["available_on"]) == (False, 4, None)
    assert (said["stale_quantity"], said["sold_until"]) == (350, FAR)
    assert said["warehouses"] == [{"sku_id": SKU, "warehouse_location": "WH-01", "quantity": 4}]

    problem = check_problem(place(sales, wants(5, customer_group="export")), 409, "ST001")
    assert (problem["errors"][0]["rule"], problem["errors"][0]["stale"]) == (said["rule"], 350)
    placed = place(sales, wants(4, customer_group="export"))
    assert placed.status_code == 201, placed.text
    assert placed.json()["freshness"] == [
        {"sku_id": SKU, "fresh_until": said["fresh_until"], "rule": said["rule"], "at_risk": False}
    ]
    assert placed.json()["customer_group"] == "export"
    assert available(stocked) == 350
    old = {"items": [{"sku_id": SKU, "quantity": 4, "batch_number": "BATCH-202404"}]}
    refused = stocked.post(f"{placed.headers['location']}/fulfillments", json=old, headers=key())
    assert check_problem(refused, 409, "SH003")["errors"][0]["batch_number"] == "BATCH-202404"


def test_a_refusal_for_one_group_is_no_refusal_for_another(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    """Refusals are cached for a moment: the group belongs to what is compared."""
    rule = {"customer_group": "export", "min_days": 3650, "transit_days": 300}
    stocked.patch("/v1/channels/web", json={"freshness_rules": [rule]})
    for _ in range(3):
        check_problem(place(sales, wants(1, customer_group="export")), 409, "ST001")
        assert place(sales, wants(1)).status_code == 201


@pytest.mark.parametrize(
    ("params", "status", "code", "parameter"),
    [
        ({}, 400, "RQ400", "sku"),
        ({"sku": "HOTSAUCE-999"}, 422, "ST002", "sku"),
        ({"sku": SKU, "channel": "elsewhere"}, 422, "OR008", "channel"),
        ({"sku": SKU, "quantity": "0"}, 400, "RQ400", "quantity"),
        ({"sku": SKU, "ship_on": "tomorrow"}, 400, "RQ400", "ship_on"),
        ({"sku": SKU, "ship_on": "2020-01-01"}, 422, "VA001", "ship_on"),
    ],
)
def test_a_wrong_question_is_refused_by_the_parameter(
    shared_api: Api, params: dict[str, str], status: int, code: str, parameter: str
) -> None:
    with shared_api.client("admin") as client:
        client.post("/v1/inventory", headers=key(), json={"sku_id": SKU, "name": "x", "warehouse_location": "WH-01", "stock": 1})
        problem = check_problem(client.get("/v1/availability", params={"channel": "web", **params}), status, code)
        assert [error["parameter"] for error in problem["errors"]] == [parameter]


@pytest.mark.parametrize(
    ("rule", "member"),
    [
        ({"min_days": -1}, "min_days"),
        ({"min_percent": 101}, "min_percent"),
        ({"min_days": 1, "customer_group": "all of them"}, "customer_group"),
        ({"min_days": 1, "days_after": 3}, "days_after"),
    ],
)
def test_a_wrong_rule_is_refused_by_the_member(shared_api: Api, rule: dict[str, Any], member: str) -> None:
    with shared_api.client("admin") as client:
        problem = check_problem(client.patch("/v1/channels/web", json={"freshness_rules": [rule]}), 422, "RQ422")
        assert [error["pointer"] for error in problem["errors"]] == [f"/freshness_rules/0/{member}"]
