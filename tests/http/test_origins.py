"""Requests from other origins: refused unless the origin is allowed; and the security headers of every response."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.http.conftest import Api, run_server

SHOP = "https://shop.example"
ASKED = {"access-control-request-method": "POST", "access-control-request-headers": "authorization, idempotency-key"}


@pytest.fixture
def open_api(authenticator_url: str) -> Iterator[Api]:
    with run_server(authenticator_url, allowed_origins=(SHOP,)) as api:
        yield api


def test_a_page_that_is_named_may_ask_and_read_the_answer(open_api: Api) -> None:
    client = open_api.client("admin")
    before = client.options("/v1/orders", headers={"origin": SHOP, **ASKED})
    assert before.status_code == 204
    assert before.headers["access-control-allow-origin"] == SHOP
    assert "POST" in before.headers["access-control-allow-methods"]
    assert {"Authorization", "Idempotency-Key"} <= set(before.headers["access-control-allow-headers"].split(", "))
    for path, status in (("/v1/inventory", 200), ("/v1/inventory", 200), ("/v1/orders/ORD-1-1", 404)):  # also from cache
        answer = client.get(path, headers={"origin": SHOP})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, SHOP)
        assert "ETag" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"])
def test_any_other_page_is_told_nothing(open_api: Api, origin: str) -> None:
    client = open_api.client("admin")
    for response in (
        client.get("/v1/inventory", headers={"origin": origin}),
        client.options("/v1/orders", headers={"origin": origin, **ASKED}),
    ):
        assert not [name for name in response.headers if name.startswith("access-control")]
        assert response.headers["vary"].endswith("Origin")  # a cached response of one origin is not served to another


def test_no_browser_guesses_what_an_answer_is(shared_api: Api) -> None:
    client = shared_api.client("admin")
    for path in ("/v1/inventory", "/v1/inventory", "/v1/orders/ORD-1-1", "/v1/nothing"):
        assert client.get(path).headers["x-content-type-options"] == "nosniff"
