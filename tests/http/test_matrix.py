"""Permissions over HTTP: every cell of the design in tests/calls.py, and every request without a token."""

from __future__ import annotations

import httpx2
import pytest

from pyapp.api.table import ROUTES
from pyapp.identity.tokens import ROLES
from tests.calls import CALLERS, REMEDY_OF_ROUTE, REQUESTS, Names
from tests.http.conftest import Api, check_problem, delivered, key
from tests.http.samples import make_ids, make_spare

STREAM = ("GET", "/v1/events/stream")  # an endless response; not in the table of routes


def test_the_table_has_every_route() -> None:
    routes = {(route.method, route.path) for route in ROUTES}
    assert set(REQUESTS) == routes | {STREAM}, REMEDY_OF_ROUTE
    for route in ROUTES:
        assert set(route.roles) == CALLERS.get((route.method, route.path), set()), route.path


def send(client: httpx2.Client, method: str, path: str, body: object) -> httpx2.Response:
    headers = key() | ({"if-match": "*"} if method in ("PUT", "PATCH") else {})
    with client.stream(
        method, path, json=body, headers=headers, params={"dry_run": "true"} if method != "GET" else {}
    ) as response:
        if (method, path) != STREAM or response.status_code != 200:
            response.read()
        return response


@pytest.fixture(scope="module")
def ids(module_api: Api) -> Names:
    """Objects of an admin: the role is checked before the owner."""
    admin = module_api.client("admin")
    webhook_id, delivery_id = delivered(admin, module_api.settings.database_url or "")
    return {**make_ids(admin, admin), "webhook_id": webhook_id, "delivery_id": delivery_id, "role": "x"}


@pytest.mark.parametrize("cell", CALLERS, ids=" ".join)
def test_every_cell_is_as_the_table_says(module_api: Api, ids: Names, cell: tuple[str, str]) -> None:
    sample, callers = REQUESTS[cell], CALLERS[cell]
    method, body = sample.method, sample.body
    target = sample.target(ids | make_spare(module_api.client("admin"), sample))
    check_problem(send(module_api.client(), method, target, body), 401, "RQ401")
    for role in ROLES:
        response = send(module_api.client(role, warehouses=["WH-01"], channels=["web"]), method, target, body)
        if role in callers:
            assert response.status_code not in (401, 403) or response.json()["code"] == "RV003", (role, response.text)
            assert response.status_code < 500
        else:
            check_problem(response, 403, "RQ403")
