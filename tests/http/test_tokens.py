"""Tokens: every invalid token gets a 401 with a remedy."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.warnings import InsecureKeyLengthWarning

from pyapp.identity.keys import BYTES_MAX, FETCH_SECONDS, STALE_SECONDS, TIMEOUT_SECONDS
from pyapp.identity.tokens import Identity, Verifier, mint_token
from pyapp.problems import Problem
from pyapp.settings import Settings, SettingsError
from tests.http.conftest import KEY, Api, check_problem
from tests.http.issuer import GOOD, NOW, RSA_KEY, RSA_PEM, Keys, by

RSA_PUBLIC_PEM = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
EC_PEM = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(payload: bytes | dict[str, Any], header: dict[str, Any] | bytes | None = None, key: bytes = KEY.encode()) -> str:
    """A token with a valid HS256 signature over any bytes."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    head = header if isinstance(header, bytes) else json.dumps(header or {"alg": "HS256", "typ": "JWT"}).encode()
    text = f"{b64(head)}.{b64(body)}"
    return f"{text}.{b64(hmac.digest(key, text.encode(), hashlib.sha256))}"


def but(**changes: Any) -> str:
    """A valid token with these claims changed; None removes a claim."""
    return signed({name: value for name, value in (GOOD | changes).items() if value is not None})


def unsigned(token: str) -> str:
    return token.rsplit(".", 1)[0]


good = signed(GOOD)
BAD_TOKENS = {
    "empty parts": "..",
    "one word": "nonsense",
    "two parts": unsigned(good),
    "an empty signature": f"{unsigned(good)}.",
    "four parts": f"{good}.x",
    "five parts, encrypted": ".".join(["e30"] * 5),
    "not base64": "%%%.%%%.%%%",
    "a signature cut short": good[:-4],
    "a signature altered": good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"),
    "a payload altered": ".".join([good.split(".")[0], b64(json.dumps(GOOD | {"sub": "root"}).encode()), good.split(".")[2]]),
    "another key": signed(GOOD, key=b"another key, also 32 bytes long or more"),
    "an empty key": signed(GOOD, key=b""),
    "alg none": signed(GOOD, {"alg": "none"}),
    "alg none, unsigned": jwt.encode(GOOD, "", algorithm="none"),
    "alg None in capitals": signed(GOOD, {"alg": "NONE"}),
    "no alg": signed(GOOD, {"typ": "JWT"}),
    "alg a number": signed(GOOD, {"alg": 1}),
    "alg a list": signed(GOOD, {"alg": ["HS256"]}),
    "alg HS384": jwt.encode(GOOD, "k" * 48, algorithm="HS384"),
    "alg HS512": jwt.encode(GOOD, "k" * 64, algorithm="HS512"),
    "alg RS256": jwt.encode(GOOD, RSA_PEM, algorithm="RS256"),
    "alg ES256": jwt.encode(GOOD, EC_PEM, algorithm="ES256"),
    "HS256 with a public key as the secret": signed(GOOD, key=RSA_PUBLIC_PEM),
    "a header that is no JSON": signed(GOOD, b"{"),
    "a header that is a list": signed(GOOD, b"[]"),
    "a header that is no UTF-8": signed(GOOD, b"\xff\xfe"),
    "a header nested deeply": signed(GOOD, b"[" * 900 + b"]" * 900),
    "a critical extension": signed(GOOD, {"alg": "HS256", "crit": ["exp2"], "exp2": 1}),
    "a kid that is a list": signed(GOOD, {"alg": "HS256", "kid": ["../../etc/passwd"]}),
    "a payload that is no JSON": signed(b"{"),
    "a payload that is empty": signed(b""),
    "a payload that is a list": signed(b"[]"),
    "a payload that is null": signed(b"null"),
    "a payload that is no UTF-8": signed(b"\xff"),
    "a payload nested deeply": signed(b"[" * 2000 + b"]" * 2000),
    "no exp": but(exp=None),
    "no iss": but(iss=None),
    "no aud": but(aud=None),
    "no sub": but(sub=None),
    "no role": but(role=None),
    "expired": but(exp=NOW - 60),
    "exp 0": but(exp=0),
    "exp negative": but(exp=-1),
    "exp a word": but(exp="tomorrow"),
    "exp a numeral in a text": but(exp=str(NOW + 3600)),
    "exp infinite": signed(json.dumps(GOOD | {"exp": 1}).replace('"exp": 1', '"exp": 1e999').encode()),
    "exp NaN": signed(json.dumps(GOOD | {"exp": float("nan")}).encode()),
    "exp a list": but(exp=[NOW + 3600]),
    "nbf in the future": but(nbf=NOW + 3600),
    "nbf a word": but(nbf="soon"),
    "iat in the future": but(iat=NOW + 3600),
    "iat a word": but(iat="now"),
    "another issuer": but(iss="elsewhere"),
    "issuer a list": but(iss=["scoville"]),
    "another audience": but(aud="other-api"),
    "audience empty": but(aud=[]),
    "audience a number": but(aud=7),
    "sub empty": but(sub=""),
    "sub a number": but(sub=7),
    "sub too long": but(sub="x" * 256),
    "sub with NUL": but(sub="a\0b"),
    "sub with a line break": but(sub="a\n"),
    "sub with half a surrogate pair": but(sub="a\ud800"),
    "exp of 400 digits": but(exp=10**400),
    "exp after the year 9999": but(exp=253_402_300_800),
    "a notice of a logout": signed(GOOD, {"alg": "HS256", "typ": "logout+jwt"}),
    "a notice of a logout by its claim": but(events={"http://schemas.openid.net/event/backchannel-logout": {}}),
    "an ID token": but(at_hash="x"),
    "an ID token by its claim": but(typ="ID"),
    "typ a list": signed(GOOD, {"alg": "HS256", "typ": ["JWT"]}),
    "role unknown": but(role="root"),
    "role of the worker": but(role="scoville_worker"),
    "role of the owner": but(role="scoville_owner"),
    "role postgres": but(role="postgres"),
    "role none": but(role="none"),
    "role in capitals": but(role="ADMIN"),
    "role with SQL": but(role='admin"; drop table x; --'),
    "role a list": but(role=["admin"]),
    "warehouses a text": but(warehouses="WH-01"),
    "warehouses null in a list": but(warehouses=[None]),
    "warehouses with a quote": but(warehouses=["WH'01"]),
    "warehouses with a brace": but(warehouses=["{WH-01}"]),
    "warehouses with a line break": but(warehouses=["WH-01\n"]),
    "warehouses with a comma": but(warehouses=["WH-01,WH-02"]),
    "channels an object": but(channels={"web": True}),
    "channels with an empty code": but(channels=[""]),
    "channels too many": but(channels=["x"] * 1001),
    "region 0": but(region=0),
    "region too large": but(region=32768),
    "region a word": but(region="1"),
    "region a fraction": but(region=1.5),
    "jti a number": but(jti=7),
    "too long": "x" * 9000,
}


def test_the_corpus_of_bad_tokens_is_large() -> None:
    assert len(BAD_TOKENS) >= 60


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_bad_token_is_a_401_that_says_what_to_do(shared_api: Api, name: str) -> None:
    with shared_api.client() as client:
        response = client.get("/v1/inventory", headers={"authorization": f"Bearer {BAD_TOKENS[name]}"})
    problem = check_problem(response, 401, "RQ401")
    assert response.headers["www-authenticate"].startswith('Bearer realm="scoville", error="invalid_token"')
    assert problem["detail"].endswith(".")


@pytest.mark.parametrize("value", ["", "Bearer", "Basic dXNlcjpwYXNz", good, f"Token {good}"])
def test_a_header_without_a_bearer_token_is_a_401(shared_api: Api, value: str) -> None:
    with shared_api.client() as client:
        response = client.get("/v1/inventory", headers={"authorization": value})
    check_problem(response, 401, "RQ401")
    assert response.headers["www-authenticate"] == 'Bearer realm="scoville"'


def test_no_header_is_a_401_without_an_error_code(shared_api: Api) -> None:
    with shared_api.client() as client:
        response = client.get("/v1/inventory")
    check_problem(response, 401, "RQ401")
    assert response.headers["www-authenticate"] == 'Bearer realm="scoville"'


def test_a_token_in_quotation_marks_is_told_so(shared_api: Api) -> None:
    with shared_api.client() as anyone:
        problem = check_problem(anyone.get("/v1/skus", headers={"authorization": f'Bearer "{signed(GOOD)}"'}), 401, "RQ401")
    assert "quotation marks" in problem["detail"]


def test_two_headers_are_a_401(shared_api: Api) -> None:
    with shared_api.client() as client:
        value = f"Bearer {good}"
        response = client.get("/v1/inventory", headers=[("authorization", value), ("authorization", value)])
    check_problem(response, 401, "RQ401")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_written_in_any_case(shared_api: Api, scheme: str) -> None:
    with shared_api.client() as client:
        assert client.get("/v1/inventory", headers={"authorization": f"{scheme} {good}"}).status_code == 200


def settings(**given: Any) -> Settings:
    return Settings(jwt_key=KEY, **given)


def bearer(token: str) -> list[str]:
    return [f"Bearer {token}"]


async def identify(verifier: Verifier, token: str) -> Identity:
    return await verifier.identify(bearer(token))


def test_a_minted_token_comes_back_as_the_identity() -> None:
    token = mint_token(settings(), "sales", subject="ana", channels=["web", "pos"], warehouses=["WH-01"], region=2)
    identity = asyncio.run(identify(Verifier(settings()), token))
    assert identity == Identity("sales", "ana", ("WH-01",), ("web", "pos"), 2)


def test_a_token_is_not_kept_beyond_its_expiry(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = Verifier(settings())
    token = mint_token(settings(), "admin", seconds=30)
    asyncio.run(identify(verifier, token))
    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)
    kept = verifier._kept[token]
    assert kept[1] < later


def test_without_a_key_no_app_is_made() -> None:
    with pytest.raises(SettingsError, match="SCOVILLE_JWT_KEY"):
        Verifier(Settings())
    with pytest.raises(SettingsError, match="SCOVILLE_JWT_KEY"):
        mint_token(Settings(), "admin")


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Keys:
    keys = Keys("one")
    monkeypatch.setattr("pyapp.identity.keys._download", keys.fetch)
    return keys


def by_key_set(token: str, verifier: Verifier | None = None) -> Identity:
    verifier = verifier or Verifier(Settings(jwks_url="https://issuer.example/keys"))
    return asyncio.run(identify(verifier, token))


def test_a_token_of_a_published_key_is_good(keys: Keys) -> None:
    token = jwt.encode(GOOD, RSA_PEM, algorithm="RS256", headers={"kid": "one"})
    assert by_key_set(token).subject == "someone"


@pytest.mark.parametrize(
    "token",
    [
        jwt.encode(GOOD, RSA_PEM, algorithm="RS256"),
        jwt.encode(GOOD, RSA_PEM, algorithm="RS256", headers={"kid": "two"}),
        jwt.encode(GOOD, RSA_PEM, algorithm="RS512", headers={"kid": "one"}),
        jwt.encode(GOOD, EC_PEM, algorithm="ES256", headers={"kid": "one"}),
        signed(GOOD, {"alg": "HS256", "kid": "one"}, RSA_PUBLIC_PEM),
        signed(GOOD, {"alg": "none", "kid": "one"}),
        "..",
    ],
)
def test_a_token_of_no_published_key_is_a_401(keys: Keys, token: str) -> None:
    with pytest.raises(Problem) as raised:
        by_key_set(token)
    assert raised.value.code == "RQ401"


class Clock:
    """The clock for fetching keys and caching tokens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        start = time.time()
        monkeypatch.setattr("pyapp.identity.keys.monotonic", lambda: self.now)
        monkeypatch.setattr("pyapp.identity.tokens.time.time", lambda: start + self.now - 1000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def refused(verifier: Verifier, token: str) -> str:
    with pytest.raises(Problem) as raised:
        by_key_set(token, verifier)
    return raised.value.code


def test_while_the_issuer_is_away_known_keys_stay_good_and_others_are_a_503(keys: Keys, clock: Clock) -> None:
    verifier = Verifier(Settings(jwks_url="https://issuer.example/keys"))
    by_key_set(by("one"), verifier)
    keys.away = True
    clock.now += 31
    assert by_key_set(by("one", "another"), verifier).subject == "another"
    assert refused(verifier, by("two")) == "RQ503"
    keys.away = False
    clock.now += 31
    assert refused(verifier, by("two")) == "RQ401"


@pytest.mark.parametrize(
    "answer", [None, [], "text", {}, {"keys": []}, {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}, 7]}]
)
def test_an_issuer_that_answers_nonsense_takes_no_known_key_away(keys: Keys, clock: Clock, answer: object) -> None:
    verifier = Verifier(Settings(jwks_url="https://issuer.example/keys"))
    by_key_set(by("one"), verifier)
    keys.document = answer
    clock.now += 31
    assert by_key_set(by("one", "another"), verifier).subject == "another"


def test_keys_are_rotated_with_an_overlap_in_which_both_are_good(keys: Keys, clock: Clock) -> None:
    verifier = Verifier(Settings(jwks_url="https://issuer.example/keys"))
    assert by_key_set(by("one"), verifier).subject == "someone"
    keys.publish("one", "two")
    clock.now += 30
    assert by_key_set(by("two"), verifier).subject == "someone"
    assert by_key_set(by("one", "other"), verifier).subject == "other"
    keys.publish("two")
    clock.now += 60  # by then, tokens of the old key are neither cached nor verified
    assert refused(verifier, by("one")) == "RQ401"
    assert by_key_set(by("two", "third"), verifier).subject == "third"


def test_keys_are_fetched_once_in_30_seconds_whatever_tokens_name(keys: Keys, clock: Clock) -> None:
    verifier = Verifier(Settings(jwks_url="https://issuer.example/keys"))
    for number in range(50):
        assert refused(verifier, by(f"unknown-{number}")) == "RQ401"
    assert keys.fetched == 1
    clock.now += 29
    refused(verifier, by("unknown"))
    assert keys.fetched == 1
    clock.now += 2
    refused(verifier, by("unknown"))
    assert keys.fetched == 2


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "application/at+jwt", None])
def test_an_access_token_may_name_its_type(typ: str | None) -> None:
    header = {"alg": "HS256"} if typ is None else {"alg": "HS256", "typ": typ}
    verifier = Verifier(Settings(jwt_key=KEY))
    assert asyncio.run(identify(verifier, signed(GOOD, header))).subject == "someone"


def test_a_short_key_signs_nothing(keys: Keys) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 (it must be refused)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(short.public_key()))
    keys.document["keys"].append(public | {"kid": "short", "use": "sig"})
    pem = short.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    verifier = Verifier(Settings(jwks_url="https://issuer.example/keys"))
    with pytest.warns(InsecureKeyLengthWarning):
        token = jwt.encode(GOOD, pem, algorithm="RS256", headers={"kid": "short"})
    with pytest.raises(Problem, match="unknown key"):  # its signature is not even computed
        by_key_set(token, verifier)
    assert by_key_set(by("one"), verifier).subject == "someone"


def test_a_key_for_encryption_signs_nothing(keys: Keys) -> None:
    keys.publish("one", "two")
    keys.document["keys"][0]["use"] = "enc"
    assert refused(Verifier(Settings(jwks_url="https://issuer.example/keys")), by("one")) == "RQ401"


def test_who_has_a_known_key_does_not_wait_for_an_issuer_that_hangs(
    keys: Keys, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long time without a fetch, as after a night without requests, a request waits once."""
    assert FETCH_SECONDS + TIMEOUT_SECONDS < STALE_SECONDS
    monkeypatch.setattr("pyapp.identity.keys.TIMEOUT_SECONDS", 1.5)

    async def ask(subject: str) -> float:
        started = time.perf_counter()
        assert (await identify(verifier, by("one", subject))).subject == subject
        return time.perf_counter() - started

    async def main() -> None:
        await ask("the first")
        keys.hangs = True
        clock.now += 31
        assert await ask("another") < 0.75
        with pytest.raises(Problem) as raised:
            await identify(verifier, by("two"))
        assert raised.value.code == "RQ503"
        clock.now += 30  # a fetch failed a moment ago
        assert await ask("a third") < 0.75
        assert keys.fetched == 2  # the third fetch is about to start
        await asyncio.sleep(2)
        assert keys.fetched == 3
        clock.now += 3600
        assert await ask("a fourth") >= 0.75
        assert await ask("a fifth") < 0.75
        keys.hangs = False
        keys.publish("two")
        clock.now += 31
        assert await ask("a sixth") < 0.75
        await asyncio.sleep(0.1)
        assert (await identify(verifier, by("two"))).subject == "someone"
        with pytest.raises(Problem) as raised:
            await identify(verifier, by("one", "a seventh"))
        assert raised.value.code == "RQ401"

    verifier = Verifier(Settings(jwks_url="https://issuer.example/keys"))
    asyncio.run(main())


def test_a_withdrawn_key_is_good_for_no_longer_than_a_minute(keys: Keys, clock: Clock) -> None:
    """Even if the token is used at the worst moments: just before the keys are fetched, and before its cache entry expires."""
    verifier = Verifier(Settings(jwks_url="https://issuer.example/keys"))
    by_key_set(by("one"), verifier)
    keys.publish("two")
    clock.now += STALE_SECONDS
    by_key_set(by("one", "late"), verifier)
    clock.now += 60 - STALE_SECONDS
    assert refused(verifier, by("one", "late")) == "RQ401"


class Issuer(BaseHTTPRequestHandler):
    """Responds as the path says."""

    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "/keys")
        self.end_headers()
        with suppress(OSError):
            if self.path == "/deep":
                self.wfile.write(b"[" * 100_000)
            if self.path == "/large":
                self.wfile.write(b" " * BYTES_MAX)
            for _ in range(240 if self.path == "/drips" else 0):
                self.wfile.write(b" ")
                time.sleep(0.05)
            self.wfile.write(json.dumps(Keys("one").document).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", ["/deep", "/drips", "/large", "/moved", "/keys"])
def test_an_answer_of_the_issuer_has_an_end_and_a_size(issuer: str, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr("pyapp.identity.keys.TIMEOUT_SECONDS", 0.5 if path == "/drips" else 20)
    verifier = Verifier(Settings(jwks_url=f"{issuer}{path}"))
    started = time.perf_counter()
    if path == "/keys":
        assert by_key_set(by("one"), verifier).subject == "someone"
    else:
        assert refused(verifier, by("one")) == "RQ503"
    assert time.perf_counter() - started < 10
