"""Every bad input gets a 4xx problem document with a remedy, and changes nothing."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import msgspec
import pytest

from pyapp.api.orders import OrderDraft
from pyapp.api.table import ROUTES
from pyapp.http.decoding import parse
from pyapp.http.fields import Body
from pyapp.http.paths import VARIABLE
from pyapp.http.text import VALUES_MAX, plain_numbers
from pyapp.problems import Problem
from tests.calls import ORDER, SKU
from tests.http.conftest import Api, check_problem, key, stock_up

BODY_BYTES_MAX = 1024 * 1024
UNITS = {"sku_id": "HOTSAUCE-001", "quantity": 1}
LINE = ORDER["items"][0]  # type: ignore[index]

WRITES: dict[str, tuple[str, str, dict[str, Any], bool]] = {
    "receive": ("POST", "/v1/inventory", SKU, True),
    "adjust": (
        "POST",
        "/v1/inventory/adjust",
        {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "delta": -1, "reason_code": "damaged"},
        True,
    ),
    "count": ("PUT", "/v1/inventory/HOTSAUCE-001", {"warehouse_location": "WH-01", "stock": 9, "change_from_quantity": 1}, False),
    "order": ("POST", "/v1/orders", ORDER, True),
    "modify": ("PATCH", "/v1/orders/ORD-1-999999", {"items": [LINE], "customer": {"name": "Jane"}, "note": "x"}, False),
    "cancel": ("PUT", "/v1/orders/ORD-1-999999/cancel", {"reason": "changed mind"}, False),
    "fulfill": ("POST", "/v1/orders/ORD-1-999999/fulfillments", {"items": [UNITS]}, False),
    "undo": ("PUT", "/v1/orders/ORD-1-999999/fulfillments/FUL-1-999999/cancel", {"reason": "never collected"}, False),
    "reserve": ("POST", "/v1/reservations", {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}], "ttl_seconds": 60}, True),
    "extend": ("PATCH", "/v1/reservations/RSV-1-999999", {"ttl_seconds": 60}, False),
    "sku": ("POST", "/v1/skus", {"sku_id": "HOTSAUCE-001", "name": "Sauce"}, True),
    "channel": ("POST", "/v1/channels", {"channel_id": "web", "name": "Web"}, True),
    "warehouse": ("POST", "/v1/warehouses", {"warehouse_id": "WH-01", "name": "One"}, True),
    "reason": ("POST", "/v1/reason-codes", {"reason_code": "damaged", "description": "Damaged", "direction": "out"}, True),
    "put sku": ("PUT", "/v1/skus/HOTSAUCE-001", {"name": "Sauce"}, False),
    "patch sku": ("PATCH", "/v1/skus/HOTSAUCE-001", {"name": "Sauce"}, False),
    "put channel": ("PUT", "/v1/channels/web", {"name": "Web"}, False),
    "patch channel": ("PATCH", "/v1/channels/web", {"name": "Web"}, False),
    "put reason": ("PUT", "/v1/reason-codes/damaged", {"description": "Damaged", "direction": "out"}, False),
}
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def client(shared_api: Api) -> Iterator[httpx2.Client]:
    """The admin's client; fails at the end if the data changed."""
    client = shared_api.client("admin")
    paths = ("/v1/inventory?limit=200", "/v1/orders?limit=200", "/v1/inventory/HOTSAUCE-001")
    before = [client.get(path).content for path in paths]
    yield client
    assert [client.get(path).content for path in paths] == before


def send(client: httpx2.Client, name: str, body: bytes | dict[str, Any] | list[Any], **headers: str) -> httpx2.Response:
    method, path, _, _ = WRITES[name]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.request(method, path, content=content, headers=JSON | key() | headers)


def names(*, lists: bool = False) -> list[str]:
    return [name for name, write in WRITES.items() if write[3] or not lists]


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"nonsense", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": Infinity}', "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b'{"a": 1} {"a": 2}', "not JSON"),
        (b'\xef\xbb\xbf{"a": 1}', "not JSON"),
        (b"   \n ", "empty"),
        (b"{}\0", "not JSON"),
        (b"\0", "not JSON"),
        (b'{"note": "\0"}', "not JSON"),
        (b'{"note": "\xff\xfe"}', "UTF-8"),
        (b'{"\xc3\x28": 1}', "UTF-8"),
        (b'{"note": "\xed\xa0\x80"}', "UTF-8"),
        ('{"note": "x"}'.encode("utf-16"), "not JSON"),
        (b'{"note": "a", "note": "b"}', "twice"),
        (b'{"note": "a", "n\\u006fte": "b"}', "twice"),
        (b'{"items": [{"quantity": 1, "quantity": 2}]}', "twice"),
    ],
)
def test_what_is_no_json_text_is_a_400(client: httpx2.Client, name: str, body: bytes, words: str) -> None:
    problem = check_problem(send(client, name, body), 400, "RQ400")
    assert words in problem["detail"]


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"[" * 33 + b"]" * 33, ""),
        (b'{"attributes":' * 40 + b"1" + b"}" * 40, ""),
        (b"[" * 100_000 + b"]" * 100_000, ""),
        (b'{"x":' * 100_000 + b"1" + b"}" * 100_000, ""),
        (b'{"note": "a\\u0000b"}', "/note"),
        (b'{"a\\u0000": 1}', "/a\\u0000"),
        (b'{"note": "\\ud800"}', "/note"),
        (b'{"note": "\\udc00x"}', "/note"),
        (b'"text"', ""),
        (b"7", ""),
        (b"null", ""),
        (b"true", ""),
    ],
)
def test_what_cannot_be_stored_is_a_422_with_its_place(client: httpx2.Client, name: str, body: bytes, pointer: str) -> None:
    response = send(client, name, body)
    if response.status_code == 400:  # msgspec refuses an unpaired surrogate first
        check_problem(response, 400, "RQ400")
        return
    problem = check_problem(response, 422, "RQ422")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize("name", [name for name in names() if name != "cancel"])
def test_an_empty_body_is_a_400(client: httpx2.Client, name: str) -> None:
    check_problem(send(client, name, b""), 400, "RQ400")


@pytest.mark.parametrize("name", names())
def test_an_unknown_field_is_a_422_that_names_it(client: httpx2.Client, name: str) -> None:
    problem = check_problem(send(client, name, WRITES[name][2] | {"co~l/or": "red"}), 422, "RQ422")
    [error] = problem["errors"]
    assert error["pointer"] == "/co~0l~1or"
    assert error["detail"].startswith("Unknown field 'co~l/or'. Known here: ")


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        (b'{"a": 3.0, "b": -3.000, "c": 3e0, "d": 1.5E1, "e": 12.50}', b'{"a": 3, "b": -3, "c": 3, "d": 15, "e": 12.5}'),
        (b'{"a": 3.5, "b": 0.0, "c": 120, "d": -7}', b'{"a": 3.5, "b": 0, "c": 120, "d": -7}'),
        (b'{"a 1.0": "1.0 \\" 2.0", "b": ["3.0", 4.0]}', b'{"a 1.0": "1.0 \\" 2.0", "b": ["3.0", 4]}'),
        (b'{"a": 1.005, "b": 1.00500, "c": 100.0e1, "d": 1.0050e1}', b'{"a": 1.005, "b": 1.005, "c": 1000, "d": 10.05}'),
        (b'{"a": 1e400, "b": 1e-400, "c": 0.1234567890123456789012345}', None),
    ],
)
def test_numbers_are_the_same_however_they_are_written(written: bytes, plain: bytes | None) -> None:
    assert plain_numbers(written) == (written if plain is None else plain)


def sized(unit: bytes, before: bytes = b'{"items":[', after: bytes = b"1]}", number: int = BODY_BYTES_MAX) -> bytes:
    """Repetitions of the unit, at most this number, in a body of at most 1 MiB."""
    return before + unit * min(number, (BODY_BYTES_MAX - len(before + after)) // len(unit)) + after


# For each shape: as many values as a body may have, and as many as fit in it.
HEAVY = {
    f"{name} {number}": sized(unit, before, after, number)
    for number in (VALUES_MAX - 2, BODY_BYTES_MAX)
    for name, unit, before, after in (
        ("numbers", b"1.0,", b'{"items":[', b"1]}"),
        ("long numbers", b"1.000000,", b'{"items":[', b"1]}"),
        ("powers", b"1e2,", b'{"items":[', b"1]}"),
        ("escapes", b'"\\n",', b'{"items":[', b"1]}"),
        ("bad escapes", b'"\\n",', b'{"items":[', b'"\\ud800"]}'),
        ("NUL", b'"\\u0000",', b'{"items":[', b"1]}"),
        ("lists", b"[],", b"[", b"1]"),
        ("objects", b"{},", b"[", b"1]"),
        ("lines", b'{"sku_id":"X","quantity":1.0},', b'{"items":[', b"1]}"),
        ("escapes 31 levels deep", b"\\n", b"[" * 31 + b'"', b'"' + b"]" * 31),
        ("strings 31 levels deep", b'"\\n",', b"[" * 31, b"1" + b"]" * 31),
        ("towers", b"[" * 30 + b"]" * 30 + b",", b"[", b"1]"),
        ("spaces", b" ", b'{"items":[', b"1]}"),
    )
} | {
    "names": b'{"note":"\\n"%b}' % b"".join(b',"n%d\\u006f":1' % number for number in range(70_000)),
    "duplicate names": b'{"a":1%b,"n89999":2}' % b"".join(b',"n%d":1' % number for number in range(90_000)),
    "depths": b"[" * VALUES_MAX + b"]" * VALUES_MAX,
}
PARSE_SECONDS_MAX = 0.06  # or three times what Python's own parser needs for a mebibyte of numbers


def least_seconds(run: Callable[[], object]) -> float:
    """The CPU time of the best of three: a busy machine may slow one down."""
    seconds = []
    for _ in range(3):
        started = time.process_time()
        run()
        seconds.append(time.process_time() - started)
    return min(seconds)


@pytest.mark.parametrize("name", HEAVY)
def test_no_mebibyte_holds_up_the_loop(name: str) -> None:

    def refuse() -> None:
        with pytest.raises(Problem) as refused:
            parse(HEAVY[name], OrderDraft, many=True)
        assert refused.value.code in ("RQ400", "RQ413", "RQ422")

    seconds = least_seconds(refuse)
    assert seconds < max(PARSE_SECONDS_MAX, 3 * least_seconds(lambda: json.loads(HEAVY[f"numbers {BODY_BYTES_MAX}"])))


def test_a_body_has_a_largest_number_of_values(client: httpx2.Client) -> None:
    problem = check_problem(send(client, "receive", HEAVY[f"numbers {BODY_BYTES_MAX}"]), 413, "RQ413")
    assert str(VALUES_MAX) in problem["detail"]


def test_a_whole_number_may_have_a_decimal_point(api: Api) -> None:
    stock_up(api.client("admin"))
    body = b'{"customer": {"name": "A 1.0"}, "items": [{"sku_id": "HOTSAUCE-001", "quantity": 3.0, "price": 1.2990e1}]}'
    headers = key() | {"content-type": "application/json"}
    response = api.client("admin").post("/v1/orders", content=body, headers=headers)
    assert response.status_code == 201, response.text
    assert response.json()["total_price"] == 38.97
    assert response.json()["customer"]["name"] == "A 1.0"
    half = api.client("admin").post("/v1/orders", content=body.replace(b"3.0", b"3.5"), headers=key() | headers)
    check_problem(half, 422, "RQ422")


@pytest.mark.parametrize("name", names())
def test_a_client_cannot_send_meta(client: httpx2.Client, name: str) -> None:
    meta = {"meta": {"actor": "root"}}
    problem = check_problem(send(client, name, WRITES[name][2] | meta), 422, "RQ422")
    assert problem["errors"][0]["pointer"] == "/meta"


NULLABLE = {("modify", "note")} | {
    (name, field)
    for name, (method, path, sent, _) in WRITES.items()
    for route in ROUTES
    if method != "PATCH" and route.method == method and re.fullmatch(VARIABLE.sub("[^/]+", route.path), path)
    for member in msgspec.structs.fields(route.body or Body)
    if not member.required
    for field in sent
    if field == member.encode_name
}


def wrong_types() -> Iterator[tuple[str, str, object]]:
    for name, (_, _, body, _) in WRITES.items():
        for field, value in body.items():
            wrong: object
            for wrong in ([], {}, 7, 7.5, "text", True, None, [[]], ""):
                alike = isinstance(wrong, str) and isinstance(value, str)
                number = isinstance(wrong, int | float) and isinstance(value, int | float) and not isinstance(wrong, bool)
                # null removes the note; in POST and PUT it means that an optional member is left out
                nothing = wrong is None and (name, field) in NULLABLE
                if not alike and not number and not nothing and type(wrong) is not type(value):
                    yield name, field, wrong


@pytest.mark.parametrize(("name", "field", "value"), list(wrong_types()))
def test_a_wrong_type_is_a_422_with_its_place(client: httpx2.Client, name: str, field: str, value: object) -> None:
    problem = check_problem(send(client, name, WRITES[name][2] | {field: value}), 422, "RQ422")
    assert [error["pointer"].split("/")[1] for error in problem["errors"]] == [field]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (name, field)
        for name, fields in {
            "receive": ("sku_id", "warehouse_location", "stock"),
            "adjust": ("sku_id", "warehouse_location", "delta", "reason_code"),
            "count": ("warehouse_location", "stock"),
            "order": ("customer",),
            "reserve": ("items",),
            "sku": ("sku_id", "name"),
            "channel": ("channel_id", "name"),
            "warehouse": ("warehouse_id", "name"),
            "reason": ("reason_code", "description", "direction"),
            "put sku": ("name",),
            "put reason": ("description", "direction"),
        }.items()
        for field in fields
    ],
)
def test_a_missing_field_is_a_422_that_names_it(client: httpx2.Client, name: str, field: str) -> None:
    body = {member: value for member, value in WRITES[name][2].items() if member != field}
    problem = check_problem(send(client, name, body), 422, "RQ422")
    assert problem["errors"] == [{"pointer": f"/{field}", "detail": f"The field {field} is required."}]


def line(**changes: object) -> dict[str, Any]:
    return ORDER | {"items": [LINE | changes]}


@pytest.mark.parametrize(
    ("name", "body", "pointer"),
    [
        ("order", line(quantity=0), "/items/0/quantity"),
        ("order", line(quantity=-1), "/items/0/quantity"),
        ("order", line(quantity=1_000_001), "/items/0/quantity"),
        ("order", line(quantity=10**30), "/items/0/quantity"),
        ("order", line(quantity=1.5), "/items/0/quantity"),
        ("order", line(price=-1), "/items/0/price"),
        ("order", line(price=12.99999), "/items/0/price"),
        ("order", line(price=10_000_000_000), "/items/0/price"),
        ("order", line(price="12.99"), "/items/0/price"),
        ("order", line(amount=-1), "/items/0/amount"),
        ("order", line(amount=10**14), "/items/0/amount"),
        ("order", line(sku_id="HOTSAUCE 001"), "/items/0/sku_id"),
        ("order", line(sku_id="HOTSAUCE-001\n"), "/items/0/sku_id"),
        ("order", line(sku_id="x" * 65), "/items/0/sku_id"),
        ("order", line(sku_id="'; drop table orders.orders; --"), "/items/0/sku_id"),
        ("order", line(color="red"), "/items/0/color"),
        ("order", ORDER | {"items": []}, "/items"),
        ("order", ORDER | {"items": [LINE] * 1001}, "/items"),
        ("order", ORDER | {"items": {}}, "/items"),
        ("order", ORDER | {"created_at": "2024-02-30T00:00:00Z"}, "/created_at"),
        ("order", ORDER | {"created_at": "2024-06-01T13:45:30"}, "/created_at"),
        ("order", ORDER | {"created_at": "2024-06-01T25:00:00Z"}, "/created_at"),
        ("order", ORDER | {"created_at": "yesterday"}, "/created_at"),
        ("order", ORDER | {"created_at": "0001-01-01T00:00:00+10:00"}, "/created_at"),
        ("order", ORDER | {"status": "completed"}, "/status"),
        ("order", ORDER | {"total_price": 49.99999}, "/total_price"),
        ("order", ORDER | {"total_price": 1e300}, "/total_price"),
        ("order", ORDER | {"customer": {"name": ""}}, "/customer/name"),
        ("order", ORDER | {"customer": {"name": "  "}}, "/customer/name"),
        ("order", ORDER | {"customer": {"name": "x" * 201}}, "/customer/name"),
        ("order", ORDER | {"customer": {"name": "Jane", "email": "jane"}}, "/customer/email"),
        ("order", ORDER | {"customer": {"name": "Jane", "phone": " "}}, "/customer/phone"),
        ("order", ORDER | {"order_id": "A", "external_id": "B"}, "/external_id"),
        ("order", ORDER | {"order_id": "A B"}, "/order_id"),
        ("receive", SKU | {"expiration_date": "2025-02-30"}, "/expiration_date"),
        ("receive", SKU | {"expiration_date": "2025-13-01"}, "/expiration_date"),
        ("receive", SKU | {"expiration_date": "30.04.2025"}, "/expiration_date"),
        ("receive", SKU | {"expiration_date": "0000-00-00"}, "/expiration_date"),
        ("receive", SKU | {"expiration_date": "2025-04-30T00:00:00Z"}, "/expiration_date"),
        ("receive", SKU | {"stock": -1}, "/stock"),
        ("receive", SKU | {"stock": 1_000_000_001}, "/stock"),
        ("receive", SKU | {"stock": 10**400}, "/stock"),
        ("receive", SKU | {"size_ml": 0}, "/size_ml"),
        ("receive", SKU | {"attributes": []}, "/attributes"),
        ("receive", SKU | {"attributes": {"a": "x" * 20_000}}, "/attributes"),
        ("receive", SKU | {"flavor_profile": ["hot", 7]}, "/flavor_profile/1"),
        ("receive", SKU | {"lot_number": "OTHER"}, "/lot_number"),
        ("receive", SKU | {"warehouse_location": "../etc"}, "/warehouse_location"),
        ("adjust", WRITES["adjust"][2] | {"delta": 0}, "/delta"),
        ("adjust", WRITES["adjust"][2] | {"delta": -(10**10)}, "/delta"),
        ("adjust", WRITES["adjust"][2] | {"note": "x" * 1001}, "/note"),
        ("adjust", WRITES["adjust"][2] | {"reason_code": "Damaged!"}, "/reason_code"),
        ("count", WRITES["count"][2] | {"stock": -1}, "/stock"),
        ("fulfill", {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 0}]}, "/items/0/quantity"),
        ("fulfill", {"items": [UNITS | {"batch_number": " "}]}, "/items/0/batch_number"),
        ("fulfill", {"items": [UNITS | {"batch_number": "A", "lot_number": "B"}]}, "/items/0/lot_number"),
        ("fulfill", {"items": [UNITS | {"reason_code": "Damaged!"}]}, "/items/0/reason_code"),
        ("fulfill", {"shipped_at": "2024-06-01"}, "/shipped_at"),
        ("undo", {"reason": ""}, "/reason"),
        ("modify", {"items": []}, "/items"),
        ("modify", {"items": [LINE | {"price": 12.99999}]}, "/items/0/price"),
        ("modify", {"customer": {"name": None}}, "/customer/name"),
        ("modify", {"customer": {"email": "jane"}}, "/customer/email"),
        ("modify", {"total_price": "10"}, "/total_price"),
        ("modify", {"channel": "pos"}, "/channel"),
        ("channel", WRITES["channel"][2] | {"kind": "smoke"}, "/kind"),
        ("channel", WRITES["channel"][2] | {"warehouses": ["WH 1"]}, "/warehouses/0"),
        ("channel", WRITES["channel"][2] | {"region_id": 0}, "/region_id"),
        ("warehouse", WRITES["warehouse"][2] | {"region_id": 40_000}, "/region_id"),
        ("sku", WRITES["sku"][2] | {"price": 1.23456}, "/price"),
        ("sku", WRITES["sku"][2] | {"currency": "usd"}, "/currency"),
        ("patch sku", {"attributes": None}, "/attributes"),
        ("patch sku", {"name": None}, "/name"),
        ("patch channel", {"kind": "smoke"}, "/kind"),
        ("reason", WRITES["reason"][2] | {"direction": "up"}, "/direction"),
        ("reason", WRITES["reason"][2] | {"reason_code": "Damaged"}, "/reason_code"),
    ],
)
def test_a_wrong_value_is_a_422_with_its_place(client: httpx2.Client, name: str, body: dict[str, Any], pointer: str) -> None:
    problem = check_problem(send(client, name, body), 422, "RQ422")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize("name", ["count", "put sku"])
def test_a_body_that_contradicts_its_path_is_a_422(client: httpx2.Client, name: str) -> None:
    problem = check_problem(send(client, name, WRITES[name][2] | {"sku_id": "HOTSAUCE-002"}), 422, "VA001")
    assert [error["pointer"] for error in problem["errors"]] == ["/sku_id"]


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"1E999999999", b"1" * 5000, b"0." + b"1" * 5000])
@pytest.mark.parametrize("field", ["price", "quantity"])
def test_a_number_beyond_all_ranges_is_a_4xx(client: httpx2.Client, number: bytes, field: str) -> None:
    body = json.dumps(line(**{field: 4242})).encode().replace(b"4242", number)
    response = send(client, "order", body)
    assert response.status_code in (400, 422)
    check_problem(response, response.status_code, response.json()["code"])


@pytest.mark.parametrize("name", names(lists=True))
def test_1001_elements_are_a_422(client: httpx2.Client, name: str) -> None:
    problem = check_problem(send(client, name, [WRITES[name][2] and {}] * 1001), 422, "RQ422")
    assert "1000" in problem["errors"][0]["detail"]


@pytest.mark.parametrize("name", names(lists=True))
def test_an_empty_list_is_a_422(client: httpx2.Client, name: str) -> None:
    check_problem(send(client, name, []), 422, "RQ422")


@pytest.mark.parametrize("name", [name for name in names() if not WRITES[name][3]])
def test_a_list_where_one_object_is_expected_is_a_422(client: httpx2.Client, name: str) -> None:
    check_problem(send(client, name, [WRITES[name][2]]), 422, "RQ422")


def test_in_a_list_each_bad_element_is_named_and_none_is_carried_out(client: httpx2.Client) -> None:
    bodies = [SKU, SKU | {"stock": -1}, SKU, SKU | {"color": "red"}]
    problem = check_problem(send(client, "receive", bodies), 422, "RQ422")
    assert [error["pointer"] for error in problem["errors"]] == ["/1/stock", "/3/color"]


def test_all_faults_of_a_body_are_told_at_once_in_plain_words(client: httpx2.Client) -> None:
    body = {
        "customer": {"name": "", "emial": "jane@example.com"},
        "items": [
            {"sku_id": "HOT SAUCE", "quantity": "3", "price": 1.99999},
            {"quantiy": 1},
            {"sku_id": "HOTSAUCE-001", "quantity": 1.5, "price": "12.99"},
            {"sku_id": "HOTSAUCE-001", "quantity": 0},
        ],
        "status": "shiped",
        "created_at": "yesterday",
        "chanel": "web",
        "note": 7,
        "external_id": None,
        "order_id": "x" * 101,
        "total_price": -1,
    }
    problem = check_problem(send(client, "order", body), 422, "RQ422")
    said = {error["pointer"]: error["detail"] for error in problem["errors"]}
    known = ", ".join(sorted(OrderDraft.__struct_fields__))
    money = "Must be a JSON number with at most four decimals, such as 12.99."
    assert said == {
        "/customer/name": "Must have at least 1 character.",
        "/customer/emial": "Unknown field 'emial'. Did you mean email? Known here: address, email, name, phone.",
        "/items/0/sku_id": (
            "Expected a code: letters, digits, dot, underscore and hyphen, at most 64, beginning with a letter or digit."
        ),
        "/items/0/quantity": "Expected a whole number, not a string.",
        "/items/0/price": money,
        "/items/1/quantiy": "Unknown field 'quantiy'. Did you mean quantity? "
        "Known here: address, amount, canceled, components, fulfilled, price, quantity, sku_id.",
        "/items/1/sku_id": "The field sku_id is required.",
        "/items/1/quantity": "The field quantity is required.",
        "/items/2/quantity": "Expected a whole number, not a fraction.",
        "/items/2/price": money,
        "/items/3/quantity": "Must be at least 1.",
        "/status": said["/status"],
        "/created_at": "No such day or moment, or not written as a date-time such as 2024-06-01T13:45:30Z.",
        "/chanel": f"Unknown field 'chanel'. Did you mean channel? Known here: {known}.",
        "/note": "Expected a string or null, not a whole number.",
        "/order_id": "Must have at most 100 characters.",
        "/total_price": money,
    }


@pytest.mark.parametrize(
    ("name", "body", "pointer", "detail"),
    [
        ("order", 7, "", "Expected an object, not a whole number."),
        ("count", [1], "", "Expected an object, not a list: send one at a time."),
        ("receive", SKU | {"expiration_date": "30/04/2027"}, "/expiration_date", "date such as 2024-06-01"),
        ("receive", SKU | {"stock": None}, "/stock", "Expected a whole number, not null."),
        ("receive", SKU | {"stock": 1e9 + 1}, "/stock", "Must be at most 1000000000."),
        ("patch sku", {"name": None}, "/name", "Expected a string, not null."),
        ("patch sku", {"flavor_profile": "hot"}, "/flavor_profile", "Expected a list, not a string."),
        ("patch sku", {"size_ml": "1"}, "/size_ml", "Expected a whole number or null, not a string."),
        ("patch sku", {"active": "yes"}, "/active", "Expected true or false, not a string."),
        ("adjust", WRITES["adjust"][2] | {"delta": 0, "note": 1}, "/delta", "Must not be 0."),
        ("sku", WRITES["sku"][2] | {"currency": "usd"}, "/currency", "Not of the expected form, such as USD."),
        (
            "reason",
            WRITES["reason"][2] | {"direction": "inn"},
            "/direction",
            "Expected one of in, out, both, pick. Did you mean in?",
        ),
        ("order", ORDER | {"items": []}, "/items", "Must have at least 1 element."),
        ("order", ORDER | {"items": [LINE] * 1001}, "/items", "Must have at most 1000 elements."),
    ],
)
def test_a_fault_is_told_in_plain_words(client: httpx2.Client, name: str, body: Any, pointer: str, detail: str) -> None:
    problem = check_problem(send(client, name, body), 422, "RQ422")
    [said] = [error["detail"] for error in problem["errors"] if error["pointer"] == pointer]
    assert detail in said
    assert "`" not in json.dumps(problem)


def test_a_value_that_is_none_of_a_few_gets_them(client: httpx2.Client) -> None:
    problem = check_problem(send(client, "channel", WRITES["channel"][2] | {"kind": "webb"}), 422, "RQ422")
    assert problem["errors"][0]["allowed"] == ["web", "pos", "marketplace", "wholesale"]
    problem = check_problem(client.get("/v1/orders?status=shipped"), 400, "RQ400")
    assert "fulfilled" in problem["errors"][0]["allowed"]


def test_of_many_faults_the_first_20_are_told(client: httpx2.Client) -> None:
    problem = check_problem(send(client, "order", ORDER | {"items": [{"quantity": 0}] * 100}), 422, "RQ422")
    assert len(problem["errors"]) == 20
    problem = check_problem(send(client, "order", [{"items": [{}] * 3}] * 1000), 422, "RQ422")
    assert len(problem["errors"]) == 20


def test_of_a_large_body_the_first_fault_is_told(client: httpx2.Client) -> None:
    """To find all of them takes time; nobody writes such a body by hand."""
    body = ORDER | {"items": [LINE | {"quantity": 0, "color": "red"}] * 1000, "note": 7}
    problem = check_problem(send(client, "order", body), 422, "RQ422")
    assert [error["pointer"] for error in problem["errors"]] == ["/items/0/quantity"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("HOTSUACE-001", "HOTSAUCE-001"),
        ("hotsauce-001", "HOTSAUCE-001"),
        ("HOTSAUCE-0O1", "HOTSAUCE-001"),
        ("HOTSAUCE-01", "HOTSAUCE-001"),
        ("HOTSAUCE001", "HOTSAUCE-001"),
        ("HOTSAUUCE-001", "HOTSAUCE-001"),
        ("HOTSAUCE-999", None),
        ("X", None),
        ("x" * 64, None),
    ],
)
def test_an_unknown_sku_gets_a_similar_one(client: httpx2.Client, written: str, meant: str | None) -> None:
    line = {"sku_id": written, "quantity": 1}
    said = [
        check_problem(send(client, name, WRITES[name][2] | {"items": [line]}), 422, "ST002")["errors"][0]["detail"]
        for name in ("order", "reserve")
    ]
    said.append(check_problem(send(client, "adjust", WRITES["adjust"][2] | {"sku_id": written}), 422, "ST002")["detail"])
    for path in ("/v1/inventory/{}", "/v1/inventory/{}/movements", "/v1/inventory/{}/batches", "/v1/skus/{}"):
        said.append(check_problem(client.get(path.format(written)), 404, "ST010")["detail"])
    for detail in said:
        assert (f"Did you mean {meant}?" in detail) if meant else ("Did you mean" not in detail)


@pytest.mark.parametrize(("written", "meant"), [("WH-1", "WH-01"), ("wh-01", "WH-01"), ("WH01", "WH-01"), ("WH-77", None)])
def test_an_unknown_warehouse_gets_a_similar_one(client: httpx2.Client, written: str, meant: str | None) -> None:
    adjust = WRITES["adjust"][2] | {"warehouse_location": written}
    channel = WRITES["channel"][2] | {"warehouses": [written], "region_id": 1}
    for name, body in (("adjust", adjust), ("channel", channel)):
        [error] = check_problem(send(client, name, body), 422, "ST003")["errors"]
        assert (f"Did you mean {meant}?" in error["detail"]) if meant else ("Did you mean" not in error["detail"])


def test_a_long_list_gets_no_similar_codes(client: httpx2.Client) -> None:
    """To look for them takes half a millisecond each."""
    for number, told in ((128, True), (129, False)):
        orders = [ORDER | {"items": [LINE | {"sku_id": "hotsauce-001"}] * 4}] * number
        response = send(client, "order", orders)
        assert response.status_code == 207
        for result in response.json()["results"]:
            said = [error["detail"] for error in result["problem"]["errors"]]
            assert ["Did you mean HOTSAUCE-001?" in detail for detail in said] == [told, told, told, False]


def test_nobody_is_told_of_a_warehouse_of_others(shared_api: Api) -> None:
    with shared_api.client("warehouse", warehouses=["WH-02"]) as staff:
        problem = check_problem(send(staff, "adjust", WRITES["adjust"][2] | {"warehouse_location": "wh-01"}), 422, "ST003")
    assert "WH-01" not in problem["detail"]


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/v1/inventory/", "/v1/inventory"),
        ("/inventory", "/v1/inventory"),
        ("/orders/ORD-1-1/", "/v1/orders/ORD-1-1"),
        ("/v1/inventry", "/v1/inventory"),
        ("/v1/inventory/HOTSAUCE-001/movement", "/v1/inventory/HOTSAUCE-001/movements"),
        ("/v1/analytics/turn-over", "/v1/analytics/turnover"),
        ("/sku", "/v1/skus"),
        ("/v1//orders", "/v1/orders"),
        ("/v1/nothing-alike", None),
        ("/v1/inventory/%00/movement", None),
        ("/wp-login.php", None),
    ],
)
def test_an_unknown_path_gets_a_similar_one(client: httpx2.Client, path: str, nearest: str | None) -> None:
    detail = check_problem(client.get(path), 404, "RQ404")["detail"]
    assert detail == "This path does not exist." + (f" Did you mean {nearest}?" if nearest else "")


@pytest.mark.parametrize("name", [name for name in names() if WRITES[name][0] != "PATCH"])
def test_null_means_left_out(client: httpx2.Client, name: str) -> None:
    """For every optional member of every body of POST and PUT."""
    method, path, _, _ = WRITES[name]
    [body] = [route.body for route in ROUTES if route.method == method and re.fullmatch(VARIABLE.sub("[^/]+", route.path), path)]
    assert body is not None
    optional = [member.encode_name for member in msgspec.structs.fields(body) if not member.required]
    sent = {member: WRITES[name][2].get(member) for member in [*optional, *WRITES[name][2]]}
    sent |= {member: None for member in optional if member not in ("items", "change_from_quantity", "ttl_seconds")}
    without, given = (
        client.request(method, f"{path}?dry_run=true", json=content, headers=key())
        for content in ({member: value for member, value in sent.items() if value is not None}, sent)
    )
    assert given.status_code == without.status_code
    assert given.json().get("code") == without.json().get("code")
    assert given.json().get("code") != "RQ422"


def test_an_order_can_be_sent_again_as_it_was_answered(api: Api) -> None:
    stock_up(api.client("admin"))
    client = api.client("sales", channels=["web"])
    placed = client.post("/v1/orders", json={"customer": {"name": "Jane"}, "items": [LINE]}, headers=key()).json()
    assert placed["customer"]["email"] is None
    again = {member: placed[member] for member in ("customer", "note", "external_id", "channel")}
    again["items"] = [{"sku_id": line["sku_id"], "quantity": line["quantity"], "price": None} for line in placed["items"]]
    assert client.post("/v1/orders", json=again, headers=key()).status_code == 201


@pytest.mark.parametrize("name", names())
def test_two_mebibytes_are_a_413(client: httpx2.Client, name: str) -> None:
    body = b'{"note": "' + b"x" * (2 * BODY_BYTES_MAX) + b'"}'
    check_problem(send(client, name, body), 413, "RQ413")


@pytest.mark.parametrize("name", names())
def test_two_mebibytes_in_chunks_are_a_413(client: httpx2.Client, name: str) -> None:
    method, path, _, _ = WRITES[name]
    chunks = (b"x" * 65536 for _ in range(32))
    check_problem(client.request(method, path, content=chunks, headers=JSON | key()), 413, "RQ413")


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "application/json; charset=latin-1", "json"]
)
def test_another_media_type_is_a_415(client: httpx2.Client, name: str, media: str) -> None:
    check_problem(send(client, name, WRITES[name][2], **{"content-type": media}), 415, "RQ415")


def test_a_compressed_body_is_a_415(client: httpx2.Client) -> None:
    check_problem(send(client, "order", ORDER, **{"content-encoding": "gzip"}), 415, "RQ415")


READS = (
    "/v1/inventory",
    "/v1/inventory/warehouses",
    "/v1/inventory/HOTSAUCE-001",
    "/v1/inventory/HOTSAUCE-001/movements",
    "/v1/orders",
    "/v1/orders/ORD-1-999999",
    "/v1/audit",
)


@pytest.mark.parametrize("path", READS)
def test_an_unknown_query_parameter_is_a_400_that_names_the_known_ones(client: httpx2.Client, path: str) -> None:
    problem = check_problem(client.get(path, params={"color": "red"}), 400, "RQ400")
    assert "'color'" in problem["detail"]
    assert "region" in problem["detail"]


@pytest.mark.parametrize("name", names())
def test_an_unknown_query_parameter_on_a_write_is_a_400(client: httpx2.Client, name: str) -> None:
    method, path, body, _ = WRITES[name]
    response = client.request(method, path, params={"dryrun": "true"}, json=body, headers=key())
    assert "dry_run" in check_problem(response, 400, "RQ400")["detail"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/inventory", "limit=0"),
        ("/v1/inventory", "limit=201"),
        ("/v1/inventory", "limit=-1"),
        ("/v1/inventory", "limit=ten"),
        ("/v1/inventory", "limit=1.5"),
        ("/v1/inventory", "limit="),
        ("/v1/inventory", f"limit={'9' * 5000}"),
        ("/v1/inventory", "limit=1&limit=2"),
        ("/v1/inventory", "low_stock=maybe"),
        ("/v1/inventory", "expiring_before=2025-02-30"),
        ("/v1/inventory", "expiring_before=soon"),
        ("/v1/inventory", "sku_id=a%20b"),
        ("/v1/inventory", "sku_id=%00"),
        ("/v1/inventory", "q=%00"),
        ("/v1/inventory", "q="),
        ("/v1/inventory", f"q={'x' * 201}"),
        ("/v1/inventory", "cursor="),
        ("/v1/inventory", f"cursor={'x' * 1001}"),
        ("/v1/inventory", "region=0"),
        ("/v1/inventory", "region=99999"),
        ("/v1/inventory", "&".join(["limit=1"] * 60)),
        ("/v1/orders", "from=2024-02-30"),
        ("/v1/orders", "to=2024-06-01T25:00:00Z"),
        ("/v1/orders", "from=2024-06-01T13:45:30"),
        ("/v1/orders", "from=now"),
        ("/v1/orders", "status=lost"),
        ("/v1/orders", "customer=%00"),
        ("/v1/orders", "sku=%27%3B--"),
        ("/v1/analytics/turnover", "month=2026-13-01"),
        ("/v1/analytics/expiring", "within_days=91"),
        ("/v1/analytics/stockouts", "open=2"),
        ("/v1/audit", "from=never"),
        ("/v1/audit", "actor=%00"),
    ],
)
def test_a_wrong_query_parameter_is_a_400(client: httpx2.Client, path: str, query: str) -> None:
    check_problem(client.get(f"{path}?{query}"), 400, "RQ400")


def test_51_query_parameters_are_a_400(client: httpx2.Client) -> None:
    problem = check_problem(client.get("/v1/orders?" + "&".join(["limit=1"] * 51)), 400, "RQ400")
    assert "More than 50 query parameters" in problem["detail"]


@pytest.mark.parametrize(
    "path", ["/v1/inventory", "/v1/orders", "/v1/audit", "/v1/inventory/HOTSAUCE-001/movements", "/v1/analytics/turnover"]
)
@pytest.mark.parametrize("cursor", ["nonsense", "e30", "W10", "bnVsbA", "%ff%fe", "eyJhIjoxfQ", "AAAA", "%F0%9F%8C%B6", "'"])
def test_a_cursor_that_was_made_up_is_a_4xx(client: httpx2.Client, path: str, cursor: str) -> None:
    response = client.get(f"{path}?cursor={cursor}")
    assert response.status_code in (400, 422), response.text
    check_problem(response, response.status_code, response.json()["code"])


@pytest.mark.parametrize("dry_run", ["maybe", "", "2", "yes"])
def test_dry_run_is_true_or_false(client: httpx2.Client, dry_run: str) -> None:
    check_problem(client.post("/v1/orders", params={"dry_run": dry_run}, json=ORDER, headers=key()), 400, "RQ400")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/inventory/%00",
        "/v1/inventory/%0a",
        "/v1/inventory/%ff",
        "/v1/inventory/" + "x" * 300,
        "/v1/inventory/%F0%9F%8C%B6",
        "/v1/inventory/NO-SUCH-SKU",
        "/v1/orders/ORD-1-99999999999999999999999999",
        "/v1/orders/ORD-1-9223372036854775807",
        "/v1/orders/ORD-99999-1",
        "/v1/orders/ORD-32767-1",
        "/v1/orders/ORD-0-1",
        "/v1/orders/ORD-01-1",
        "/v1/orders/%00",
        "/v1/orders/NO-SUCH-ORDER",
        "/v1/orders/'%20or%201=1",
        "/v1/orders/" + "x" * 300,
        "/v1/inventory/NO-SUCH-SKU/movements",
        "/v1/nothing",
        "/v1/inventory/",
        "/v1%2finventory",
        "/v1/inventory%2Fwarehouses",
        "/v1/orders/ORD-1-1%2fcancel",
        "/v1",
        "/nothing",
    ],
)
def test_what_is_not_there_is_a_404(client: httpx2.Client, path: str) -> None:
    response = client.get(path)
    check_problem(response, 404, response.json()["code"])


@pytest.mark.parametrize("name", ["modify", "cancel", "fulfill"])
@pytest.mark.parametrize("order_id", ["ORD-1-9999999999999999999999", "ORD-99999-1", "ORD-2-1", "NO-SUCH", "%00", "x" * 300])
def test_a_write_to_an_order_that_is_not_there_is_a_404(client: httpx2.Client, name: str, order_id: str) -> None:
    method, path, body, _ = WRITES[name]
    response = client.request(method, path.replace("ORD-1-999999", order_id), json=body, headers=key())
    check_problem(response, 404, response.json()["code"])


@pytest.mark.parametrize("value", ["", '""', '"', '"a', "x" * 256, f'"{"x" * 256}"', "käse", '"a\\b"'])
def test_a_malformed_idempotency_key_is_a_400(client: httpx2.Client, value: str) -> None:
    header = [(b"idempotency-key", value.encode())]
    for method, path, body, _ in WRITES.values():
        if path.startswith(("/v1/skus", "/v1/channels", "/v1/warehouses", "/v1/reason-codes")):
            continue
        check_problem(client.request(method, path, json=body, headers=header), 400, "ID003")


@pytest.mark.parametrize("name", ["receive", "adjust", "order", "fulfill"])
def test_a_missing_idempotency_key_is_a_400(client: httpx2.Client, name: str) -> None:
    method, path, body, _ = WRITES[name]
    problem = check_problem(client.request(method, path, json=body), 400, "ID003")
    assert "Idempotency-Key" in problem["detail"]


def test_two_idempotency_keys_are_a_400(client: httpx2.Client) -> None:
    headers = [("idempotency-key", "a"), ("idempotency-key", "b")]
    check_problem(client.post("/v1/orders", json=ORDER, headers=headers), 400, "ID003")


@pytest.mark.parametrize("value", ["7", "* *", 'W/"7"', '"7", "8"', '"7', "", '"a"b"'])
def test_if_match_with_rubbish_is_a_400(client: httpx2.Client, value: str) -> None:
    body = {"warehouse_location": "WH-01", "stock": 9}
    check_problem(client.put("/v1/inventory/HOTSAUCE-001", json=body, headers={"if-match": value}), 400, "RQ400")


@pytest.mark.parametrize("accept", ["text/plain", "text/html", "image/*", "application/json;q=0", "*/*;q=0"])
@pytest.mark.parametrize("path", READS)
def test_a_client_that_takes_no_json_gets_a_406(client: httpx2.Client, path: str, accept: str) -> None:
    check_problem(client.get(path, headers={"accept": accept}), 406, "RQ406")


@pytest.mark.parametrize("name", ["Accept", "Accept-Encoding", "If-None-Match"])
@pytest.mark.parametrize("path", ["/v1/inventory/HOTSAUCE-001", "/openapi.json", "/"])
def test_a_list_in_a_header_has_a_largest_length(client: httpx2.Client, name: str, path: str) -> None:
    """Each of its parts costs time; longer ones are refused rather than ignored, so that nobody wonders why."""
    short = client.get(path, headers={name: "*/*," + "a;q=0," * 100})
    assert short.status_code < 400
    long = client.get(path, headers={name: "*/*," + "a;q=0," * 200})
    read = {"Accept": path.startswith("/v1"), "Accept-Encoding": not path.startswith("/v1"), "If-None-Match": True}
    if read[name]:
        assert name in check_problem(long, 400, "RQ400")["detail"]
    else:
        assert long.status_code < 400


@pytest.mark.parametrize("header", [{}, {"accept": "text/html"}, {"accept": "a;q=0," * 200}, {"content-type": "text/plain"}])
def test_who_has_no_token_learns_nothing_else(shared_api: Api, header: dict[str, str]) -> None:
    with shared_api.client() as anyone:
        check_problem(anyone.post("/v1/orders?color=red", content=b"{", headers=header), 401, "RQ401")


@pytest.mark.parametrize("body", [b"{", HEAVY[f"numbers {VALUES_MAX - 2}"]])
def test_what_a_role_may_not_do_is_refused_before_its_body_is_read(shared_api: Api, body: bytes) -> None:
    with shared_api.client("warehouse", warehouses=["WH-01"]) as staff:
        problem = check_problem(staff.post("/v1/orders", content=body), 403, "RQ403")
    assert problem["detail"] == "The role warehouse may not do this. Use a token of the role admin or sales or integration."


@pytest.mark.parametrize("number", ["0e-16383", "1e-300", "1e307", "1E+31", "1" * 41, "0." + "1" * 40])
@pytest.mark.parametrize("name", ["receive", "sku", "put sku", "patch sku"])
def test_attributes_have_no_number_that_is_longer_in_the_database(client: httpx2.Client, name: str, number: str) -> None:
    body = json.dumps(WRITES[name][2] | {"attributes": {"a": [4242] * 100}}).replace("4242", number).encode()
    problem = check_problem(send(client, name, body), 422, "RQ422")
    assert [error["pointer"] for error in problem["errors"]] == ["/attributes"]


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/json", "application/*", "text/html, */*;q=0.1", "application/problem+json", "APPLICATION/JSON", ""],
)
def test_a_client_that_takes_json_among_others_gets_it(client: httpx2.Client, accept: str) -> None:
    assert client.get("/v1/inventory", headers={"accept": accept}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/v1/inventory", "GET, HEAD, OPTIONS, POST"),
        ("PATCH", "/v1/inventory/HOTSAUCE-001", "GET, HEAD, OPTIONS, PUT"),
        ("GET", "/v1/orders/ORD-1-1/cancel", "OPTIONS, PUT"),
        ("POST", "/v1/audit", "GET, HEAD, OPTIONS"),
        ("DELETE", "/v1/inventory/adjust", "OPTIONS, POST"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
    ],
)
def test_an_unknown_method_is_a_405_that_lists_the_known_ones(client: httpx2.Client, method: str, path: str, allow: str) -> None:
    response = client.request(method, path)
    problem = check_problem(response, 405, "RQ405")
    assert response.headers["allow"] == allow
    assert problem["detail"] == f"This path does not allow {method}. It allows {allow}."
