"""A shop on the Python client that openapi-python-client generated as `scoville_client`. Prints its results as JSON."""

from __future__ import annotations

import json
import sys
import uuid

from scoville_client import AuthenticatedClient
from scoville_client.api.inventory import get_inventory
from scoville_client.api.orders import cancel_orders, place_orders
from scoville_client.models import CustomerDraft, InventoryDetail, Order, OrderDraft, OrderLine, Problem

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])


def draft(quantity: int) -> OrderDraft:
    customer = CustomerDraft(name="Jane Doe", email="jane@example.com")
    return OrderDraft(customer=customer, items=[OrderLine(sku_id="HOTSAUCE-001", quantity=quantity, price=12.99)])


def place(quantity: int, key: str):
    return place_orders.sync_detailed(client=client, body=draft(quantity), idempotency_key=key)


def available() -> int:
    found = get_inventory.sync("HOTSAUCE-001", client=client)
    assert isinstance(found, InventoryDetail)
    return found.available


before, key = available(), str(uuid.uuid4())
first, again = place(3, key), place(3, key)
assert isinstance(first.parsed, Order), first.content
assert isinstance(again.parsed, Order), again.content
refused = place(999_999, str(uuid.uuid4()))
assert isinstance(refused.parsed, Problem), refused.content
ordered = available()
canceled = cancel_orders.sync(first.parsed.order_id, client=client)
assert isinstance(canceled, Order)
print(
    json.dumps(
        {
            "order_id": first.parsed.order_id,
            "total": first.parsed.total_price,
            "same": again.parsed.order_id == first.parsed.order_id,
            "replayed": again.headers.get("Idempotency-Replayed"),
            "refused": [refused.parsed.status, refused.parsed.code, refused.parsed.errors[0].available],
            "sold": before - ordered,
            "status": str(canceled.status),
        }
    )
)
