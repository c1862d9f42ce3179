"""Moves events to the log as the worker does, and reads the log as the worker and GET /v1/events do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb
from psycopg.types.numeric import Int2

from tests.world import OTHER_SKU, REGION, SKU

if TYPE_CHECKING:
    from tests.world import Shop


def sequence(shop: Shop, limit: int = 1000, now: str | None = None) -> int:
    """Moves the committed events to the log. Returns their number."""
    with shop.session("scoville_worker", now) as connection:
        row = connection.execute("select jobs.sequence_events(%s)", [limit]).fetchone()
    assert row
    return int(row[0])


def place(shop: Shop) -> tuple[str, int, int]:
    """Epoch, first and last seq."""
    with shop.session("scoville_worker") as connection:
        row = connection.execute("select epoch, first_seq, last_seq from jobs.stream_place()").fetchone()
    assert row
    epoch, first, last = row
    return epoch, first, last


def read(shop: Shop, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
    """The events after a seq, as CloudEvents."""
    with shop.session("scoville_worker") as connection:
        return [event for (event,) in connection.execute("select event from jobs.read_events(%s, %s)", [after, limit])]


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def happened(shop: Shop) -> list[dict[str, Any]]:
    """The events since the last call."""
    after = place(shop)[2]
    sequence(shop)
    return read(shop, after)


def page(shop: Shop, role: str, after: str | None = None, limit: int = 200, **claims: Any) -> dict[str, Any]:
    """The response of GET /v1/events. The claim `filters` becomes its filters."""
    filters = claims.pop("filters", {})
    with shop.session(role, **claims) as connection:
        row = connection.execute(
            "select body from api.list_events(%s, %s, %s, %s)", [Int2(REGION), Jsonb(filters), after, limit]
        ).fetchone()
    assert row
    body: dict[str, Any] = row[0]
    return body


def place_order(shop: Shop, quantity: int, **rest: Any) -> dict[str, str]:
    answer = shop.order((SKU, quantity), **rest)
    assert answer.code is None, answer
    return {"order_id": answer.body["order_id"]}


def reserve(shop: Shop, quantity: int) -> dict[str, str]:
    [answer] = shop.send("reserve_stock", {"channel": "web", "items": [{"sku_id": SKU, "quantity": quantity}]})
    assert answer.code is None, answer
    return {"reservation_id": answer.body["reservation_id"]}


def drafted(shop: Shop) -> str:
    """A transfer of a unit from WH-01 to WH-03."""
    ends = {"from_warehouse_location": "WH-01", "to_warehouse_location": "WH-03"}
    shop.send("save_warehouses", {"warehouse_id": "WH-03", "name": "Third"})
    [answer] = shop.send("save_transfers", {**ends, "items": [{"sku_id": SKU, "quantity": 1}]})
    assert answer.code is None, answer
    return str(answer.body["transfer_id"])


def do_everything(shop: Shop) -> None:
    """Causes an event of every type except those of webhooks."""

    def send(command: str, **element: Any) -> None:
        assert [answer.code for answer in shop.send(command, element)] == [None], command

    send("save_skus", sku_id=SKU, name=SKU, price=10, reorder_point=5)
    send("save_warehouses", warehouse_id="WH-01", name="Main")
    send("save_channels", channel_id="web", name="Shop")
    send("set_reorder_point", sku_id=SKU, warehouse_location="WH-01", reorder_point=5)
    shop.receive(20, batch_number="B-1", expiration_date="2070-01-20")
    shop.adjust(-1, batch_number="B-1")
    aside = {"sku_id": SKU, "warehouse_location": "WH-01", "batch_number": "B-1", "quantity": 1}
    [withheld] = shop.send("withhold_stock", {**aside, "cause": "inspection"})
    send("dispose_withholdings", withholding_id=withheld.body["withholding_id"], disposition="restock")
    send("save_suppliers", supplier_id="ACME")
    bought = {"supplier_id": "ACME", "warehouse_location": "WH-01", "items": [{"sku_id": "TO-COME", "quantity": 1}]}
    send("save_skus", sku_id="TO-COME", name="To come", price=10)
    [bought_one] = shop.send("save_purchases", bought | {"expected_on": "2070-01-01"})
    purchase = {"purchase_id": bought_one.body["purchase_id"]}
    send("order_purchases", **purchase)
    send("save_channels", channel_id="web", sale_rules=[{"mode": "backorder"}])
    assert shop.order(("TO-COME", 1)).code is None
    send("save_purchases", **purchase, expected_on="2070-02-01")
    send("save_channels", channel_id="web", sale_rules=[])
    refused = {"sku_id": "TO-COME", "quantity": 1, "condition": "refused", "reason_code": "damaged"}
    send("receive_purchases", **purchase, items=[refused])
    send("close_purchases", **purchase, reason="late")
    sent = [drafted(shop) for _ in range(2)]
    for name in sent:
        send("ship_transfers", transfer_id=name)
    send("save_transfers", transfer_id=sent[0], note="late")
    send("receive_transfers", transfer_id=sent[0])
    send("close_transfers", transfer_id=sent[1], rest="taken_back")
    [planned, dropped] = shop.send("plan_counts", *[{"warehouse_location": "WH-01", "scope": "all", "tolerance_units": 1}] * 2)
    opened = {"count_id": planned.body["count_id"]}
    send("enter_counts", **opened, entries=[{"sku_id": SKU, "batch_number": "B-1", "counted": 19}])
    send("approve_counts", **opened)
    send("cancel_counts", count_id=dropped.body["count_id"])
    held = reserve(shop, 1)
    send("extend_reservations", **held, ttl_seconds=60)
    send("release_reservations", **held)
    reserve(shop, 1)
    assert shop.job("expire_reservations", "2070-01-01T00:00:00Z") == 1
    customer = {"customer": {"name": "Jane Doe", "email": "jane@example.com"}}
    assert shop.send("place_orders", reserve(shop, 2) | customer)[0].code is None
    left = {"sku_id": OTHER_SKU, "quantity": 1, "batch_number": "T-1", "expiration_date": "2090-01-01"}
    sold = {"warehouse_location": "WH-01", "offline": True, "items": [left]}
    send("place_orders", channel="web", items=[{"sku_id": OTHER_SKU, "quantity": 1}], handed_over=sold, **customer)
    placed = place_order(shop, 12)
    send("modify_orders", **placed, items=[{"sku_id": SKU, "quantity": 13}])
    [shipped] = shop.send("fulfill_orders", {**placed, "items": [{"sku_id": SKU, "quantity": 1}]})
    parcel = shipped.body["fulfillments"][0]["fulfillment_id"]
    units = {"channel": "web", "warehouse_location": "WH-01", "reason": "too hot", "note": "a gift"}
    asked = [{**units, "items": [{"sku_id": SKU, "quantity": 1}]}] * 2
    kept, back = (answer.body["return_id"] for answer in shop.send("request_returns", *asked))
    send("refuse_returns", return_id=kept, reason="opened")
    send("approve_returns", return_id=back)
    [came] = shop.send("receive_returns", {"return_id": back, "items": [{"sku_id": SKU, "quantity": 1, "batch_number": "B-1"}]})
    send("dispose_withholdings", withholding_id=came.body["withholdings"][0]["withholding_id"], disposition="scrap")
    send("cancel_fulfillments", **placed, fulfillment_id=parcel, reason="never collected")
    line = {"sku_id": SKU, "quantity": 1, "price": 3}
    send("place_orders", channel="web", items=[line], historic=True, created_at="2024-06-01T00:00:00Z", **customer)
    send("save_channels", channel_id="web", sale_rules=[{"mode": "backorder"}])
    send("save_skus", sku_id="LATE", name="Late", price=10)
    assert shop.order(("LATE", 1))[0] is None
    shop.receive(1, "LATE")
    send("save_warehouses", warehouse_id="WH-02", name="Second")
    send("save_channels", channel_id="web", warehouses=["WH-01", "WH-02"])
    shop.receive(1, batch_number="FAR", expiration_date="2080-01-20", warehouse_location="WH-02")
    moves = [{"sku_id": SKU, "quantity": 1, "from_warehouse_location": "WH-01", "to_warehouse_location": "WH-02"}]
    send("reallocate_orders", **placed, items=moves)
    send("save_channels", channel_id="web", freshness_rules=[{"sku_id": "LATE", "min_days": 1}])
    shop.receive(1, "LATE", batch_number="B-2")
    assert shop.order(("LATE", 1))[0] is None
    for number in ("B-1", "B-2"):
        send("change_batches", sku_id="LATE", batch_number=number, status="recalled")
    assert shop.job("recheck_freshness") == 1
    canceled = place_order(shop, 5, status="pending")
    send("hold_orders", **canceled, reason="no address")
    send("release_held_orders", **canceled)
    send("confirm_orders", **canceled)
    send("cancel_orders", **canceled)
    assert shop.job("announce_expiring_lots", "2070-01-01T00:00:00Z") == 2  # in both warehouses that have units of it
    send("change_batches", sku_id=SKU, batch_number="B-1", status="quarantined", reason_code="quality_control")
    send("change_batches", sku_id=SKU, batch_number="B-1", manufactured_on="2024-05-01", reason_code="other", note="as printed")
    [recalled] = shop.send("recall_lots", {"lots": [{"sku_id": OTHER_SKU, "batch_numbers": ["T-1"]}], "person": "Ada"})
    send("close_recalls", recall_id=recalled.body["recall_id"])
    send("erase_customers", email="jane@example.com", include_open=True)
    send("save_skus", sku_id="SAMPLE", name="Sample", price=0)
