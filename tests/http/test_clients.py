"""API clients over HTTP: create, find, change and revoke them; a secret is shown once and never stored."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from tests.http.conftest import Api, check_problem, key

if TYPE_CHECKING:
    import httpx2
    import psycopg

SHOP = {"client_id": "shop", "name": "Web shop", "role": "integration", "channels": ["web"]}


@pytest.fixture
def shop(stocked: httpx2.Client) -> dict[str, Any]:
    """The response to the creation of the client `shop`."""
    response = stocked.post("/v1/clients", json=SHOP)
    assert response.status_code == 201, response.text
    return dict(response.json())


def token_status(client: httpx2.Client, secret: str, client_id: str = "shop") -> int:
    form = {"grant_type": "client_credentials"}
    return client.post("/v1/oauth/token", data=form, auth=(client_id, secret)).status_code


def test_a_new_client_is_shown_its_secret_once(stocked: httpx2.Client, api: Api) -> None:
    response = stocked.post("/v1/clients", json=SHOP)
    assert (response.status_code, response.headers["location"]) == (201, "/v1/clients/shop")
    made = response.json()
    secret = made.pop("client_secret")
    assert secret.startswith("scs_")
    assert len(secret.removeprefix("scs_")) >= 40  # six bits per character
    read = stocked.get("/v1/clients/shop")
    assert (read.json(), read.headers["etag"]) == (made, '"1"')
    assert stocked.get("/v1/clients").json()["data"] == [made]
    assert token_status(api.client(), secret) == 200


def test_secrets_differ(stocked: httpx2.Client) -> None:
    secrets = {stocked.post("/v1/clients", json={"name": "x", "role": "admin"}).json()["client_secret"] for _ in range(20)}
    assert len(secrets) == 20


def test_a_dry_run_shows_no_secret_and_keeps_nothing(stocked: httpx2.Client) -> None:
    response = stocked.post("/v1/clients?dry_run=true", json=SHOP)
    assert (response.status_code, response.headers["dry-run"]) == (201, "true")
    assert "client_secret" not in response.json()
    check_problem(stocked.get("/v1/clients/shop"), 404, "ID004")


def test_a_repeat_under_an_idempotency_key_repeats_no_secret(stocked: httpx2.Client, connection: psycopg.Connection[Any]) -> None:
    headers = key()
    assert stocked.post("/v1/clients", json=SHOP, headers=headers).status_code == 201
    check_problem(stocked.post("/v1/clients", json=SHOP, headers=headers), 409, "ID005")
    before = stocked.get("/v1/clients/shop").headers["etag"]
    first, second = (stocked.post("/v1/clients/shop/rotate-secret", headers=headers) for _ in range(2))
    assert second.headers["idempotency-replayed"] == "true"
    assert first.json() == {**second.json(), "client_secret": first.json()["client_secret"]}
    check_problem(stocked.post("/v1/clients/shop/rotate-secret"), 428, "RQ428")
    check_problem(stocked.post("/v1/clients/shop/rotate-secret", headers={"if-match": before}), 412, "ST009")
    # The API ignores this key. Otherwise a call with an unknown outcome would be retried as if the key made that safe.
    assert stocked.patch("/v1/clients/shop", json={}, headers={"idempotency-key": "x" * 300}).status_code == 200
    kept = connection.execute("select string_agg(answer::text, '') from identity.idempotency_keys").fetchone()
    assert kept
    assert "scs_" not in str(kept[0])


def test_no_secret_is_in_the_database_or_the_log(
    stocked: httpx2.Client, connection: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture, api: Api
) -> None:
    with caplog.at_level(logging.DEBUG):
        secret = stocked.post("/v1/clients", json=SHOP).json()["client_secret"]
        rotated = stocked.post("/v1/clients/shop/rotate-secret", headers=key()).json()["client_secret"]
        assert token_status(api.client(), secret) == 200
        assert token_status(api.client(), rotated + "x") == 401
    tables = connection.execute(
        "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
        " and table_schema in ('identity', 'audit', 'events', 'catalog')"
    ).fetchall()
    dump = "".join(str(connection.execute(f"select t::text from {s}.{t} t").fetchall()) for s, t in tables)
    assert "shop" in dump
    logged = "".join(record.getMessage() + str(record.__dict__) for record in caplog.records if record.name != "httpcore2")
    for text in (secret, rotated):
        assert text not in dump
        assert text not in logged


def test_rotation_gives_another_secret_and_leaves_the_first_one_for_the_overlap(
    stocked: httpx2.Client, shop: dict[str, Any], api: Api
) -> None:
    response = stocked.post("/v1/clients/shop/rotate-secret", json={"overlap_seconds": 3600}, headers=key())
    assert response.status_code == 200
    anyone, new = api.client(), response.json()["client_secret"]
    assert [secret["expires_at"] is None for secret in response.json()["secrets"]] == [False, True]
    assert [token_status(anyone, secret) for secret in (shop["client_secret"], new)] == [200, 200]
    last = stocked.post("/v1/clients/shop/rotate-secret", json={"overlap_seconds": 0}, headers=key()).json()["client_secret"]
    assert [token_status(anyone, secret) for secret in (shop["client_secret"], new, last)] == [401, 401, 200]


def test_a_revoked_client_is_answered_and_let_in_no_more(stocked: httpx2.Client, shop: dict[str, Any], api: Api) -> None:
    response = stocked.delete("/v1/clients/shop")
    assert response.status_code == 200
    assert (response.json()["active"], response.json()["secrets"]) == (False, [])
    assert token_status(api.client(), shop["client_secret"]) == 401
    assert stocked.get("/v1/clients?active=false").json()["data"] == [response.json()]
    check_problem(stocked.post("/v1/clients/shop/rotate-secret", headers=key()), 409, "ID007")


def test_a_change_is_decided_on_the_version_that_was_read(stocked: httpx2.Client, shop: dict[str, Any]) -> None:
    tag = stocked.get("/v1/clients/shop").headers["etag"]
    changed = stocked.patch("/v1/clients/shop", json={"name": "Renamed"}, headers={"if-match": tag})
    assert (changed.status_code, changed.json()["name"], changed.json()["channels"]) == (200, "Renamed", ["web"])
    for method, path in (("PATCH", ""), ("DELETE", ""), ("POST", "/rotate-secret")):
        stale = stocked.request(method, f"/v1/clients/shop{path}", json={}, headers={"if-match": tag})
        check_problem(stale, 412, "ST009")
    assert stocked.patch("/v1/clients/shop", json={"active": False}).json()["active"] is False


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"role": "root"}, 422, "RQ422", "/role"),
        ({"role": None}, 422, "RQ422", "/role"),
        ({"client_id": "no spaces"}, 422, "RQ422", "/client_id"),
        ({"name": " "}, 422, "RQ422", "/name"),
        ({"channels": "web"}, 422, "RQ422", "/channels"),
        ({"secret": "mine"}, 422, "RQ422", "/secret"),
        ({"secret_hash": "00"}, 422, "RQ422", "/secret_hash"),
        ({"region_id": 7}, 422, "VA001", "/region_id"),
        ({"channels": []}, 422, "ID006", "/channels"),
        ({"channels": ["nowhere"]}, 422, "OR008", "/channels/0"),
    ],
)
def test_bad_input_names_the_field(shared_api: Api, change: dict[str, Any], status: int, code: str, pointer: str) -> None:
    with shared_api.client("admin") as admin:
        problem = check_problem(admin.post("/v1/clients", json=SHOP | {"client_id": "bad"} | change), status, code)
        assert problem["errors"][0]["pointer"] == pointer
        assert admin.get("/v1/clients?q=bad").json()["data"] == []


@pytest.mark.parametrize("body", [{"overlap_seconds": -1}, {"overlap_seconds": 9_999_999}, {"overlap_seconds": "day"}, []])
def test_an_overlap_is_a_number_of_seconds(shared_api: Api, body: Any) -> None:
    with shared_api.client("admin") as admin:
        check_problem(admin.post("/v1/clients/shop/rotate-secret", json=body, headers=key()), 422, "RQ422")


def test_only_an_admin_sees_or_touches_clients(shop: dict[str, Any], api: Api) -> None:
    for role in ("warehouse", "sales", "integration"):
        client = api.client(role, warehouses=["WH-01"], channels=["web"])
        check_problem(client.get("/v1/clients"), 403, "RQ403")
        check_problem(client.get("/v1/clients/shop"), 403, "RQ403")
        check_problem(client.post("/v1/clients", json=SHOP), 403, "RQ403")
        check_problem(client.patch("/v1/clients/shop", json={"name": "x"}), 403, "RQ403")
        check_problem(client.delete("/v1/clients/shop"), 403, "RQ403")
        check_problem(client.post("/v1/clients/shop/rotate-secret", headers=key()), 403, "RQ403")


def test_an_admin_of_any_region_reads_and_changes_them(shop: dict[str, Any], api: Api) -> None:
    other = api.client("admin", region=2)
    assert other.get("/v1/clients/shop").status_code == 200
    assert other.patch("/v1/clients/shop", json={"name": "x"}).status_code == 200


def test_pages_follow_the_link(stocked: httpx2.Client) -> None:
    for number in range(3):
        assert stocked.post("/v1/clients", json=SHOP | {"client_id": f"c-{number}"}).status_code == 201
    first = stocked.get("/v1/clients?limit=2&role=integration")
    second = stocked.get(first.links["next"]["url"])
    assert [c["client_id"] for c in first.json()["data"] + second.json()["data"]] == ["c-0", "c-1", "c-2"]
    assert "link" not in second.headers
