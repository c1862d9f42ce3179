"""The catalog over HTTP: list, read, create, replace, change and retire SKUs, warehouses, channels and reason codes."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.calls import SKU
from tests.http.conftest import check_problem, key

# Per path: the key, the required members and one other member to change.
NOUNS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "/v1/skus": ("sku_id", {"name": "New"}, {"currency": "EUR"}),
    "/v1/warehouses": ("warehouse_id", {"name": "New"}, {"name": "Newer"}),
    "/v1/channels": ("channel_id", {"name": "New"}, {"warehouses": ["WH-01"]}),
    "/v1/reason-codes": ("reason_code", {"description": "New", "direction": "in"}, {"note_required": True}),
}
ABSENT = {"/v1/skus": "ST010"}
# A name, and searches that find it or do not find it. The n with a tilde is one character in the name and two in the search.
TITLE = "\u00dcber SALSA DE \u00c1RBOL \u00d1ora Jalape\u00f1o Stra\u00dfe 100%_\u0416"
FINDING = (
    *("\u00dcber", "\u00fcber", "UBER", "uber", "\u00e1rbol \u00fcber", "jalapen\u0303o", "JALAPENO", "\u00f1ORA salsa"),
    *("STRASSE", "stra\u00dfe", "\u0436", "0%", "%_", "zz_d", " D  salsa\u00a0"),
)
NOT_FINDING = ("\u00fcber verde", "1%", "zz%d", "\\")


def test_each_noun_goes_through_its_life(stocked: httpx2.Client, warehouse: httpx2.Client) -> None:
    for path, (name, required, more) in NOUNS.items():
        item = f"{path}/new"
        check_problem(stocked.get(item), 404, ABSENT.get(path, "SK001"))
        check_problem(stocked.put(item, json=required, headers={"if-match": '"1"'}), 412, "ST009")

        made = stocked.put(item, json={**required, name: "new"}, headers={"if-none-match": "*"})
        assert made.status_code == 201, made.text
        assert (made.headers["location"], made.headers["etag"]) == (item, '"1"')
        check_problem(stocked.put(item, json=required, headers={"if-none-match": "*"}), 412, "SK002")

        read = warehouse.get(item)
        assert (read.json(), read.headers["etag"]) == (made.json(), '"1"')
        assert warehouse.get(item, headers={"if-none-match": '"1"'}).status_code == 304
        check_problem(warehouse.patch(item, json=more), 403, "RQ403")

        check_problem(stocked.put(item, json=required), 428, "SK003")
        changed = stocked.patch(item, json=more, headers={"if-match": '"1"'})
        assert changed.status_code == 200, changed.text
        assert changed.json().items() >= {**required, **more}.items()
        check_problem(stocked.patch(item, json=required, headers={"if-match": '"1"'}), 412, "ST009")
        check_problem(stocked.delete(item, headers={"if-match": '"1"'}), 412, "ST009")

        replaced = stocked.put(item, json=required, headers={"if-match": changed.headers["etag"]})
        assert (replaced.status_code, replaced.headers["etag"]) == (200, '"3"')
        assert "location" not in replaced.headers
        assert {**replaced.json(), **more} != replaced.json()

        for _ in range(2):
            retired = stocked.delete(item)
            assert (retired.status_code, retired.headers["etag"]) == (200, '"4"')
            assert retired.json()["active"] is False

        again = stocked.post(path, json={**required, name: "new", "active": True})
        assert (again.status_code, again.json()["version"]) == (200, 5)
        assert "location" not in again.headers


def test_a_document_can_be_sent_back_as_it_was_read(stocked: httpx2.Client) -> None:
    for path, (name, required, more) in NOUNS.items():
        item = f"{path}/again"
        assert stocked.put(item, json=required | more).status_code == 201
        document, tag = (read := stocked.get(item)).json(), read.headers["etag"]
        back = stocked.put(item, json=document, headers={"if-match": tag})
        assert back.status_code == 200, back.text
        own = {"version", "updated_at"}
        assert {m: v for m, v in back.json().items() if m not in own} == {m: v for m, v in document.items() if m not in own}
        for member in {"version", "created_at", "updated_at"} & set(document):
            wrong = back.json() | {member: 99 if member == "version" else "2001-01-01T00:00:00.000Z"}
            problem = check_problem(stocked.put(item, json=wrong, headers={"if-match": back.headers["etag"]}), 422, "RQ422")
            assert [error["pointer"] for error in problem["errors"]] == [f"/{member}"]
            assert "Read-only" in problem["errors"][0]["detail"]
        problem = check_problem(stocked.put(f"{path}/absent", json=required | {"version": 1}), 422, "RQ422")
        assert [error["pointer"] for error in problem["errors"]] == ["/version"]
        assert stocked.get(item).headers["etag"] == back.headers["etag"]
        assert name in document


def test_null_keeps_its_meaning_where_it_has_one(stocked: httpx2.Client) -> None:
    sku = {"sku_id": "priced", "name": "Priced", "price": 9.99, "size_ml": 150, "description": "Hot"}
    assert stocked.post("/v1/skus", json=sku).status_code == 201
    posted = stocked.post("/v1/skus", json={"sku_id": "priced", "name": "Renamed", "price": None, "description": None}).json()
    assert (posted["name"], posted["price"], posted["size_ml"], posted["description"]) == ("Renamed", None, 150, "Hot")


def test_a_list_says_of_each_element_whether_it_was_made(stocked: httpx2.Client) -> None:
    for path, (name, required, _) in NOUNS.items():
        elements = [{**required, name: "a"}, {**required, name: "b"}, {**required, name: "a", "active": False}]
        answer = stocked.post(path, json=elements)
        assert [result["status"] for result in answer.json()["results"]] == [201, 201, 200]


def test_a_dry_run_makes_changes_and_retires_nothing(stocked: httpx2.Client) -> None:
    for path, (name, required, more) in NOUNS.items():
        assert stocked.post(path, json={**required, name: "there"}).status_code == 201
        item = f"{path}/there"
        before = stocked.get(item).content
        for response in (
            stocked.put(f"{path}/new?dry_run=true", json=required),
            stocked.put(f"{item}?dry_run=true", json={**required, **more}, headers={"if-match": "*"}),
            stocked.patch(f"{item}?dry_run=true", json=more),
            stocked.delete(f"{item}?dry_run=true"),
        ):
            assert response.status_code in (200, 201), response.text
            assert response.headers["dry-run"] == "true"
            assert "location" not in response.headers
        assert stocked.get(f"{path}/new").status_code == 404
        assert stocked.get(item).content == before


def test_lists_go_by_key_and_filters_choose(stocked: httpx2.Client) -> None:
    def found(path: str, **params: Any) -> list[str]:
        name, found, cursor = NOUNS[path][0], [], None
        while True:
            page = stocked.get(path, params={**params, "limit": 2, **({"cursor": cursor} if cursor else {})})
            assert page.status_code == 200, page.text
            assert len(page.json()["data"]) <= 2
            found += [row[name] for row in page.json()["data"]]
            cursor = page.json()["next_cursor"]
            assert (cursor is None) == ("link" not in page.headers)
            if cursor is None:
                return found

    for path, (name, required, _) in NOUNS.items():
        before = found(path)
        ids = ["zz_a", "zz_b", "zz_c"]
        stocked.post(path, json=[{**required, name: id_, "active": id_ != "zz_b"} for id_ in ids])
        assert found(path) == [*before, *ids]
        assert found(path, q="ZZ_") == ids
        assert found(path, q="zz", active=False) == ["zz_b"]
        assert found(path, q="zz", active=True) == ["zz_a", "zz_c"]
        assert found(path, q="no such thing") == []
    assert found("/v1/skus", q="mango") == ["HOTSAUCE-002"]
    for path, (name, required, _) in NOUNS.items():
        title = "description" if path == "/v1/reason-codes" else "name"
        assert stocked.post(path, json={**required, name: "zz_d", title: TITLE, "active": False}).status_code == 201
        assert {q: found(path, q=q) for q in FINDING} == {q: ["zz_d"] for q in FINDING}
        assert {q: found(path, q=q) for q in NOT_FINDING} == {q: [] for q in NOT_FINDING}
    stocked.post("/v1/channels", json={"channel_id": "till", "name": "Till", "kind": "pos"})
    assert found("/v1/channels", kind="pos") == ["till"]
    assert found("/v1/reason-codes", direction="in", active=True) == ["found", "received", "restock", "return", "zz_a", "zz_c"]


def test_warehouses_and_channels_are_those_of_a_region(stocked: httpx2.Client) -> None:
    assert [row["warehouse_id"] for row in stocked.get("/v1/warehouses").json()["data"]] == ["WH-01"]
    for path in ("/v1/warehouses", "/v1/channels"):
        assert stocked.get(f"{path}?region=2").json()["data"] == []


def test_a_patch_may_say_that_it_is_a_merge_patch(stocked: httpx2.Client) -> None:
    headers = {"content-type": "application/merge-patch+json"}
    patched = stocked.patch("/v1/skus/HOTSAUCE-001", content=b'{"attributes": {"vegan": true}, "price": null}', headers=headers)
    assert patched.status_code == 200, patched.text
    assert (patched.json()["attributes"], patched.json()["price"]) == ({"vegan": True}, None)
    patched = stocked.patch("/v1/skus/HOTSAUCE-001", json={"attributes": {"vegan": None, "scoville": 9000}})
    assert patched.json()["attributes"] == {"scoville": 9000}
    for method, type_ in (("PATCH", "text/plain"), ("PATCH", "application/json-patch+json"), ("PUT", headers["content-type"])):
        response = stocked.request(method, "/v1/skus/X", content=b"{}", headers={"content-type": type_})
        check_problem(response, 415, "RQ415")
        accepted = "application/json, application/merge-patch+json" if method == "PATCH" else None
        assert response.headers.get("accept-patch") == accepted


def test_a_put_to_what_is_no_code_makes_nothing(stocked: httpx2.Client) -> None:
    for path, (_, required, _) in NOUNS.items():
        for bad in ("a b", "x" * 65, "-a", "ä"):
            check_problem(stocked.put(f"{path}/{bad}", json=required), 422, "VA001")


def test_a_code_that_differs_only_by_case_is_refused(stocked: httpx2.Client) -> None:
    for path, near in (("/v1/skus", "hotsauce-001"), ("/v1/warehouses", "wh-01"), ("/v1/channels", "WEB")):
        name, required, _ = NOUNS[path]
        check_problem(stocked.put(f"{path}/{near}", json=required), 409, "SK004")
        check_problem(stocked.post(path, json=required | {name: near}), 409, "SK004")
    for given in ({"sku_id": "hotsauce-001"}, {"warehouse_location": "wh-01"}):
        problem = check_problem(stocked.post("/v1/inventory", json=SKU | given, headers=key()), 409, "SK004")
        assert problem["errors"][0]["pointer"] == f"/{next(iter(given))}"


def test_if_none_match_with_rubbish_is_a_400(stocked: httpx2.Client) -> None:
    for value in ('"1"', "", "* *", "7"):
        response = stocked.put("/v1/skus/X", json={"name": "X"}, headers={"if-none-match": value})
        check_problem(response, 400, "RQ400")
    check_problem(stocked.patch("/v1/skus/X", json={"name": "X"}, headers={"if-none-match": "*"}), 400, "RQ400")


def test_sales_keep_skus_and_nothing_else(stocked: httpx2.Client, sales: httpx2.Client, integration: httpx2.Client) -> None:
    assert sales.patch("/v1/skus/HOTSAUCE-001", json={"price": 11.5}).json()["price"] == 11.5
    for path, (_, required, _) in NOUNS.items():
        for client in (sales, integration):
            assert client.get(path).status_code == 200
            if client is integration or path != "/v1/skus":
                check_problem(client.put(f"{path}/new", json=required), 403, "RQ403")
                check_problem(client.delete(f"{path}/new"), 403, "RQ403")


# What each member of a SKU needs: roles that may set this value. The admin's price is 12.99, so the bound is 6.50 to 19.48.
SKU_MEMBERS = (
    ({"name": "Fiery"}, "admin sales"),
    ({"description": "Hot."}, "admin sales"),
    ({"size_ml": 250}, "admin sales"),
    ({"flavor_profile": ["smoky"]}, "admin sales"),
    ({"reorder_point": 7}, "admin sales"),
    ({"attributes": {"vegan": True}}, "admin sales"),
    ({"price": 12.99, "currency": "USD", "active": True}, "admin sales"),  # as they are
    ({"price": 6.5}, "admin sales"),
    ({"price": 19.48}, "admin sales"),
    ({"price": 6.49}, "admin"),
    ({"price": 19.49}, "admin"),
    ({"price": 0}, "admin"),
    ({"price": None}, "admin"),
    ({"currency": "EUR"}, "admin"),
    ({"active": False}, "admin"),
)


@pytest.mark.parametrize(("change", "roles"), SKU_MEMBERS, ids=[next(iter(change)) for change, _ in SKU_MEMBERS])
def test_who_may_set_which_member_of_a_sku(
    stocked: httpx2.Client,
    sales: httpx2.Client,
    warehouse: httpx2.Client,
    integration: httpx2.Client,
    change: dict[str, Any],
    roles: str,
) -> None:
    path = "/v1/skus/HOTSAUCE-001"
    before = stocked.get(path).json()
    for client in (warehouse, integration):
        check_problem(client.patch(path, json=change), 403, "RQ403")
    answer = sales.patch(path, json=change)
    if "sales" in roles:
        assert answer.status_code == 200, answer.text
    else:
        problem = check_problem(answer, 403, "SK005")
        assert problem["errors"][0]["pointer"] == f"/{next(iter(change))}"
        assert "Ask an admin" in problem["detail"]
        assert stocked.get(path).json() == before
        check_problem(sales.post("/v1/skus", json={"sku_id": "HOTSAUCE-001", "name": "X"} | change), 403, "SK005")
        tag = stocked.get(path).headers["etag"]
        replacement = {"name": "X", "price": 12.99} | change
        check_problem(sales.put(path, json=replacement, headers={"if-match": tag}), 403, "SK005")
    assert stocked.patch(path, json=change).status_code == 200


def test_sales_start_and_end_no_sale(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    assert "role admin" in check_problem(sales.delete("/v1/skus/HOTSAUCE-001"), 403, "RQ403")["detail"]
    assert stocked.delete("/v1/skus/HOTSAUCE-001").status_code == 200
    check_problem(sales.patch("/v1/skus/HOTSAUCE-001", json={"active": True}), 403, "SK005")
    assert sales.patch("/v1/skus/HOTSAUCE-001", json={"name": "Still described"}).status_code == 200


def test_all_that_sales_may_not_change_is_told_at_once(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    change = {"price": 0, "currency": "EUR", "active": False, "name": "Mine"}
    problem = check_problem(sales.patch("/v1/skus/HOTSAUCE-001", json=change), 403, "SK005")
    assert [error["pointer"] for error in problem["errors"]] == ["/active", "/currency", "/price"]
    described, free = {"sku_id": "HOTSAUCE-001", "name": "A"}, {"sku_id": "HOTSAUCE-001", "name": "B", "price": 0}
    listed = sales.post("/v1/skus", json=[described, free])
    assert [result["status"] for result in listed.json()["results"]] == [200, 403]


def test_steps_in_a_row_do_not_leave_the_bound_of_a_price(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    path = "/v1/skus/HOTSAUCE-001"
    assert sales.patch(path, json={"price": 7}).status_code == 200
    problem = check_problem(sales.patch(path, json={"price": 3.5}), 403, "SK005")
    assert (problem["errors"][0]["price_min"], problem["errors"][0]["price_max"]) == (6.5, 19.48)
    assert sales.patch(path, json={"price": 19}).status_code == 200
    assert stocked.patch(path, json={"price": 40}).status_code == 200
    assert sales.patch(path, json={"price": 60}).status_code == 200


def test_sales_create_skus_that_cost_something(sales: httpx2.Client, admin: httpx2.Client) -> None:
    check_problem(sales.post("/v1/skus", json={"sku_id": "FREE", "name": "Free", "price": 0}), 403, "SK005")
    assert sales.post("/v1/skus", json={"sku_id": "NEW", "name": "New", "price": 5, "currency": "EUR"}).status_code == 201
    assert sales.post("/v1/skus", json={"sku_id": "BARE", "name": "Bare"}).status_code == 201
    check_problem(sales.patch("/v1/skus/BARE", json={"price": 0.01}), 403, "SK005")
    assert admin.patch("/v1/skus/BARE", json={"price": 8}).status_code == 200
    assert sales.patch("/v1/skus/BARE", json={"price": 9}).status_code == 200


def test_what_is_retired_over_http_takes_no_part(stocked: httpx2.Client) -> None:
    order = {"customer": {"name": "Jane"}, "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}], "channel": "web"}
    for path, code, status in (
        ("/v1/skus/HOTSAUCE-001", "OR006", 422),
        ("/v1/warehouses/WH-01", "ST001", 409),
        ("/v1/channels/web", "OR008", 422),
    ):
        assert stocked.delete(path).status_code == 200
        check_problem(stocked.post("/v1/orders", json=order, headers=key()), status, code)
        assert stocked.patch(path, json={"active": True}).status_code == 200
    assert stocked.post("/v1/orders", json=order, headers=key()).status_code == 201


def test_the_audit_of_a_change_of_the_catalog_says_who(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    changed = sales.patch("/v1/skus/HOTSAUCE-001", json={"price": 11.5}, headers={"x-request-id": "r-7"})
    [row] = stocked.get("/v1/audit", params={"table": "catalog.skus", "key": "HOTSAUCE-001", "limit": 1}).json()["data"]
    assert changed.headers["x-request-id"] == "r-7"
    assert (row["actor"], row["role"], row["request_id"].partition(":")[2]) == ("sales", "sales", "r-7")
    assert (row["old"]["price"], row["new"]["price"]) == (12.99, 11.5)
