"""Orders over HTTP and the stock that remains."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.calls import ORDER
from tests.http.conftest import key


def place(client: httpx2.Client, body: Any = None, **headers: str) -> httpx2.Response:
    return client.post("/v1/orders", json=ORDER if body is None else body, headers=headers or key())


def but(**changes: object) -> dict[str, Any]:
    """The sample order without its number and with these fields changed."""
    return {name: value for name, value in (ORDER | changes).items() if name != "order_id" and value is not None}


def lines(quantity: int, **changes: object) -> dict[str, Any]:
    return but(items=[{"sku_id": "HOTSAUCE-001", "quantity": quantity}], total_price=None, **changes)


def document(client: httpx2.Client, path: str) -> dict[str, Any]:
    """The order as commands answer it: without its timeline and its returns."""
    return {name: value for name, value in client.get(path).json().items() if name not in ("timeline", "return_status")}


def available(client: httpx2.Client, sku: str = "HOTSAUCE-001") -> int:
    """Bypasses the cache: a cached response may lack another client's writes of the last 100 ms."""
    return int(client.get(f"/v1/inventory/{sku}", headers={"cache-control": "no-cache"}).json()["available"])
