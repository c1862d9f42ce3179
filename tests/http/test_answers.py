"""The responses that Postgres builds match the types in pyapp/api: every route's real response decodes without extra members."""

from __future__ import annotations

import uuid

import msgspec
import pytest

from pyapp.api.table import ROUTES
from pyapp.http.results import results_of
from pyapp.http.route import Route
from tests.calls import ORDER, REMEDY_OF_ROUTE, REQUESTS
from tests.http.conftest import Api, delivered, key
from tests.http.samples import make, make_ids, make_room, make_spare, recovered


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_real_answers_of_every_route_are_what_its_row_says(module_api: Api, route: Route) -> None:
    assert (route.method, route.path) in REQUESTS, REMEDY_OF_ROUTE
    sample = REQUESTS[route.method, route.path]
    body = sample.body
    admin = module_api.client("admin")
    for role in route.roles:
        places = make_room(admin, body) if route.function == "reallocate_orders" else ["WH-01"]
        client = module_api.client(role, warehouses=places, channels=["web"])
        names = make_ids(admin, client if route.path == "/v1/reservations/{reservation_id}" else admin) | {"role": role}
        names |= make_spare(admin, sample)
        if route.method == "GET":  # adds a canceled order, a shipped order and a converted reservation, to cover more members
            canceled = make(admin, "/v1/orders", ORDER | {"order_id": str(uuid.uuid4())})["order_id"]
            assert admin.put(f"/v1/orders/{canceled}/cancel").status_code == 200
            make(admin, f"/v1/orders/{names['order_id']}/fulfillments", {})
            make(admin, "/v1/orders", {"reservation_id": names["reservation_id"], "customer": {"name": "Jane Doe"}})
        if route.function == "recover_recalls":
            body = recovered(admin, names["recall_id"])
        if isinstance(body, dict) and "order_id" in body:
            body = body | {"order_id": str(uuid.uuid4())}
        if "{webhook_id}" in route.path:
            names["webhook_id"], names["delivery_id"] = delivered(client, module_api.settings.database_url or "")
        target = sample.target(names)
        headers = key()
        if sample.if_match:
            headers["if-match"] = admin.get(target).headers["etag"]
        response = client.request(route.method, target, json=body, headers=headers)
        assert response.status_code in (route.status, 200 if route.upserts else route.status), response.text
        msgspec.json.decode(response.content, type=route.answer)
        if route.many:
            response = client.post(target, json=[body, body], headers=key())
            assert response.status_code == 207, response.text
            msgspec.json.decode(response.content, type=results_of(route.answer))


def test_an_answer_with_a_member_that_is_not_described_is_noticed(shared_api: Api) -> None:
    answer = next(route.answer for route in ROUTES if route.path == "/v1/inventory/{sku_id}" and route.method == "GET")
    document = shared_api.client("admin").get("/v1/inventory/HOTSAUCE-001").json()
    msgspec.convert(document, answer)
    for at in (document, document["warehouses"][0], document["batches"][0]):
        at["surprise"] = 1
        with pytest.raises(msgspec.ValidationError, match="surprise"):
            msgspec.convert(document, answer)
        del at["surprise"]
