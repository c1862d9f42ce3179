"""Clients of the demo, for signing in to the dashboard: one per role, all with one secret that is derived from the folder's key.

So the secret is the same at every start, differs between folders, and is stored only as the key.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any

import msgspec
import psycopg

from pyapp.api.tokens import SECRET_PREFIX, hash_of
from pyapp.demo import CHANNELS, DEMO
from pyapp.deploy import analysts
from pyapp.identity.enter import entering

CLIENTS: tuple[dict[str, Any], ...] = (
    {"client_id": "demo-admin", "name": "Demo: admin", "role": "admin"},
    {"client_id": "demo-warehouse", "name": "Demo: staff of WH-01", "role": "warehouse", "warehouses": ["WH-01"]},
    {"client_id": "demo-sales", "name": "Demo: sales", "role": "sales", "channels": [channel[0] for channel in CHANNELS]},
)

ANALYST = "analyst"


def admit(url: str, key: str) -> str:
    """Creates missing clients, as authenticator, and returns their secret. A revoked client stays revoked."""
    digest = hmac.digest(key.encode(), b"clients of the demo", "sha256")
    secret = SECRET_PREFIX + base64.urlsafe_b64encode(digest).decode().rstrip("=")
    proof = bytes.fromhex(hash_of(secret))
    with psycopg.connect(url, application_name="scoville demo") as connection:
        for client in CLIENTS:
            asked = connection.execute("select error from api.issue_token(%s, %s, null)", [client["client_id"], proof])
            if asked.fetchone() != (None,):
                _let_in(connection, {**client, "secret_hash": proof.hex()})
            connection.commit()
    return secret


def admit_analyst(owner_url: str, address: str, database: str, key: str) -> str:
    """Creates the demo's login for BI tools if it is missing, and returns its URL."""
    password = base64.urlsafe_b64encode(hmac.digest(key.encode(), b"analyst of the demo", "sha256")).decode().rstrip("=")
    with psycopg.connect(owner_url, application_name="scoville demo", autocommit=True) as connection:
        if ANALYST in {analyst.login for analyst in analysts.find(connection)}:
            analysts.set_password(connection, ANALYST, password)
        else:
            analysts.add(connection, ANALYST, password)
    return f"postgresql://{ANALYST}:{password}@{address}/{database}"


def _let_in(connection: psycopg.Connection[Any], client: dict[str, Any]) -> None:
    """Creates a client, or sets its secret after the key has changed."""
    connection.execute(*entering(DEMO, "demo"))
    meta = {"actor": "demo", "request_id": "demo"}
    made = connection.execute("select code from api.create_clients(%s)", [_json([{**client, "meta": meta}])]).fetchone()
    if made == ("ID005",):  # it exists already
        change = {name: client[name] for name in ("client_id", "secret_hash")} | {"overlap_seconds": 0, "meta": meta}
        connection.execute("select code from api.rotate_secrets(%s)", [_json([change])])


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
