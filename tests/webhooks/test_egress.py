"""Outgoing requests: no URL and no resolver can cause a connection to a non-public address."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pyapp.outbound.webhooks import addresses, egress
from pyapp.outbound.webhooks.addresses import Allowed, Refused, check_url, is_public
from pyapp.outbound.webhooks.egress import ANSWER_BYTES_MAX, Answer, Egress
from tests.patience import PATIENCE_SECONDS
from tests.webhooks.conftest import OK, Received, Sink, status

NAME = "hooks.example.com"
# The tests' default name resolution. The system's resolver is not used.
NAMES = {
    "loop.example.com": ["127.0.0.1"],
    "loop6.example.com": ["::1"],
    "mixed.example.com": ["93.184.215.14", "127.0.0.1"],
    "mapped.example.com": ["::ffff:127.0.0.1"],
    "metadata.example.com": ["169.254.169.254"],
    "internal.example.com": ["10.1.2.3"],
    "nat64.example.com": ["64:ff9b::7f00:1"],
    "sixtofour.example.com": ["2002:7f00:1::1"],
    "teredo.example.com": ["2001:0:7f00:1::1"],
    "zone.example.com": ["fe80::1%1"],
    "127.0.0.1.nip.example.com": ["127.0.0.1"],
    "xn--lo-oja.example.com": ["127.0.0.1"],
}
HOSTILE = [
    "https://127.0.0.1:{port}/",
    "https://127.0.0.2:{port}/",
    "https://127.255.255.254:{port}/",
    "https://0.0.0.0:{port}/",
    "https://0:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST:{port}/",
    "https://localhost.:{port}/",
    "https://foo.localhost:{port}/",
    "https://127.1:{port}/",
    "https://127.0.1:{port}/",
    "https://2130706433:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7f.0x0.0x0.0x1:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://017700000001:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://\uff11\uff12\uff17.\uff10.\uff10.\uff11:{port}/",
    "https://①②⑦.0.0.1:{port}/",
    "https://127。0。0。1:{port}/",
    "https://%31%32%37.0.0.1:{port}/",
    "https://[::1]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[::]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[64:ff9b::127.0.0.1]:{port}/",
    "https://[64:ff9b:1::7f00:1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[2001:0:7f00:1::]:{port}/",
    "https://[fe80::1]:{port}/",
    "https://[fe80::1%25lo]:{port}/",
    "https://[fe80::1%lo]:{port}/",
    "https://[fc00::1]:{port}/",
    "https://[ff02::1]:{port}/",
    "https://10.0.0.1:{port}/",
    "https://172.16.0.1:{port}/",
    "https://192.168.1.1:{port}/",
    "https://100.64.0.1:{port}/",
    "https://100.100.100.200:{port}/",
    "https://169.254.169.254:{port}/latest/meta-data/",
    "https://168.63.129.16:{port}/",
    "https://192.0.0.192:{port}/",
    "https://198.18.0.1:{port}/",
    "https://224.0.0.1:{port}/",
    "https://255.255.255.255:{port}/",
    "https://user:pass@127.0.0.1:{port}/",
    "https://hooks.example.com@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}#@hooks.example.com/",
    "https://hooks.example.com\\@127.0.0.1:{port}/",
    "https://hooks.example.com%2f@127.0.0.1:{port}/",
    "http://loop.example.com:{port}/",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "//127.0.0.1:{port}/",
    "https://127.0.0.1 :{port}/",
    "https://127.0.0.1\t:{port}/",
    "https://127.0.0.1:{port}/\r\nHost: hooks.example.com",
    *(f"https://{name}:{{port}}/" for name in NAMES),
]


class Canary:
    """A listener that must never receive a connection."""

    def __init__(self) -> None:
        self.listeners = [socket.create_server(("127.0.0.1", 0))]
        self.port = self.listeners[0].getsockname()[1]
        with contextlib.suppress(OSError):  # without IPv6, nothing can arrive that way
            self.listeners.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        for listener in self.listeners:
            listener.setblocking(False)

    def touched(self) -> bool:
        for listener in self.listeners:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                continue
            return True
        return False


@pytest.fixture
def canary() -> Iterator[Canary]:
    canary = Canary()
    yield canary
    for listener in canary.listeners:
        listener.close()


def resolve(host: str, port: int, names: dict[str, list[str]] | None = None) -> list[tuple[Any, ...]]:
    found = (NAMES if names is None else names).get(host.removesuffix("."))
    if found is None:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)  # literal addresses and localhost
    return [
        (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
        for address in found
    ]


def post(url: str, allow: str = "", headers: dict[str, str] | None = None, **settings: Any) -> Answer | Exception:
    """The response or the exception; a connection that the peer refuses was attempted."""

    async def main() -> Answer:
        out = Egress(Allowed(allow), connections_max=10, **{"lookup": resolve, "seconds_max": 5.0, **settings})
        try:
            return await out.post(url, b"{}", headers or {})
        finally:
            await out.close()

    try:
        return asyncio.run(main())
    except (OSError, aiohttp.ClientError) as error:
        return error


def was_refused(outcome: Answer | Exception) -> bool:
    return isinstance(outcome, Exception) and any(
        isinstance(cause, Refused) for cause in (outcome, outcome.__cause__, getattr(outcome, "os_error", None))
    )


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_reaches_nothing(canary: Canary, url: str) -> None:
    outcome = post(url.format(port=canary.port))
    assert not canary.touched()
    assert was_refused(outcome), outcome


def test_there_are_enough_hostile_urls() -> None:
    assert len(HOSTILE) >= 40


def test_without_the_guards_the_canary_is_reached(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that the tests above can fail."""
    for module in (addresses, egress):
        monkeypatch.setattr(module, "is_public", lambda _: True)
    for url in ("https://127.0.0.1:{port}/", "https://loop.example.com:{port}/", "https://127.0.0.1.nip.example.com:{port}/"):
        post(url.format(port=canary.port), seconds_max=0.3)
        assert canary.touched(), url


@pytest.mark.parametrize("guard", ["resolver", "socket"])
def test_each_of_the_two_guards_at_the_connection_suffices(canary: Canary, monkeypatch: pytest.MonkeyPatch, guard: str) -> None:
    if guard == "resolver":
        monkeypatch.setattr(egress, "checked_socket", lambda address: socket.socket(*address[:3]))
    else:
        monkeypatch.setattr(egress.CheckedResolver, "resolve", _unchecked)
    outcome = post(f"https://loop.example.com:{canary.port}/")
    assert was_refused(outcome)
    assert not canary.touched()


async def _unchecked(self: Any, host: str, port: int = 0, family: Any = None) -> Any:
    return [
        {"hostname": host, "host": address[0], "port": port, "family": kind, "proto": protocol, "flags": 0}
        for kind, _, protocol, _, address in resolve(host, port)
    ]


# A resolver that changes its reply: 127.0.0.2 stands for a public address here, 127.0.0.1 is the canary -------------------


@pytest.fixture
def second_address_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (addresses, egress):
        monkeypatch.setattr(module, "is_public", lambda address: address == "127.0.0.2" or is_public(address))


@pytest.mark.usefixtures("second_address_is_public")
def test_a_rebinding_resolver_gains_nothing(canary: Canary) -> None:
    answers = [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"]]
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[tuple[Any, ...]]:
        asked.append(host)
        return resolve(host, port, {host: answers[len(asked) - 1]})

    with socket.create_server(("127.0.0.2", canary.port)) as public:
        public.settimeout(PATIENCE_SECONDS)
        thread = threading.Thread(target=lambda: public.accept()[0].close())
        thread.start()
        outcomes = [post(f"https://{NAME}:{canary.port}/", lookup=rebinding) for _ in answers]
        thread.join()  # the first request went to the checked address
    assert [was_refused(outcome) for outcome in outcomes] == [False, True, True, True]
    assert asked == [NAME] * 4  # once per connection: no second lookup between check and connection
    assert not canary.touched()


@contextmanager
def tls_server(folder: Path, name: str) -> Iterator[tuple[int, ssl.SSLContext, list[Any]]]:
    """A server on 127.0.0.2 with a certificate for the name: its port, a context that trusts it, the requests it received."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "both.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    told: list[Any] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    context.sni_callback = lambda _socket, sni, _context: told.append(sni)

    def serve(listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
            with context.wrap_socket(connection, server_side=True) as secure:
                told.append(secure.recv(65536).decode())
                secure.sendall(OK)
        except OSError:
            return

    with socket.create_server(("127.0.0.2", 0)) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        trusting = ssl.create_default_context(cafile=str(file))
        yield listener.getsockname()[1], trusting, told
        thread.join()


@pytest.mark.usefixtures("second_address_is_public")
def test_tls_and_the_host_header_keep_the_name_though_the_address_is_pinned(tmp_path: Path) -> None:
    with tls_server(tmp_path, NAME) as (port, trusting, told):
        outcome = post(
            f"https://{NAME}:{port}/hook",
            lookup=lambda host, port: resolve(host, port, {NAME: ["127.0.0.2"]}),
            tls=trusting,
        )
    assert isinstance(outcome, Answer), outcome
    assert outcome.status == 204
    assert told[0] == NAME
    assert f"Host: {NAME}:{port}\r\n" in told[1]


@pytest.mark.usefixtures("second_address_is_public")
@pytest.mark.parametrize("trusted", [True, False], ids=["for another name", "of an unknown authority"])
def test_a_certificate_that_is_not_good_ends_it(tmp_path: Path, trusted: bool) -> None:
    with tls_server(tmp_path, "other.example.com" if trusted else NAME) as (port, trusting, told):
        outcome = post(
            f"https://{NAME}:{port}/",
            lookup=lambda host, port: resolve(host, port, {NAME: ["127.0.0.2"]}),
            tls=trusting if trusted else None,
        )
    assert isinstance(outcome, aiohttp.ClientConnectorCertificateError)
    assert told[1:] == []  # nothing was sent


# Responses ----------------------------------------------------------------------------------------------------------------


def test_a_redirect_is_not_followed(sink: Sink, canary: Canary) -> None:
    async def answer(_: Received) -> bytes:
        return status(307, f"Location: http://127.0.0.1:{canary.port}/")

    sink.answer = answer
    outcome = post(sink.url, "127.0.0.1")
    assert isinstance(outcome, Answer)
    assert outcome.status == 307
    assert not canary.touched()


def test_proxies_of_the_environment_are_not_asked(sink: Sink, canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    outcome = post(sink.url, "127.0.0.1")
    assert isinstance(outcome, Answer)
    assert not canary.touched()


def test_credentials_of_a_netrc_are_not_sent(sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    post(sink.url, "127.0.0.1")
    assert "authorization" not in sink.received[0].headers


def test_cookies_are_not_kept(sink: Sink) -> None:
    async def answer(_: Received) -> bytes:
        return status(200, "Set-Cookie: a=b")

    async def twice() -> None:
        out = Egress(Allowed("127.0.0.1"), connections_max=10)
        for _ in range(2):
            await out.post(sink.url, b"{}", {})
        await out.close()

    sink.answer = answer
    asyncio.run(twice())
    assert sink.connections == 1  # keep-alive
    assert ["cookie" in received.headers for received in sink.received] == [False, False]


def test_an_answer_is_read_to_64_kib(sink: Sink) -> None:
    async def answer(_: Received) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 1_000_000

    sink.answer = answer
    outcome = post(sink.url, "127.0.0.1")
    assert isinstance(outcome, Answer)
    assert len(outcome.body) == ANSWER_BYTES_MAX


def test_a_compressed_answer_stays_compressed(sink: Sink) -> None:
    async def answer(_: Received) -> bytes:
        return status(200, "Content-Encoding: gzip", body="not gzip")

    sink.answer = answer
    outcome = post(sink.url, "127.0.0.1")
    assert isinstance(outcome, Answer)
    assert outcome.body == b"not gzip"


@pytest.mark.parametrize("behavior", ["silent", "dripping header", "dripping body"])
def test_a_request_takes_its_time_and_no_more(behavior: str) -> None:
    beginning = {"silent": b"", "dripping header": b"HTTP/1.1 200 OK\r\n", "dripping body": status(200, body="x" * 1000)[:-1000]}
    drop = {"silent": b"", "dripping header": b"A: b\r\n", "dripping body": b"x"}
    ended, talks = asyncio.Event(), []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(beginning[behavior])
        while not ended.is_set() and not writer.is_closing():
            writer.write(drop[behavior])
            await asyncio.sleep(0.05)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        out = Egress(Allowed("127.0.0.1"), connections_max=10, seconds_max=0.5)
        started = time.monotonic()
        async with server:
            with pytest.raises(TimeoutError):
                await out.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", b"{}", {})
        assert time.monotonic() - started < 30  # without the limit, for ever
        ended.set()
        await asyncio.gather(*filter(None, talks))
        await out.close()

    asyncio.run(main())


def test_names_that_hang_hold_nobody_up() -> None:
    release = threading.Event()

    def lookup(host: str, port: int) -> list[tuple[Any, ...]]:
        if host.startswith("hanging"):
            release.wait(PATIENCE_SECONDS)
        return resolve(host, port, {host: ["127.0.0.1"]})

    async def main() -> tuple[list[BaseException | Answer], bool]:
        out = Egress(Allowed(), connections_max=100, lookup=lookup, seconds_max=2.0)
        hanging = [out.post("https://hanging.example.com/", b"", {}) for _ in range(60)]
        tasks = [asyncio.ensure_future(post) for post in hanging]
        await asyncio.sleep(0.1)
        others = [out.post(f"https://quick{nth}.example.com/", b"", {}) for nth in range(10)]
        await asyncio.gather(*others, return_exceptions=True)
        first = not any(task.done() for task in tasks)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        release.set()
        await out.close()
        return outcomes, first

    outcomes, first = asyncio.run(main())
    assert first
    assert {type(outcome) for outcome in outcomes} <= {TimeoutError, aiohttp.ConnectionTimeoutError}


# Texts of the rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::200e", "192.0.1.1", "100.128.0.1"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address", ["", "localhost", "1.1.1", "1.1.1.1 ", "::ffff:1.1.1.1", "2606:4700::1%1", "0x1.1.1.1", "1.1.1.1/8"]
)
def test_what_is_no_plain_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url", ["https://hooks.example.com/", "https://hooks.example.com:8443/a?b=c", "https://1.1.1.1/", "https://bücher.example/"]
)
def test_ordinary_urls_are_fine(url: str) -> None:
    check_url(url, Allowed())


@pytest.mark.parametrize(
    ("allow", "url", "fine"),
    [
        ("localhost", "http://localhost:1/", True),
        ("localhost:1", "http://localhost:1/", True),
        ("localhost:1", "http://localhost:2/", False),
        ("localhost", "http://localhost.example.com/", False),
        ("[::1]:9", "http://[::1]:9/", True),
        (" 10.0.0.1 , printer ", "http://printer/", True),
        ("10.0.0.1", "http://user@10.0.0.1/", False),
        ("10.0.0.1", "ftp://10.0.0.1/", False),
    ],
)
def test_allowed_hosts_are_named_exactly(allow: str, url: str, fine: bool) -> None:
    if fine:
        check_url(url, Allowed(allow))
    else:
        with pytest.raises(Refused):
            check_url(url, Allowed(allow))


@pytest.mark.parametrize("allow", ["http://localhost", "localhost/x", "a b", "user@host", "host:99999", "host?x"])
def test_what_is_no_host_cannot_be_allowed(allow: str) -> None:
    with pytest.raises(ValueError, match="is not a host"):
        Allowed(allow)
