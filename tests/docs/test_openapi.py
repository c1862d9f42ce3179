"""The OpenAPI document equals the routes, is valid, passes Spectral, and has real examples."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import httpx2
import jsonschema
import msgspec
import pytest
from starlette.routing import Route as StarletteRoute

from pyapp.api.table import ROUTES
from pyapp.describe import openapi
from pyapp.describe import pages as docs
from pyapp.describe.dashboard import Dashboard
from pyapp.http.decoding import parse_query
from pyapp.http.results import Fault, Problem
from pyapp.http.route import Route
from pyapp.live.routes import STREAM_PATH
from pyapp.problems import KINDS
from pyapp.serve.app import create_app
from pyapp.settings import Settings
from tests import npm
from tests.calls import SKU
from tests.docs.spectral import lint
from tests.http.conftest import KEY, Api, key, run_server
from tests.lazy import imported_at_first_use

openapi_spec_validator = imported_at_first_use("openapi_spec_validator")
DOCUMENT = openapi.build()
OPERATIONS = {(method.upper(), path): operation for path, item in DOCUMENT["paths"].items() for method, operation in item.items()}


def parameters(method: str, path: str) -> dict[tuple[str, str], bool]:
    """{(where, name): required} of an operation."""
    return {(item["in"], item["name"]): item.get("required", False) for item in OPERATIONS[method, path]["parameters"]}


def every(node: Any, name: str) -> Iterator[Any]:
    """Every value under this name, anywhere in the document."""
    if isinstance(node, dict):
        for member, value in node.items():
            if member == name:
                yield value
            yield from every(value, name)
    elif isinstance(node, list):
        for item in node:
            yield from every(item, name)


def test_it_is_valid() -> None:
    openapi_spec_validator.validate(DOCUMENT)


def test_its_operations_are_those_that_the_application_answers() -> None:
    app = create_app(Settings(database_url="postgresql://nobody@127.0.0.1/none", jwt_key=KEY))
    pages = {route.path for route in (*docs.routes(), *Dashboard().routes())} | {STREAM_PATH}  # in asyncapi.json instead
    answered = {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, StarletteRoute) and route.path not in pages
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert set(OPERATIONS) == answered
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    assert {tag for operation in OPERATIONS.values() for tag in operation["tags"]} == tags


def test_operations_say_what_they_take() -> None:
    assert parameters("POST", "/v1/orders") == {
        ("query", "region"): False,
        ("query", "dry_run"): False,
        ("header", "Idempotency-Key"): True,
        ("header", "X-Request-ID"): False,
    }
    assert parameters("PUT", "/v1/inventory/{sku_id}") == {
        ("path", "sku_id"): True,
        ("query", "region"): False,
        ("query", "dry_run"): False,
        ("header", "Idempotency-Key"): False,
        ("header", "If-Match"): False,
        ("header", "X-Request-ID"): False,
    }
    assert parameters("GET", "/v1/orders/{order_id}") == {
        ("path", "order_id"): True,
        ("query", "region"): False,
        ("header", "If-None-Match"): False,
        ("header", "Scoville-LSN"): False,
        ("header", "X-Request-ID"): False,
    }
    assert ("header", "Scoville-LSN") not in {*parameters("GET", "/v1/inventory"), *parameters("GET", "/v1/events")}
    names = {name for where, name in parameters("GET", "/v1/orders") if where == "query"}
    assert names == {
        *("region", "cursor", "limit", "from", "to", "updated_since", "customer", "q"),
        *("status", "fulfillment_status", "waiting", "short", "channel", "external_id", "sku"),
    }
    draft = OPERATIONS["POST", "/v1/orders"]["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    assert draft[1]["items"] == draft[0] == {"$ref": "#/components/schemas/OrderDraft"}
    assert DOCUMENT["components"]["schemas"]["OrderDraft"]["additionalProperties"] is False


def test_each_parameter_has_an_example_that_can_be_sent() -> None:
    for route in ROUTES:
        listed = OPERATIONS[route.method, route.path]["parameters"]
        for item in listed:
            assert item.get("example") not in (None, "", "text"), (route.path, item["name"])
            jsonschema.validate(item["example"], item["schema"])
        if route.roles:
            examples = {item["name"]: item["example"] for item in listed if item["in"] == "query"}
            parse_query([(name, json.dumps(value).strip('"')) for name, value in examples.items()], route.query)


def test_validators_with_binary_fractions_agree_with_the_server() -> None:
    """multipleOf 0.01 refuses 0.29, 0.57, 1.11 and a thousand others in JavaScript and Python."""
    assert list(every(DOCUMENT, "multipleOf")) == []
    price = DOCUMENT["components"]["schemas"]["OrderLine"]["properties"]["price"]
    validator = jsonschema.validators.validator_for(price)(price)
    for cents in range(10_000):
        validator.validate(cents / 100)


def test_a_list_or_one_object_is_any_of_both() -> None:
    """openapi-generator's typescript-fetch imports the type twice for oneOf, which does not compile."""
    assert list(every(DOCUMENT, "oneOf")) == []


def test_no_object_is_one_of_several() -> None:
    """openapi-generator's typescript-fetch does not declare the enums of an object with anyOf."""
    objects = [schema for schema in DOCUMENT["components"]["schemas"].values() if "properties" in schema]
    assert [schema["title"] for schema in objects if "anyOf" in schema] == []


def test_a_batch_changes_in_its_status_or_dates() -> None:
    schema = DOCUMENT["components"]["schemas"]["BatchChange"]
    for document in ({"status": "recalled"}, {"expiration_date": None}, {"manufactured_on": "2026-01-31", "note": "x"}):
        jsonschema.validate(document, schema)
    for document in ({}, {"note": "x", "reason_code": "found"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, schema)


def test_an_order_needs_items_or_a_reservation_and_null_is_neither() -> None:
    schema = {"$ref": "#/components/schemas/OrderDraft", "components": DOCUMENT["components"]}
    items = [{"sku_id": "HOTSAUCE-001", "quantity": 1}]
    name: dict[str, Any] = {"customer": {"name": "Jane"}}
    body: dict[str, Any]
    for body in ({"items": items}, {"reservation_id": "RSV-1-1"}, {"items": None, "reservation_id": "RSV-1-1"}):
        jsonschema.validate(name | body, schema)
    for body in ({}, {"items": None}, {"reservation_id": None}, {"items": None, "reservation_id": None}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(name | body, schema)


def test_a_precondition_looks_like_an_entity_tag() -> None:
    [pattern] = {
        item["schema"]["pattern"]
        for operation in OPERATIONS.values()
        for item in operation.get("parameters", ())
        if item["name"] == "If-Match"
    }
    assert [bool(re.search(pattern, tag)) for tag in ('"7"', "*", '""', "7", 'W/"7"', '"7')] == [True] * 3 + [False] * 3


def test_it_names_the_address_at_which_it_was_asked(authenticator_url: str) -> None:
    """A description that says "/" leaves clients that keep it in a file without an address."""
    seen: set[str] = set()
    with run_server(authenticator_url) as api, api.client() as anyone:

        def server(host: str, accept: str = "gzip") -> str:
            response = anyone.get("/openapi.json", headers={"host": host, "accept-encoding": accept})
            assert response.headers["etag"] not in seen
            seen.add(response.headers["etag"])
            [server] = response.json()["servers"]
            return str(server["url"])

        for number in range(docs.ADDRESSES_MAX + 3):
            assert server(f"shop-{number}.example") == f"http://shop-{number}.example"
        assert server("shop.example:8443") == "http://shop.example:8443"
        assert server("[2001:db8::1]:80", "identity") == "http://[2001:db8::1]:80"
        assert server('shop.example"><script>') == "/"
        tag = anyone.get("/openapi.json").headers["etag"]
        assert anyone.get("/openapi.json", headers={"if-none-match": tag}).status_code == 304


def test_oauth_libraries_find_the_token_endpoint(shared_api: Api, authenticator_url: str) -> None:
    with shared_api.client() as anyone:
        document = anyone.get("/.well-known/oauth-authorization-server").json()
        assert document["issuer"] == shared_api.url
        assert document["token_endpoint"] == f"{shared_api.url}/v1/oauth/token"
        answer = anyone.post(document["token_endpoint"], data={"grant_type": document["grant_types_supported"][0]})
        assert answer.json()["error"] == "invalid_client"
    with run_server(authenticator_url, jwks_url="https://issuer.example/keys", jwt_key=None) as api:
        assert api.client().get("/.well-known/oauth-authorization-server").status_code == 404


def test_operations_say_all_that_they_answer() -> None:
    answers = OPERATIONS["POST", "/v1/orders"]["responses"]
    assert set(answers) == {"201", "207", "400", "401", "403", "404", "406", "409", "413", "415", "422", "429", "500", "503"}
    conflicts = set(answers["409"]["content"]["application/problem+json"]["examples"])
    assert conflicts == {code for code in conflicts if KINDS[code].status == 409} >= {"ST001", "OR001", "OR005", "ID002"}
    assert set(answers["201"]["headers"]) == {
        *("X-Request-ID", "Dry-Run", "Idempotency-Replayed", "Location", "ETag", "Scoville-LSN")
    }
    assert set(OPERATIONS["GET", "/v1/orders/{order_id}"]["responses"]) == {
        "200",
        "304",
        "400",
        "401",
        "403",
        "404",
        "406",
        "409",
        "429",
        "500",
        "503",
    }
    assert "ETag" in OPERATIONS["GET", "/v1/orders/{order_id}"]["responses"]["200"]["headers"]
    assert "Link" in OPERATIONS["GET", "/v1/orders"]["responses"]["200"]["headers"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_example_of_an_answer_is_such_an_answer(route: Route) -> None:
    content = OPERATIONS[route.method, route.path]["responses"][str(route.status)]["content"]["application/json"]
    msgspec.convert(content["example"], route.answer)
    assert "text" not in json.dumps(content["example"]), "a member of the response has no example"


def test_each_code_is_explained_with_an_example_that_is_a_problem() -> None:
    for code in KINDS:
        example = openapi.example(code)
        msgspec.convert(example, Problem)
        assert {name for fault in example["errors"] for name in fault} <= set(Fault.__struct_fields__), code


def test_requests_can_be_sent_as_the_examples_show_them(stocked: httpx2.Client, api: Api) -> None:
    """Sends requests in document order, path parameters included: later operations use the objects that earlier ones create."""
    sent = set()
    approver = api.client("admin", subject="somebody who did not count")
    second = {**SKU, "warehouse_location": "WH-02", "batch_number": "SECOND"}  # units can move there
    assert stocked.post("/v1/inventory", json=second, headers=key()).status_code == 201
    assert stocked.patch("/v1/channels/web", json={"warehouses": ["WH-01", "WH-02"]}).status_code == 200
    for (method, path), operation in OPERATIONS.items():
        content = operation.get("requestBody", {}).get("content", {})
        needed = path.endswith("/purchases/{purchase_id}/order")  # it has no body; the delivery comes after it
        # These need finished requests, an event log, a review, another return, or a unit that no return has brought back.
        if path.endswith(("/cancel", "/replay", "/recount", "/refuse", "/recovered")):
            continue
        if "application/json" not in content and not needed:
            continue
        body = None if needed else deepcopy(content["application/json"]["example"])
        if body and "change_from_quantity" in body:
            body["change_from_quantity"] = stocked.get("/v1/inventory/HOTSAUCE-001").json()["warehouses"][0]["stock"]
        names = {item["name"]: item["example"] for item in operation["parameters"] if item["in"] == "path"}
        headers = key() | ({"if-match": "*"} if method == "PUT" else {})
        sender = approver if path == "/v1/counts/{count_id}/approve" else stocked
        response = sender.request(method, path.format(**names), json=body, headers=headers)
        assert response.status_code in (200, 201, 202), (method, path, response.text)
        sent.add((method, path))
    assert ("POST", "/v1/orders/{order_id}/fulfillments") in sent


def test_patterns_are_of_the_kind_that_json_schema_knows() -> None:
    patterns = sorted(set(every(DOCUMENT, "pattern")))
    assert len(patterns) > 5
    assert not [pattern for pattern in patterns if r"(?!\n)" in pattern]
    script = "for (const p of JSON.parse(process.argv[1])) new RegExp(p, 'u')"
    subprocess.run([npm.node(), "-e", script, json.dumps(patterns)], check=True)


def test_patterns_mean_the_same_to_clients_as_to_the_server() -> None:
    """JSON Schema uses ECMAScript regular expressions, the server Python's: they differ in white space."""
    patterns = sorted(set(every(DOCUMENT, "pattern")))
    marks = [chr(code) for code in (*range(0x21), *range(0x7F, 0xA1), 0x1680, *range(0x2000, 0x2030), 0x205F, 0x3000, 0xFEFF)]
    samples = [text for mark in marks for text in (mark, f"a{mark}", f"{mark}a", f"a@{mark}", f"a@b{mark}c")]
    script = "const [ps, ss] = JSON.parse(fs.readFileSync(0)), told = p => ss.filter(s => RegExp(p, 'u').test(s))"
    script += "; console.log(JSON.stringify(ps.map(told)))"
    asked = json.dumps([patterns, samples])
    answered = subprocess.run([npm.node(), "-e", script], input=asked, capture_output=True, text=True, check=True)
    for pattern, accepted in zip(patterns, json.loads(answered.stdout), strict=True):
        here = re.compile(re.sub(r"\$$", r"\\Z", pattern))
        assert [text for text in samples if here.search(text)] == accepted, pattern


def test_it_is_served_to_anyone_with_a_tag(shared_api: Api) -> None:
    client = shared_api.client()
    response = client.get("/openapi.json")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {**DOCUMENT, "servers": [{"url": shared_api.url, "description": "Here."}]}
    again = client.get("/openapi.json", headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = client.get("/openapi.json", headers={"accept-encoding": "identity"})
    assert plain.content == response.content
    assert int(plain.headers["content-length"]) > 3 * int(response.headers["content-length"])


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Spectral's, of the document and of one with two faults."""
    broken = deepcopy(DOCUMENT)
    broken["paths"] = {"/v1/orders": broken["paths"]["/v1/orders"]}  # fewer paths are linted faster
    del broken["paths"]["/v1/orders"]["get"]["operationId"]
    broken["paths"]["/v1/orders"]["post"]["requestBody"]["content"]["application/json"]["example"] = {"items": 1}
    return lint({"good": DOCUMENT, "broken": broken}, tmp_path_factory.mktemp("spectral"))


def test_spectral_finds_nothing(findings: dict[str, list[str]]) -> None:
    assert findings["good"] == []


def test_spectral_would_find_something(findings: dict[str, list[str]]) -> None:
    assert any(finding.startswith("operation-operationId") for finding in findings["broken"])
    assert any(finding.startswith("oas3-valid-media-example") for finding in findings["broken"])
