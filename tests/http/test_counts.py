"""Counts over HTTP: planned, counted blind by two people, approved by a third (CN1 to CN8)."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.calls import SKU
from tests.http.conftest import Api, check_problem, key
from tests.http.samples import make

LOT = {"sku_id": "COUNTED", "batch_number": "C-1"}
OTHER = {"sku_id": "COUNTED", "batch_number": "C-2"}
STOCK = SKU | {"sku_id": "COUNTED", "name": "Counted", "stock": 20}
PLAN = {"warehouse_location": "WH-01", "scope": "skus", "sku_ids": ["COUNTED"]}


@pytest.fixture
def admin(stocked: httpx2.Client) -> httpx2.Client:
    """With 20 units of each of two lots."""
    for lot in (LOT, OTHER):
        make(stocked, "/v1/inventory", STOCK | lot)
    return stocked


def staff(api: Api, name: str, *warehouses: str) -> httpx2.Client:
    return api.client("warehouse", subject=name, warehouses=warehouses or ["WH-01"])


def enter(client: httpx2.Client, count: str, *counted: tuple[dict[str, str], int], **rest: Any) -> httpx2.Response:
    body = {"entries": [lot | {"counted": units} | rest for lot, units in counted]}
    return client.post(f"/v1/counts/{count}/entries", json=body)


def lines(client: httpx2.Client, count: str) -> dict[str, Any]:
    read = client.get(f"/v1/counts/{count}")
    assert read.status_code == 200, read.text
    return {line["batch_number"]: line for line in read.json()["details"]}


def stock(client: httpx2.Client) -> int:
    levels = client.get("/v1/inventory/COUNTED").json()["warehouses"]
    return int(sum(level["stock"] for level in levels if level["warehouse_location"] == "WH-01"))


def test_two_people_count_blind_and_a_third_approves(api: Api, admin: httpx2.Client) -> None:
    sam, kim, lee = (staff(api, name) for name in ("sam", "kim", "lee"))
    planned = lee.post("/v1/counts", json=PLAN | {"tolerance_units": 1}, headers=key())
    assert (planned.status_code, planned.json()["status"], planned.json()["blind"]) == (201, "planned", True)
    count = planned.json()["count_id"]
    assert planned.headers["location"] == f"/v1/counts/{count}"
    # Nobody who counts sees what is expected, nor what others found.
    for client in (sam, kim, lee):
        assert not [line for line in lines(client, count).values() if {"expected", "difference", "counted"} & line.keys()]
    first = enter(sam, count, (LOT, 17), (OTHER, 20))
    assert (first.status_code, first.json()["status"], first.json()["lines_counted"]) == (200, "review", 2)
    assert {"expected", "difference"}.isdisjoint(first.json())
    # They differ by more than a unit: both entries stay, and the line has to be counted again.
    second = enter(kim, count, (LOT, 12))
    assert (second.json()["status"], second.json()["lines_to_recount"]) == ("counting", 1)
    assert "expected" not in lines(kim, count)["C-1"]
    check_problem(lee.post(f"/v1/counts/{count}/approve"), 409, "TA004")
    # A parcel leaves meanwhile: nothing is frozen.
    order = {"customer": {"name": "Jane Doe"}, "items": [{"sku_id": "COUNTED", "quantity": 2}]}
    placed = make(admin, "/v1/orders", order)
    item = {"sku_id": "COUNTED", "quantity": 2, "batch_number": "C-1"}
    parcel = make(admin, f"/v1/orders/{placed['order_id']}/fulfillments", {"items": [item]})
    assert parcel["fulfillments"]
    again = enter(sam, count, (LOT, 15))
    assert again.json()["status"] == "review"
    seen = lines(lee, count)["C-1"]
    assert (seen["expected"], seen["counted"], seen["difference"], seen["recounts"]) == (18, 15, -3, 1)
    assert [(entry["counter"], entry["counted"]) for entry in seen["entries"]] == [("sam", 17), ("kim", 12), ("sam", 15)]
    for client in (sam, kim):
        problem = check_problem(client.post(f"/v1/counts/{count}/approve"), 409, "TA007")
        assert "Let somebody else approve it." in problem["detail"]
    approved = lee.post(f"/v1/counts/{count}/approve", json={"note": "agreed"})
    assert (approved.status_code, approved.json()["status"], approved.json()["refused"]) == (200, "approved", [])
    assert stock(admin) == 15 + 20
    [moved] = [
        move
        for move in admin.get("/v1/inventory/COUNTED/movements").json()["data"]
        if move["document"] == count and move["stock_delta"]
    ]
    assert (moved["kind"], moved["stock_delta"], moved["actor"]) == ("count", -3, "lee")
    check_problem(lee.post(f"/v1/counts/{count}/approve"), 409, "TA002")


def test_a_counter_sees_a_line_only_after_his_own_entry(api: Api, admin: httpx2.Client) -> None:
    """CN2."""
    sam, kim = staff(api, "sam"), staff(api, "kim")
    count = make(admin, "/v1/counts", PLAN)["count_id"]
    assert enter(sam, count, (LOT, 19)).status_code == 200
    assert {number for number, line in lines(sam, count).items() if "expected" in line} == {"C-1"}
    assert [line["entries"] for line in lines(kim, count).values()] == [[], []]
    assert all("expected" in line for line in lines(admin, count).values())
    many = check_problem(enter(kim, count, (OTHER, 100_000)), 409, "TA003")
    assert "20" not in many["detail"].replace("100000", "")
    open_count = make(admin, "/v1/counts", PLAN | {"blind": False})["count_id"]
    assert [line["expected"] for line in lines(kim, open_count).values()] == [20, 20]


def test_roles_and_warehouses(api: Api, admin: httpx2.Client) -> None:
    count = make(admin, "/v1/counts", PLAN)["count_id"]
    for role in ("sales", "integration"):
        client = api.client(role, channels=["web"])
        assert client.get("/v1/counts").status_code == 403
        assert client.get(f"/v1/counts/{count}").status_code == 403
        assert enter(client, count, (LOT, 20)).status_code == 403
        assert client.post("/v1/counts", json=PLAN, headers=key()).status_code == 403
        for verb in ("approve", "cancel"):
            assert client.post(f"/v1/counts/{count}/{verb}").status_code == 403
    far = staff(api, "far", "WH-09")
    assert far.get("/v1/counts").json()["data"] == []
    for answer in (
        far.get(f"/v1/counts/{count}"),
        enter(far, count, (LOT, 20)),
        far.post(f"/v1/counts/{count}/recount", json={"lines": [LOT]}),
        far.post(f"/v1/counts/{count}/approve"),
        far.post(f"/v1/counts/{count}/cancel"),
    ):
        problem = check_problem(answer, 404, "TA001")
        assert problem["detail"] == f"Count {count} does not exist, or is of a warehouse that is not yours."
    check_problem(far.post("/v1/counts", json=PLAN, headers=key()), 422, "ST003")


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer", "detail"),
    [
        ({"sku_id": "COUNTEDD"}, 422, "ST002", "/entries/0/sku_id", "Did you mean COUNTED?"),
        ({"batch_number": "C-9"}, 422, "ST007", "/entries/0/batch_number", "or name its expiration_date too"),
        (
            {"batch_number": "C-9", "counted": 0, "expiration_date": "2036-01-01"},
            422,
            "VA001",
            "/entries/0/counted",
            "a count of nothing",
        ),
        ({"expiration_date": "2036-01-01"}, 409, "ST011", "/entries/0/expiration_date", "An admin can correct the lot."),
        ({"counted": -1}, 422, "RQ422", "/entries/0/counted", "at least 0"),
        ({"counted": 1.5}, 422, "RQ422", "/entries/0/counted", "whole number"),
        ({"counted": "many"}, 422, "RQ422", "/entries/0/counted", "whole number"),
        ({"counted": 1_000_000_000}, 409, "TA003", "/entries/0/counted", "send confirm true"),
        ({"counted_at": "2020-01-01T00:00:00Z"}, 422, "VA001", "/entries/0/counted_at", "Count again."),
        ({"counted_at": "2120-01-01T00:00:00Z"}, 422, "VA001", "/entries/0/counted_at", "in the future"),
    ],
)
def test_problems_name_the_field_and_the_remedy(
    admin: httpx2.Client, change: dict[str, Any], status: int, code: str, pointer: str, detail: str
) -> None:
    count = make(admin, "/v1/counts", PLAN)["count_id"]
    answer = admin.post(f"/v1/counts/{count}/entries", json={"entries": [LOT | {"counted": 20} | change]})
    problem = check_problem(answer, status, code)
    [error] = problem["errors"]
    assert error["pointer"] == pointer
    assert detail in error["detail"]
    assert admin.get(f"/v1/counts/{count}").json()["status"] == "planned"


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"warehouse_location": "NOWHERE"}, 422, "ST003", "/warehouse_location"),
        ({"sku_ids": ["COUNTEDD"]}, 422, "ST002", "/sku_ids"),
        ({"scope": "some"}, 422, "RQ422", "/scope"),
        ({"scope": "all"}, 422, "VA001", "/sku_ids"),
        ({"within_days": 3}, 422, "VA001", "/within_days"),
        ({"tolerance_percent": 101}, 422, "RQ422", "/tolerance_percent"),
    ],
)
def test_bad_plans(admin: httpx2.Client, body: dict[str, Any], status: int, code: str, pointer: str) -> None:
    problem = check_problem(admin.post("/v1/counts", json=PLAN | body, headers=key()), status, code)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_withheld_units_are_refused_by_lot_and_the_remedy_is_named(api: Api, admin: httpx2.Client) -> None:
    aside = LOT | {"warehouse_location": "WH-01", "quantity": 18, "cause": "inspection"}
    withheld = make(admin, "/v1/inventory/withhold", aside)
    count = make(admin, "/v1/counts", PLAN)["count_id"]
    assert enter(staff(api, "sam"), count, (LOT, 5), (OTHER, 19)).status_code == 200
    approved = admin.post(f"/v1/counts/{count}/approve")
    assert (approved.status_code, approved.json()["status"]) == (200, "review")
    [refused] = approved.json()["refused"]
    assert (refused["batch_number"], refused["code"]) == ("C-1", "ST001")
    assert "POST /v1/withholdings/{id}/dispose" in refused["detail"]
    gone = {"disposition": "scrap", "quantity": 15, "reason_code": "damaged"}
    assert admin.post(f"/v1/withholdings/{withheld['withholding_id']}/dispose", json=gone, headers=key()).status_code == 200
    assert enter(staff(api, "sam"), count, (LOT, 5)).status_code == 200
    assert admin.post(f"/v1/counts/{count}/approve").json()["status"] == "approved"
    rest = {"disposition": "restock"}
    assert admin.post(f"/v1/withholdings/{withheld['withholding_id']}/dispose", json=rest, headers=key()).status_code == 200
    assert stock(admin) == 5 + 19


def test_lists_find_counts_by_status_and_warehouse(admin: httpx2.Client) -> None:
    first, second = (make(admin, "/v1/counts", PLAN)["count_id"] for _ in range(2))
    canceled = admin.post(f"/v1/counts/{second}/cancel", json={"note": "no time"})
    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")

    def found(**filters: str) -> list[str]:
        response = admin.get("/v1/counts", params=filters)
        assert response.status_code == 200, response.text
        return [count["count_id"] for count in response.json()["data"] if count["count_id"] in (first, second)]

    assert found() == found(warehouse="WH-01") == [second, first]
    assert found(status="planned") == [first]
    assert found(status="canceled") == [second]
    assert found(warehouse="WH-02") == []
    assert admin.get("/v1/counts", params={"status": "lost"}).status_code == 400


def test_who_approves_approves_what_he_read(api: Api, admin: httpx2.Client) -> None:
    count = make(admin, "/v1/counts", PLAN)["count_id"]
    assert enter(staff(api, "sam"), count, (LOT, 19), (OTHER, 20)).status_code == 200
    read = {"if-match": admin.get(f"/v1/counts/{count}").headers["etag"]}
    assert enter(staff(api, "sam"), count, (LOT, 2)).status_code == 200
    problem = check_problem(admin.post(f"/v1/counts/{count}/approve", headers=read), 412, "ST009")
    assert "Read it again" in problem["detail"]
    read = {"if-match": admin.get(f"/v1/counts/{count}").headers["etag"]}
    assert admin.post(f"/v1/counts/{count}/approve", headers=read).json()["status"] == "approved"


def test_a_dry_run_posts_nothing(api: Api, admin: httpx2.Client) -> None:
    count = make(admin, "/v1/counts", PLAN)["count_id"]
    assert enter(staff(api, "sam"), count, (LOT, 19), (OTHER, 20)).status_code == 200
    assert admin.post(f"/v1/counts/{count}/approve?dry_run=true").json()["status"] == "approved"
    assert admin.get(f"/v1/counts/{count}").json()["status"] == "review"
    assert stock(admin) == 40


def test_a_repeated_list_is_one_entry(api: Api, admin: httpx2.Client) -> None:
    """A handheld sends again what was not answered."""
    count = make(admin, "/v1/counts", PLAN)["count_id"]
    once = {"entries": [LOT | {"counted": 19}]}
    headers = key()
    for replayed in (None, "true"):
        answer = staff(api, "sam").post(f"/v1/counts/{count}/entries", json=once, headers=headers)
        assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (200, replayed)
    assert len(lines(admin, count)["C-1"]["entries"]) == 1
