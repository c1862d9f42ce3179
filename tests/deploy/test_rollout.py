"""A rollout without failed requests: behind nginx, configured as in deploy/nginx, the processes are replaced one by one."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import signal
import ssl
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
import websockets.sync.client
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.typing import Origin

from pyapp.identity.tokens import mint_token
from pyapp.settings import Settings
from tests.calls import CHANNEL, SKU
from tests.cli.conftest import COMMAND, environment
from tests.conftest import ROOT
from tests.deploy.conftest import KEY, run_command
from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port

RECIPE = ROOT / "deploy" / "nginx" / "scoville.conf"
STOP_SECONDS_MAX = 5.0
CLIENTS = 4


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key").write_bytes(key.private_bytes(*pem))
    return folder / "crt", folder / "key"


def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


@contextmanager
def run_nginx(folder: Path, ports: tuple[int, int], certificate: tuple[Path, Path]) -> Iterator[str]:
    """nginx with the recipe, on a free port in front of these two servers: its URL."""
    path = shutil.which("nginx")
    if path is None:
        pytest.skip("nginx is not here: .ci/tools installs it for root")
    port, recipe = free_port(), RECIPE.read_text(encoding="utf-8")
    for old, new in (
        ("127.0.0.1:8001", f"127.0.0.1:{ports[0]}"),
        ("127.0.0.1:8002", f"127.0.0.1:{ports[1]}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("server_name scoville.example.com", "server_name localhost"),
        ("/etc/nginx/tls/scoville.crt", str(certificate[0])),
        ("/etc/nginx/tls/scoville.key", str(certificate[1])),
    ):
        assert recipe.count(old) == 1
        recipe = recipe.replace(old, new)
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/errors warn;\n"
        f"events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n{temporary}{recipe}}}\n"
    )
    with subprocess.Popen([path, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.PIPE) as process:
        try:
            limit = time.monotonic() + PATIENCE_SECONDS
            while True:
                try:
                    httpx2.get(f"https://localhost:{port}/healthz", verify=trusting(certificate))
                    break
                except httpx2.TransportError:
                    assert process.poll() is None, process.stderr.read() if process.stderr else ""
                    assert time.monotonic() < limit
                    time.sleep(0.05)
            yield f"https://localhost:{port}"
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()


def put_stock_in(url: str, context: ssl.SSLContext) -> None:
    """Adds more stock than all customers together can order."""
    token = {"authorization": f"Bearer {mint_token(Settings(jwt_key=KEY), 'admin')}"}
    with httpx2.Client(base_url=url, headers=token, verify=context) as client:
        assert client.post("/v1/warehouses", json={"warehouse_id": "WH-01", "name": "Main", "region_id": 1}).status_code == 201
        assert client.post("/v1/channels", json=CHANNEL).status_code == 201
        sku = {**SKU, "stock": 1_000_000}
        assert client.post("/v1/inventory", json=sku, headers={"idempotency-key": str(uuid.uuid4())}).status_code == 201


class Customer(threading.Thread):
    """Orders and reads in a loop; records failures and acknowledged orders."""

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        super().__init__()
        self.failed: list[object] = []
        self.placed: list[str] = []
        self.asked = 0
        self.ended = threading.Event()
        token = mint_token(Settings(jwt_key=KEY), "sales", channels=["web"])
        self._client = httpx2.Client(
            base_url=url, headers={"authorization": f"Bearer {token}"}, verify=context, timeout=PATIENCE_SECONDS
        )

    def run(self) -> None:
        order = {"customer": {"name": "Jane"}, "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]}
        while not self.ended.is_set():
            for method, path, body in (("POST", "/v1/orders", order), ("GET", "/v1/inventory/HOTSAUCE-001", None)):
                try:
                    key = {"idempotency-key": str(uuid.uuid4())}
                    response = self._client.request(method, path, json=body, headers=key)
                    self.asked += 1
                    if response.status_code == 201:
                        self.placed.append(response.json()["order_id"])
                    elif response.status_code != 200:
                        self.failed.append((response.status_code, response.text))
                except httpx2.HTTPError as error:
                    self.failed.append(error)
        self._client.close()


def wait_for_more(customers: list[Customer]) -> None:
    """Waits until each customer has more responses."""
    wanted = [(customer, customer.asked + 10) for customer in customers]
    limit = time.monotonic() + PATIENCE_SECONDS
    while any(customer.asked < count for customer, count in wanted):
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_no_request_fails_while_each_process_is_replaced(
    authenticator_url: str, connection: psycopg.Connection[Any], tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    given = {"DATABASE_URL": authenticator_url, "SCOVILLE_JWT_KEY": KEY, "SCOVILLE_POOL_SIZE": "4"}
    ports = (free_port(), free_port())
    with ExitStack() as everything:
        running = [everything.enter_context(ExitStack()) for _ in ports]
        for stack, port in zip(running, ports, strict=True):
            stack.enter_context(run_command("serve", "--port", str(port), **given))
        url = everything.enter_context(run_nginx(tmp_path, ports, certificate))
        put_stock_in(url, trusting(certificate))
        customers = [Customer(url, trusting(certificate)) for _ in range(CLIENTS)]
        for customer in customers:
            customer.start()
        try:
            for stack, port in zip(running, ports, strict=True):
                stack.close()  # SIGTERM: a graceful shutdown
                wait_for_more(customers)
                stack.enter_context(run_command("serve", "--port", str(port), **given))
                wait_for_more(customers)
        finally:
            for customer in customers:
                customer.ended.set()
            for customer in customers:
                customer.join()
        failed = [failure for customer in customers for failure in customer.failed]
        assert failed == [], (tmp_path / "errors").read_text(encoding="utf-8")
        placed = [order for customer in customers for order in customer.placed]
        assert len(placed) > 20
        found = connection.execute("select count(*) from orders.orders").fetchone()
        assert found == (len(set(placed)),) == (len(placed),)
        assert connection.execute("select count(*) from stock.verify()").fetchone() == (0,)
        check_proxy(url, trusting(certificate))


def check_proxy(url: str, context: ssl.SSLContext) -> None:
    """The recipe's other promises: sockets and streams pass without buffering, the metrics stay private."""
    token = {"authorization": f"Bearer {mint_token(Settings(jwt_key=KEY), 'admin')}"}
    with httpx2.Client(base_url=url, headers=token, verify=context, timeout=PATIENCE_SECONDS) as client:
        answer = client.get("/readyz", headers={"x-request-id": "mine"})
        assert answer.headers["x-request-id"] == "mine"
        assert "max-age" in answer.headers["strict-transport-security"]
        assert client.get("/metrics").status_code == 404
        with client.stream("GET", "/v1/events/stream") as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith((":", "id:"))
    connection = websockets.sync.client.connect(
        url.replace("https", "wss") + "/v1/ws/inventory", ssl=context, additional_headers=token, origin=Origin(url)
    )
    with connection as line:
        line.send(json.dumps({"type": "subscribe"}))
        assert json.loads(line.recv(10))["type"] == "snapshot"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_speaks_https_by_itself(authenticator_url: str, certificate: tuple[Path, Path], workers: str) -> None:
    variables = {
        "DATABASE_URL": authenticator_url,
        "SCOVILLE_JWT_KEY": KEY,
        "SCOVILLE_WORKERS": workers,
        "SCOVILLE_TLS_CERT": str(certificate[0]),
        "SCOVILLE_TLS_KEY": str(certificate[1]),
    }
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"], cwd=ROOT, env=environment(**variables), stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr
        url = re.findall(r"https://\S+", process.stderr.readline())[0].replace("127.0.0.1", "localhost")
        assert httpx2.get(f"{url}/healthz", verify=trusting(certificate), timeout=PATIENCE_SECONDS).json() == {"status": "alive"}
        token = {"authorization": f"Bearer {mint_token(Settings(jwt_key=KEY), 'admin')}"}
        with websockets.sync.client.connect(
            url.replace("https", "wss") + "/ws/inventory", ssl=trusting(certificate), additional_headers=token
        ) as line:
            line.send(json.dumps({"type": "subscribe"}))
            assert json.loads(line.recv(10))["type"] == "snapshot"
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"{url.replace('https', 'http')}/healthz")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
