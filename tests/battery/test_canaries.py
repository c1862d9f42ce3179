"""Recognizable secrets and customers pass through the API, the worker and PostgreSQL while many kinds of errors occur.

The test then searches all error responses and all logs: ours at debug level, PostgreSQL's with the settings of the demo.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.battery.load import CHANNEL, SKUS, stock_up
from tests.battery.system import KEY, Cluster, System, running_cluster, running_system, wait_until_ready
from tests.cli import forked
from tests.cli.conftest import environment
from tests.http.conftest import key
from tests.patience import PATIENCE_SECONDS

PASSWORD = "canary-of-the-dsn-6f1d"
EMAIL = "canary.e-mail@customer.example"
NAME, ADDRESS = "Canary Customer", "1 Canary Lane, Spicetown"
JSON = {"Content-Type": "application/json"}
BROKEN = ("orders.order_contacts", "webhooks.secrets", "identity.client_secrets", "orders.orders", "identity.idempotency_keys")
COMMANDS = ("worker", "migrate", "doctor", "verify", "backup file")


def with_password(url: str) -> str:
    return url.replace("authenticator@", f"authenticator:{PASSWORD}@")


def order(**more: Any) -> dict[str, Any]:
    customer = {"name": NAME, "email": EMAIL, "address": ADDRESS}
    return {"customer": customer, "items": [{"sku_id": SKUS[0], "quantity": 1}], **more}


class Canaries:
    """A client that makes errors and records the responses."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.admin = system.client("admin")
        self.shop = system.client("sales", channels=[CHANNEL])
        self.errors: list[httpx2.Response] = []
        made = self.done(
            self.admin.post("/v1/clients", json={"client_id": "till", "name": "Till", "role": "sales", "channels": [CHANNEL]})
        )
        self.client_secret = made["client_secret"]
        hook = {"url": "http://127.0.0.1:9/canary-of-the-path", "event_types": ["order.*"]}
        self.webhook_secret = self.done(self.admin.post("/v1/webhooks", json=hook))["secret"]
        self.token = self.admin.headers["authorization"].split()[1]
        self.ticket = self.done(self.admin.post("/v1/ws/tickets"))["ticket"]

    @staticmethod
    def done(response: httpx2.Response) -> dict[str, Any]:
        assert response.status_code in (200, 201), response.text
        return dict(response.json())

    def fails(self, response: httpx2.Response) -> None:
        assert response.status_code >= 400, response.text
        self.errors.append(response)

    def secrets(self) -> dict[str, str]:
        """The secrets by kind. Of a token, only the signature is secret."""
        basic = base64.b64encode(f"till:{self.client_secret}".encode()).decode()
        return {
            "the token": self.token.rpartition(".")[2],
            "the key that signs tokens": KEY,
            "the secret of a client": self.client_secret,
            "the same in HTTP Basic": basic,
            "the secret of a webhook": self.webhook_secret.removeprefix("whsec_"),
            "the ticket": self.ticket,
            "the password of the database": PASSWORD,
        }

    def ask_wrongly(self) -> None:
        """The errors of a client."""
        text = f'{{"customer": {{"email": "{EMAIL}"'
        self.fails(self.shop.post("/v1/orders", content=text, headers=key() | JSON))
        self.fails(self.shop.post("/v1/orders", json=order(total_price=1), headers=key()))
        self.fails(self.shop.post("/v1/orders", json=order(customer={"email": EMAIL, "name": 7}), headers=key()))
        self.fails(self.shop.post("/v1/orders", json=order(items=[{"sku_id": SKUS[0], "quantity": 10**6}]), headers=key()))
        self.fails(self.shop.get("/v1/orders", params={"access_token": self.token}))
        self.fails(self.shop.get("/v1/audit"))
        self.fails(self.admin.post("/v1/customers/erase", json={"email": EMAIL}, headers=key()))  # the order is open
        for spoilt in (self.token[:-2], f"{self.token}x", f"{self.token} {self.token}"):
            self.fails(httpx2.get(f"{self.system.url}/v1/orders", headers={"Authorization": f"Bearer {spoilt}"}))
        form = {"grant_type": "client_credentials", "client_id": "till", "client_secret": f"{self.client_secret}x"}
        self.fails(httpx2.post(f"{self.system.url}/v1/oauth/token", data=form))
        self.fails(httpx2.post(f"{self.system.url}/v1/oauth/token", data=form | {"scope": "admin", "x": self.client_secret}))
        self.done(
            httpx2.post(f"{self.system.url}/v1/oauth/token", data=form | {"client_secret": self.client_secret})
        )  # this request succeeds and is logged
        self.fails(httpx2.get(f"{self.system.url}/v1/ws/inventory", params={"ticket": self.ticket}))

    def meet_a_broken_database(self) -> None:
        """Rows that PostgreSQL refuses on write. Without row-level security, PostgreSQL would log their values."""
        for table in BROKEN:
            self.system.cluster.rows(f"alter table {table} add constraint canary check (random() < 0) not valid")
            with_key = order(external_id=f"X-{table.partition('.')[2]}")
            if table.startswith("orders") or "keys" in table:
                self.fails(self.shop.post("/v1/orders", json=with_key, headers=key()))
            elif table.startswith("identity"):
                self.fails(self.admin.post("/v1/clients/till/rotate-secret", json={}, headers=key()))
            else:
                self.fails(self.admin.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/", "event_types": ["order.*"]}))
            self.system.cluster.rows(f"alter table {table} drop constraint canary")
        self.system.cluster.rows("alter function orders.insert_drafts rename to canary")
        self.fails(self.shop.post("/v1/orders", json=order(), headers=key()))
        self.system.cluster.rows("alter function orders.canary rename to insert_drafts")

    def lose_the_database(self) -> None:
        self.system.cluster.end()
        self.fails(self.shop.post("/v1/orders", json=order(), headers=key()))
        self.system.cluster.start()
        wait_until_ready(self.system.url)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.mark.timeout(300)
def test_no_secret_and_no_customer_gets_into_a_log_or_an_error(cluster: Cluster, tmp_path: Path) -> None:
    url = with_password(cluster.url)
    variables = {"DATABASE_URL": url, "SCOVILLE_LOG_LEVEL": "debug", "SCOVILLE_WEBHOOK_ALLOW": "127.0.0.1:9"}
    with running_system(cluster, **variables) as system:
        stock_up(system)
        canaries = Canaries(system)
        placed = canaries.done(canaries.shop.post("/v1/orders", json=order(), headers=key()))
        wait_for_an_attempt(cluster)
        canaries.ask_wrongly()
        canaries.meet_a_broken_database()
        canaries.lose_the_database()
        system.api.kill()
        wait_until_ready(system.url)
        said = {"API and worker": system.logs(), "PostgreSQL": cluster.log}
        # The search can find a leak: with row-level security off, PostgreSQL logs the refused row.
        cluster.rows(
            "alter table orders.order_contacts disable row level security, add constraint bird check (random() < 0) not valid"
        )
        canaries.shop.post("/v1/orders", json=order(), headers=key())
        assert EMAIL in cluster.log
    answers = "\n".join(f"{error.headers}{error.text}" for error in canaries.errors)
    said["error answers"] = answers
    said["commands"] = run_commands(url, tmp_path)
    # These texts must be found, which proves that the search reads the right files.
    assert placed["order_id"]
    assert '"status":500' in said["API and worker"]
    assert said["API and worker"].count('"route":"/v1/orders"') > 5
    assert said["PostgreSQL"].count('violates check constraint "canary"') == len(BROKEN)
    for where, text in said.items():
        for what, secret in canaries.secrets().items():
            assert secret not in text, f"{what} is in: {where}"
    for where in ("API and worker", "PostgreSQL", "commands"):
        for customer in (EMAIL, NAME, ADDRESS):
            assert customer not in said[where], f"{customer} is in: {where}"
    assert NAME not in answers
    assert ADDRESS not in answers


def wait_for_an_attempt(cluster: Cluster) -> None:
    """The worker has tried to send the events and failed."""
    cluster.rows("update webhooks.endpoint_states set verified_at = now(), challenge_due_at = null")
    limit = time.monotonic() + PATIENCE_SECONDS
    while not cluster.rows("select from webhooks.attempts"):
        assert time.monotonic() < limit, cluster.rows("select status, next_attempt_at, * from webhooks.deliveries")
        time.sleep(0.1)


def run_commands(url: str, folder: Path) -> str:
    """The output of the commands when the database is down or its name is wrong."""
    away = f"postgresql://authenticator:{PASSWORD}@127.0.0.1:1/postgres"
    wrong = f"postgresql://authenticator:{PASSWORD}@127.0.0.1:canary/postgres"
    given = [(words, name) for name in (away, wrong, url.replace("/postgres?", "/nothing?")) for words in COMMANDS]
    said = []
    for words, name in given:
        variables = environment(DATABASE_URL=name, SCOVILLE_JWT_KEY=KEY, SCOVILLE_PORT="0")
        done = forked.run(words.split(), folder=folder, environment=variables)
        said.append(done.stdout + done.stderr)
    assert all(text and "Traceback" not in text for text in said), said
    return "".join(said)
