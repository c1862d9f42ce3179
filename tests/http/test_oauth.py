"""POST /v1/oauth/token as in RFC 6749, and the effect of client changes on issued tokens."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx2
import jwt
import msgspec
import pytest

from pyapp.api.tokens import FAILURE_SLOTS, FAILURES_MAX, Failures, TokenProblem, new_secret, site_of
from pyapp.identity.tokens import Verifier, sign
from pyapp.metrics.logs import JsonFormatter
from pyapp.settings import Settings
from tests.http.conftest import KEY, Api, check_problem, key, run_server

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOP = {"client_id": "shop", "name": "Web shop", "role": "integration", "channels": ["web"]}
FORM = {"grant_type": "client_credentials"}
FORM_TYPE = {"content-type": "application/x-www-form-urlencoded"}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"}


def check_error(response: httpx2.Response, status: int, error: str) -> dict[str, Any]:
    """The error document of RFC 6749, section 5.2, which is also one of our problem documents."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    document: dict[str, Any] = response.json()
    msgspec.convert(document, TokenProblem)
    assert (document["error"], document["status"]) == (error, status)
    assert document["detail"] == document["error_description"]
    assert response.headers.get("www-authenticate", "").startswith("Basic ") is (status == 401)
    return document


@pytest.fixture
def secret(shared_api: Api) -> str:
    """The secret of the client `shop` on the shared server."""
    with shared_api.client("admin") as admin:
        if (made := admin.post("/v1/clients", json=SHOP)).status_code == 201:
            shop_secrets[shared_api.url] = made.json()["client_secret"]
    return shop_secrets[shared_api.url]


shop_secrets: dict[str, str] = {}


@pytest.fixture
def anyone(shared_api: Api) -> httpx2.Client:
    return shared_api.client()


def test_a_client_gets_a_token_by_basic_or_by_the_form(anyone: httpx2.Client, secret: str) -> None:
    for answer in (
        anyone.post("/v1/oauth/token", data=FORM, auth=("shop", secret)),
        anyone.post("/v1/oauth/token", data=FORM | {"client_id": "shop", "client_secret": secret}),
        anyone.post("/v1/oauth/token", data=FORM | {"client_id": "shop"}, auth=("shop", secret)),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
        body = answer.json()
        assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
        assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 900, "integration")
        claims = jwt.decode(body["access_token"], KEY, algorithms=["HS256"], audience="scoville-api", issuer="scoville")
        assert claims.pop("exp") - claims.pop("iat") == 900
        assert claims.pop("jti")
        assert claims == {
            "iss": "scoville",
            "aud": "scoville-api",
            "sub": "shop",
            "client_id": "shop",
            "role": "integration",
            "region": 1,
            "warehouses": [],
            "channels": ["web"],
            "grant": 1,
        }


def test_the_token_works_with_the_rights_of_the_client_and_the_audit_names_it(stocked: httpx2.Client, api: Api) -> None:
    secret = stocked.post("/v1/clients", json=SHOP).json()["client_secret"]
    answer = api.client().post("/v1/oauth/token", data=FORM, auth=("shop", secret)).json()
    client = api.client()
    client.headers["authorization"] = f"Bearer {answer['access_token']}"
    order = {"customer": {"name": "Jane"}, "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]}
    assert client.post("/v1/orders", json=order, headers=key()).status_code == 201
    check_problem(client.get("/v1/audit"), 403, "RQ403")
    assert stocked.get("/v1/audit?table=orders.orders").json()["data"][0]["actor"] == "shop"


@pytest.mark.parametrize("client_id", ["shop", "dots.and-dashes_1"])
def test_basic_credentials_are_percent_decoded(shared_api: Api, secret: str, client_id: str) -> None:
    with shared_api.client() as anyone:
        encoded = "".join(f"%{ord(character):02x}" for character in "shop"), "".join(f"%{ord(c):02X}" for c in secret)
        answer = anyone.post("/v1/oauth/token", data=FORM, headers=basic(*encoded))
        assert answer.status_code == 200, answer.text
        assert anyone.post("/v1/oauth/token", data=FORM, headers=basic("shop", secret + "%2")).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status", "error"),
    [
        ({"authorization": "Basic !!!"}, 401, "invalid_client"),
        ({"authorization": "Basic"}, 401, "invalid_client"),
        ({"authorization": "Basic c2hvcA=="}, 401, "invalid_client"),  # without a colon
        ({"authorization": "Basic /w=="}, 401, "invalid_client"),  # not UTF-8
        ({"authorization": "Bearer abc"}, 401, "invalid_client"),
        ({}, 401, "invalid_client"),
        (basic("shop", ""), 401, "invalid_client"),
        (basic("", "x"), 401, "invalid_client"),
        (basic("shop", "wrong"), 401, "invalid_client"),
        (basic("nobody", "wrong"), 401, "invalid_client"),
        (basic("a%00b", "wrong%00"), 401, "invalid_client"),
        (basic("x" * 70, "y" * 5000), 401, "invalid_client"),
    ],
)
def test_bad_credentials_are_all_refused_alike(
    anyone: httpx2.Client, secret: str, headers: dict[str, str], status: int, error: str
) -> None:
    check_error(anyone.post("/v1/oauth/token", data=FORM, headers=headers), status, error)


def test_unknown_and_wrong_get_the_same_words(anyone: httpx2.Client, secret: str) -> None:
    answers = [anyone.post("/v1/oauth/token", data=FORM, auth=(name, "scs_wrong")).json() for name in ("shop", "nobody-knows")]
    for answer in answers:
        answer.pop("request_id")
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("scope=integration", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=authorization_code&code=x", "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=client_credentials&scope=a&scope=b", "invalid_request"),
        ("grant_type=client_credentials&scope=admin", "invalid_scope"),
        ("grant_type=client_credentials&scope=integration+admin", "invalid_scope"),
        ("grant_type=client_credentials&client_id=shop&client_secret=x", "invalid_request"),  # in addition to Basic
        ("grant_type=client_credentials&client_id=another", "invalid_request"),
        ("grant_type=client_credentials&scope=%FF", "invalid_request"),
        ("grant_type=client_credentials&scope=%00", "invalid_scope"),
        ("&".join(f"p{n}=1" for n in range(100)), "invalid_request"),
        ('{"grant_type": "client_credentials"}', "invalid_request"),
    ],
)
def test_a_bad_form_is_refused_with_the_code_of_the_rfc(anyone: httpx2.Client, secret: str, body: str, error: str) -> None:
    answer = anyone.post("/v1/oauth/token", content=body, headers=FORM_TYPE | basic("shop", secret))
    check_error(answer, 400, error)


def test_parameters_that_nobody_knows_or_that_are_empty_do_not_matter(anyone: httpx2.Client, secret: str) -> None:
    body = "grant_type=client_credentials&scope=&client_secret=&audience=us"
    answer = anyone.post("/v1/oauth/token", content=body, headers=FORM_TYPE | basic("shop", secret))
    assert answer.status_code == 200, answer.text


def test_the_scope_asked_for_is_the_role(anyone: httpx2.Client, secret: str) -> None:
    answer = anyone.post("/v1/oauth/token", data=FORM | {"scope": "integration"}, auth=("shop", secret))
    assert answer.json()["scope"] == "integration"


def test_what_is_no_form_is_named(anyone: httpx2.Client, secret: str) -> None:
    auth = basic("shop", secret)
    check_error(anyone.post("/v1/oauth/token", json=FORM, headers=auth), 400, "invalid_request")
    check_error(anyone.post("/v1/oauth/token?client_id=shop", data=FORM, headers=auth), 400, "invalid_request")
    twice = [("authorization", auth["authorization"])] * 2
    check_error(anyone.post("/v1/oauth/token", data=FORM, headers=twice), 400, "invalid_request")
    check_problem(anyone.post("/v1/oauth/token", content=b"x" * 100_000, headers=FORM_TYPE | auth), 413, "RQ413")
    check_problem(anyone.get("/v1/oauth/token"), 405, "RQ405")


@pytest.mark.parametrize(("proxies", "other"), [((), 429), (("127.0.0.0/8",), 401), (("192.0.2.7",), 429)])
def test_a_proxy_says_who_guesses_only_where_it_is_trusted(authenticator_url: str, proxies: tuple[str, ...], other: int) -> None:
    with run_server(authenticator_url, trusted_proxies=proxies) as api, api.client() as anyone:

        def guess(address: str) -> int:
            headers = {"x-forwarded-for": address}
            return anyone.post("/v1/oauth/token", data=FORM, auth=("guessed", "scs_x"), headers=headers).status_code

        assert [guess("198.51.100.1") for _ in range(FAILURES_MAX)] == [401] * FAILURES_MAX
        assert guess("198.51.100.1") == 429
        places = {address: hash(address) % FAILURE_SLOTS for address in ("198.51.100.1", "198.51.100.2", "198.51.100.3")}
        apart = next(address for address, place in places.items() if place != places["198.51.100.1"])  # 1 in 4,096 collides
        assert guess(apart) == other


def test_who_guesses_secrets_has_to_wait_and_who_has_the_right_one_has_not(authenticator_url: str) -> None:
    """Whether the guesses name the client or others: all of them come from the same address."""
    with run_server(authenticator_url) as api, api.client() as anyone:
        shop = {"client_id": "shop", "name": "Web shop", "role": "admin"}
        secret = api.client("admin").post("/v1/clients", json=shop).json()["client_secret"]

        def ask(client_id: str, sent: str) -> httpx2.Response:
            return anyone.post("/v1/oauth/token", data=FORM, auth=(client_id, sent))

        ids = ["shop" if number % 2 else f"made-up-{number}" for number in range(FAILURES_MAX)]
        assert [ask(client_id, "scs_x").status_code for client_id in ids] == [401] * FAILURES_MAX
        for client_id in ("shop", "another"):
            refused = ask(client_id, "scs_x")
            check_problem(refused, 429, "RQ429")
            assert 1 <= int(refused.headers["retry-after"]) <= 60
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda number: ask("shop", secret if number % 2 else "scs_x").status_code, range(16)))
        assert answers == [429, 200] * 8


def test_a_refusal_says_in_the_log_which_client_and_from_where_and_never_a_secret(
    shared_api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    swapped = new_secret()
    with shared_api.client() as anyone, caplog.at_level(logging.WARNING, "scoville.oauth"):
        anyone.post("/v1/oauth/token", data=FORM, auth=("careless", "scs_wrong"))
        anyone.post("/v1/oauth/token", data=FORM, auth=(swapped, "careless"))  # secret and client ID swapped
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records if record.name == "scoville.oauth"]
    assert [(line.get("client_id"), line["address"]) for line in lines] == [("careless", "127.0.0.1"), (None, "127.0.0.1")]
    assert swapped not in json.dumps(lines)
    assert "scs_" not in json.dumps(lines)


def test_failures_are_forgotten_and_their_memory_is_bounded() -> None:
    async def run() -> None:
        failures = Failures(maximum=2, seconds=1, slots=8)
        for _ in range(2):
            assert await failures.seconds_to_wait("here") == 0
            await failures.count("here")
        assert 0 < await failures.seconds_to_wait("here") <= 1
        for number in range(1000):
            await failures.count(f"address {number}")
        assert len(failures.storage.storage) <= 8
        await asyncio.sleep(1.1)
        assert await failures.seconds_to_wait("here") == 0

    asyncio.run(run())


def test_the_guesses_of_one_address_take_one_place() -> None:
    async def run() -> None:
        failures = Failures()
        for _ in range(10_000):
            await failures.count(site_of("2001:db8::7"))
        assert await failures.seconds_to_wait(site_of("2001:db8::ffff")) > 0  # the same customer
        others = [await failures.seconds_to_wait(site_of(f"198.51.100.{number}")) for number in range(250)]
        assert sum(wait > 0 for wait in others) <= 2  # 1 in 4,096 shares the place

    asyncio.run(run())


def test_where_another_issuer_makes_the_tokens_it_says_so(authenticator_url: str) -> None:
    with run_server(
        authenticator_url, jwks_url="https://issuer.example/keys", jwt_key=None, jwt_issuer="https://issuer.example"
    ) as api:
        answer = api.client().post("/v1/oauth/token", data=FORM, auth=("shop", "x"))
        assert "https://issuer.example" in check_error(answer, 400, "unsupported_grant_type")["detail"]


KEPT_SECONDS = 0.2


@pytest.fixture
def quick_api(authenticator_url: str) -> Iterator[Api]:
    """A server that rechecks every client after a moment."""
    with run_server(authenticator_url, token_kept_seconds=KEPT_SECONDS) as api:
        yield api


@pytest.mark.parametrize(
    "change",
    [
        ("DELETE", "/v1/clients/boss", None),
        ("PATCH", "/v1/clients/boss", {"active": False}),
        ("PATCH", "/v1/clients/boss", {"role": "sales", "channels": ["web"]}),
    ],
)
def test_a_token_dies_with_the_rights_of_its_client(quick_api: Api, change: tuple[str, str, Any]) -> None:
    admin = quick_api.client("admin")
    admin.post("/v1/channels", json={"channel_id": "web", "name": "Web"})
    secret = admin.post("/v1/clients", json={"client_id": "boss", "name": "Boss", "role": "admin"}).json()["client_secret"]
    anyone = quick_api.client()
    token = anyone.post("/v1/oauth/token", data=FORM, auth=("boss", secret)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    assert anyone.get("/v1/inventory", headers=headers).status_code == 200
    method, path, body = change
    assert admin.request(method, path, json=body).status_code == 200
    revoked = asked = time.monotonic()
    while anyone.get("/v1/inventory", headers=headers).status_code == 200:
        assert asked - revoked < KEPT_SECONDS
        time.sleep(0.02)
        asked = time.monotonic()
    check_problem(anyone.get("/v1/inventory", headers=headers), 401, "RQ401")
    # A token minted by hand names no client and is not rechecked.
    assert admin.get("/v1/inventory").status_code == 200


def test_a_token_is_asked_about_once_a_minute_at_most_and_at_least() -> None:
    asked: list[tuple[str, int]] = []

    async def check(client_id: str, grant: int) -> bool:
        asked.append((client_id, grant))
        return True

    settings = Settings(jwt_key=KEY)
    assert settings.token_kept_seconds == 60
    verifier = Verifier(settings)
    verifier.check_grant = check
    token = sign(settings, {"sub": "shop", "client_id": "shop", "role": "admin", "grant": 3}, 900)

    async def run() -> None:
        now = time.time()
        for _ in range(5):
            await verifier.identify_token(token)
        assert asked == [("shop", 3)]
        assert verifier._kept[token][1] <= now + 61

    asyncio.run(run())


@pytest.mark.parametrize("claims", [{"client_id": "shop"}, {"client_id": "shop", "grant": "1"}, {"client_id": 7, "grant": 1}])
def test_a_token_with_a_client_and_no_grant_is_none_of_ours(shared_api: Api, claims: dict[str, Any]) -> None:
    token = sign(Settings(jwt_key=KEY), {"sub": "shop", "role": "admin"} | claims, 900)
    with shared_api.client() as client:
        check_problem(client.get("/v1/inventory", headers={"authorization": f"Bearer {token}"}), 401, "RQ401")
