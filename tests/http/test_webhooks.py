"""Webhooks over HTTP: allowed URLs, secrets shown once, permissions, pages and conditions."""

from __future__ import annotations

from typing import Any

import httpx2
import psycopg
import pytest

from tests.calls import HOOK
from tests.http.conftest import Api, check_problem, delivered, key, run_server

REFUSED_URLS = [
    "http://hooks.example.com/",
    "ftp://hooks.example.com/",
    "https://localhost/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://user:password@hooks.example.com/",
    "https://hooks.example.com/#fragment",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:70000/",
    "https://intranet/",
    "https://printer.local/",
    "https:///nowhere",
    "nonsense",
]


def make(client: httpx2.Client, **settings: object) -> dict[str, object]:
    response = client.post("/v1/webhooks", json=HOOK | settings)
    assert response.status_code == 201, response.text
    document: dict[str, object] = response.json()
    assert response.headers["location"] == f"/v1/webhooks/{document['webhook_id']}"
    return document


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_url_that_nothing_is_sent_to_is_refused_at_once(shared_api: Api, url: str) -> None:
    client = shared_api.client("admin")
    problem = check_problem(client.post("/v1/webhooks", json={"url": url}), 422, "WH002")
    assert [error["pointer"] for error in problem["errors"]] == ["/url"]


def test_a_change_to_such_a_url_is_refused_too(admin: httpx2.Client) -> None:
    webhook = make(admin)
    check_problem(admin.patch(f"/v1/webhooks/{webhook['webhook_id']}", json={"url": "https://10.0.0.1/"}), 422, "WH002")


def test_hosts_that_the_operator_allows_are_exempt(authenticator_url: str) -> None:
    with run_server(authenticator_url, webhook_allow="localhost, 127.0.0.1:9000") as api:
        admin = api.client("admin")
        for url, status in (
            ("http://localhost:1234/x", 201),
            ("http://127.0.0.1:9000/", 201),
            ("http://127.0.0.1:9001/", 422),
            ("http://localhost.example.com/", 422),
        ):
            assert admin.post("/v1/webhooks", json={"url": url}).status_code == status, url


def test_the_secret_is_in_the_answer_that_makes_it_and_in_no_other(admin: httpx2.Client) -> None:
    same = key()
    first = admin.post("/v1/webhooks", json=HOOK, headers=same)
    again = admin.post("/v1/webhooks", json=HOOK, headers=same)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == {name: value for name, value in first.json().items() if name != "secret"}
    path = first.headers["location"]
    check_problem(admin.post(f"{path}/rotate-secret"), 428, "RQ428")
    once = key()
    rotated, again = (admin.post(f"{path}/rotate-secret", headers=once) for _ in range(2))
    assert (rotated.status_code, again.json()) == (200, rotated.json())
    assert again.headers["idempotency-replayed"] == "true"
    secrets = {first.json()["secret"], rotated.json()["secret"]}
    assert len(secrets) == 2
    for response in (admin.get(path), admin.get("/v1/webhooks"), admin.patch(path, json={}), admin.get("/v1/audit")):
        assert not [secret for secret in secrets if secret in response.text]


def test_a_webhook_has_an_etag_that_guards_its_changes(admin: httpx2.Client) -> None:
    path = f"/v1/webhooks/{make(admin)['webhook_id']}"
    tag = admin.get(path).headers["etag"]
    assert admin.get(path, headers={"if-none-match": tag}).status_code == 304
    assert admin.patch(path, json={"description": "one"}, headers={"if-match": tag}).status_code == 200
    check_problem(admin.patch(path, json={"description": "two"}, headers={"if-match": tag}), 412, "ST009")
    check_problem(admin.delete(path, headers={"if-match": tag}), 412, "ST009")
    assert admin.delete(path).json()["status"] == "deleted"
    check_problem(admin.get(path), 404, "WH001")


def test_a_dry_run_of_a_webhook_keeps_nothing(admin: httpx2.Client) -> None:
    assert admin.post("/v1/webhooks?dry_run=true", json=HOOK).status_code == 201
    assert admin.get("/v1/webhooks").json()["data"] == []


def test_webhooks_and_deliveries_come_in_pages(admin: httpx2.Client, authenticator_url: str) -> None:
    ids = [make(admin)["webhook_id"] for _ in range(3)]
    seen: list[object] = []
    url = "/v1/webhooks?limit=2"
    while url:
        response = admin.get(url)
        seen += [webhook["webhook_id"] for webhook in response.json()["data"]]
        url = response.links["next"]["url"] if "next" in response.links else ""
    assert seen == ids
    webhook_id, delivery_id = delivered(admin, authenticator_url)
    [delivery] = admin.get(f"/v1/webhooks/{webhook_id}/deliveries?status=pending&limit=1").json()["data"]
    assert delivery["delivery_id"] == delivery_id
    assert [attempt["error"] for attempt in delivery["attempts"]] == ["timeout"]
    assert admin.get(f"/v1/webhooks/{webhook_id}/deliveries?status=delivered").json()["data"] == []
    check_problem(admin.get(f"/v1/webhooks/{webhook_id}/deliveries?cursor=xyz"), 422, "VA001")
    retried = admin.post(f"/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry")
    assert (retried.status_code, retried.json()["status"]) == (202, "pending")


@pytest.mark.parametrize("role", ["warehouse", "sales"])
def test_other_roles_have_no_webhooks(shared_api: Api, role: str) -> None:
    client = shared_api.client(role, channels=["web"])  # type: ignore[arg-type]
    check_problem(client.get("/v1/webhooks"), 403, "RQ403")
    check_problem(client.post("/v1/webhooks", json=HOOK), 403, "RQ403")


def test_a_region_that_is_not_there_is_named(shared_api: Api) -> None:
    with shared_api.client("admin") as admin:
        problem = check_problem(admin.post("/v1/webhooks?region=27958", json=HOOK), 422, "VA001")
    assert problem["detail"] == "The region does not exist. Name one that exists."


def test_an_integration_finds_no_webhook_but_its_own(api: Api, admin: httpx2.Client) -> None:
    theirs = make(admin)["webhook_id"]
    client = api.client("integration", channels=["web"], subject="mine")
    mine = make(client)["webhook_id"]
    assert [webhook["webhook_id"] for webhook in client.get("/v1/webhooks").json()["data"]] == [mine]
    assert {webhook["webhook_id"] for webhook in admin.get("/v1/webhooks").json()["data"]} == {mine, theirs}
    for response in (
        client.get(f"/v1/webhooks/{theirs}"),
        client.get(f"/v1/webhooks/{theirs}/deliveries"),
        client.patch(f"/v1/webhooks/{theirs}", json={}),
        client.delete(f"/v1/webhooks/{theirs}"),
        client.post(f"/v1/webhooks/{theirs}/rotate-secret", headers=key()),
        client.post(f"/v1/webhooks/{theirs}/test"),
        client.post(f"/v1/webhooks/{theirs}/deliveries/1/retry"),
        client.post(f"/v1/webhooks/{theirs}/recover", json={"since": "2026-01-01T00:00:00Z"}),
        client.post(f"/v1/webhooks/{theirs}/replay", json={"from_seq": 1, "to_seq": 1}),
        client.get("/v1/webhooks/nonsense"),
        client.get("/v1/webhooks/WHK-99999-1"),
    ):
        check_problem(response, 404, "WH001")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": ""}, "/url"),
        ({"url": "https://hooks.example.com/", "events": []}, "/events"),
        ({"url": "https://hooks.example.com/", "event_types": ["Order Placed"]}, "/event_types/0"),
        ({"url": "https://hooks.example.com/", "rate_limit": 0}, "/rate_limit"),
        ({"url": "https://hooks.example.com/", "concurrency": 101}, "/concurrency"),
        ({"url": "https://hooks.example.com/", "secret": "whsec_mine"}, "/secret"),
    ],
    ids=str,
)
def test_a_body_of_another_shape_is_refused(shared_api: Api, body: dict[str, object], pointer: str) -> None:
    problem = check_problem(shared_api.client("admin").post("/v1/webhooks", json=body), 422, "RQ422")
    assert problem["errors"][0]["pointer"] == pointer


def test_an_event_type_that_does_not_exist_is_named_with_those_that_do(shared_api: Api) -> None:
    response = shared_api.client("admin").post("/v1/webhooks", json=HOOK | {"event_types": ["order.eaten"]})
    problem = check_problem(response, 422, "WH003")
    assert "order.placed" in problem["detail"]


def test_the_list_can_be_narrowed_to_those_at_work(admin: httpx2.Client) -> None:
    working, paused = make(admin), make(admin, active=False)
    for value, expected in (("true", [working]), ("false", [paused]), (None, [working, paused])):
        found = admin.get("/v1/webhooks", params={"active": value} if value else {}).json()["data"]
        assert [webhook["webhook_id"] for webhook in found] == [webhook["webhook_id"] for webhook in expected]


def test_who_replays_too_much_is_told_when_to_go_on(admin: httpx2.Client, connection: psycopg.Connection[Any]) -> None:
    webhook_id = make(admin)["webhook_id"]
    connection.execute("update webhooks.endpoint_states set replayed = 50000, replayed_from_at = date_trunc('hour', now())")
    response = admin.post(f"/v1/webhooks/{webhook_id}/recover", json={"since": "2026-01-01T00:00:00Z"})
    problem = check_problem(response, 429, "WH008")
    assert "Repeat the request at " in problem["detail"]
    assert 0 < int(response.headers["retry-after"]) <= 3600
