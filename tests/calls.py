"""One row per function of schema api: the roles that may call it, and sample calls in SQL and over HTTP.

The role matrices, the decoding of real responses and the sweep of missing members use these rows. The roles are written by hand
from the design, not read from the code under test.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from pyapp.http.functions import FUNCTIONS

Json = dict[str, Any]
Names = dict[str, str]

REMEDY = "a new function of schema api: write its row in FUNCTION_CALLS of tests/calls.py"
REMEDY_OF_ROUTE = "a new route: write its request into the row of its function in tests/calls.py"

SKU = {
    "sku_id": "HOTSAUCE-001",
    "name": "Fiery Ghost Pepper Sauce",
    "description": "Extra spicy sauce with the heat of ghost peppers",
    "size_ml": 150,
    "flavor_profile": ["spicy", "smoky", "fruity"],
    "price": 12.99,
    "warehouse_location": "WH-01",
    "stock": 350,
    "batch_number": "BATCH-202404",
    "expiration_date": "2035-04-30",
}
SECOND_SKU = {**SKU, "sku_id": "HOTSAUCE-002", "name": "Mild Mango Sauce", "price": 10.99, "batch_number": "BATCH-202405"}
ORDER = {
    "order_id": "ORD-123456",
    "created_at": "2024-06-01T13:45:30Z",
    "customer": {
        "name": "Jane Doe",
        "email": "jane@example.com",
        "phone": "(555) 010-0199",
        "address": "123 Hot St, Spicetown, USA",
    },
    "items": [
        {"sku_id": "HOTSAUCE-001", "quantity": 3, "price": 12.99},
        {"sku_id": "HOTSAUCE-002", "quantity": 1, "price": 10.99},
    ],
    "total_price": 49.96,
    "status": "processing",
}
HOOK = {"url": "https://hooks.example.com/scoville", "description": "Orders", "event_types": ["order.*"], "rate_limit": 600}
CHANNEL = {"channel_id": "web", "name": "Web shop", "kind": "web", "pricing": "list", "region_id": 1, "warehouses": ["WH-01"]}
SECRET = {"secret_hash": "00" * 32}
FILTERS = """'{{"sku": "HOTSAUCE-001", "channel": "web"}}'"""
HELD = [{"sku_id": "HOTSAUCE-001", "quantity": 1}]
SUPPLIER = {"supplier_id": "ACME", "name": "Acme Peppers", "lead_days": 14}
BOUGHT = {"supplier_id": "ACME", "warehouse_location": "WH-01", "items": [{"sku_id": "HOTSAUCE-001", "quantity": 10}]}
REASON = {"reason_code": "mice", "description": "Eaten by mice", "direction": "out"}

# Default values of path parameters. The test creates the other resources and provides their names: {order_id},
# {shipped_id} and its {fulfillment_id}, {return_id} (requested), {approved_id} (an approved return),
# {reservation_id}, {client_id}, {webhook_id}, {delivery_id}, {spare}
# (a new row of the catalog), {role}.
USUAL = {
    "sku_id": "HOTSAUCE-001",
    "batch_number": "BATCH-202404",
    "warehouse_id": "WH-01",
    "channel_id": "web",
    "reason_code": "damaged",
    "supplier_id": "ACME",
    "region_id": "1",
}
# Arguments that mean the same in every function.
USUAL_ARGUMENTS = {"p_region_id": "1::smallint", "p_filters": "'{}'", "p_cursor": "null", "p_after": "null", "p_limit": "10"}

ADMIN = frozenset({"admin"})
STAFF = frozenset({"admin", "warehouse"})
CATALOG = frozenset({"admin", "sales"})
SHOPS = frozenset({"admin", "sales", "integration"})
HOOKS = frozenset({"admin", "integration"})
INSIDE = frozenset({"admin", "warehouse", "sales"})
EVERYONE = frozenset({"admin", "warehouse", "sales", "integration"})
API = frozenset({"authenticator"})  # the API itself, before it has authenticated the caller

# The roles that may read each report: those with the right to read its view.
REPORTS = {
    **dict.fromkeys(("turnover", "sell-through", "cover"), STAFF),
    **dict.fromkeys(("fill-rate", "abc", "patterns"), ADMIN),
    "refused-demand": CATALOG,
    **dict.fromkeys(("stockouts", "fulfillment", "expiring"), INSIDE),
}


@dataclass(frozen=True)
class Request:
    """A method and path of the route table. `values`: path values that differ from the defaults."""

    method: str
    path: str
    body: Any = None
    values: Names = field(default_factory=dict)
    added: Json = field(default_factory=dict)  # members that the API adds to the element of a command
    if_match: bool = False  # the request needs the ETag of the resource
    query: str = ""  # parameters without which the request is refused
    roles: frozenset[str] | None = None  # if fewer roles may send the request than may call the function

    @property
    def needs_spare(self) -> bool:
        return "{spare}" in self.values.values()

    def named(self, names: Names) -> Names:
        """The values of the path."""
        templates = USUAL | self.values
        return {name: templates.get(name, f"{{{name}}}").format(**names) for name in re.findall(r"{(\w+)}", self.path)}

    def target(self, names: Names) -> str:
        return self.path.format(**self.named(names)) + self.query

    def element(self, names: Names) -> Json:
        """The element of the command: the body, the path values, and the members that the API adds."""
        return {**self.named(names), **(self.body or {}), **self.added}


@dataclass(frozen=True)
class Call:
    """`arguments`, in SQL: all except defaults, path values of the first request, and its element."""

    roles: frozenset[str]
    requests: tuple[Request, ...] = ()
    arguments: Names = field(default_factory=dict)


def call(roles: frozenset[str], *requests: Request, **arguments: str) -> Call:
    return Call(roles, requests, arguments)


def saved(roles: frozenset[str], path: str, draft: Json, replacement: Json, change: Json, new: str = "NEW-{role}") -> Call:
    """A function that saves rows of the catalog. All of them have the same four requests."""
    [variable] = re.findall(r"{(\w+)}", path)
    return call(
        roles,
        Request("POST", path.rpartition("/")[0], draft),
        Request("PUT", path, replacement, {variable: new}),
        Request("PATCH", path, change, {variable: "{spare}"}),
        Request("DELETE", path, None, {variable: "{spare}"}, roles=ADMIN),
    )


FUNCTION_CALLS: dict[str, Call] = {
    "list_inventory": call(EVERYONE, Request("GET", "/v1/inventory")),
    "receive_stock": call(STAFF, Request("POST", "/v1/inventory", SKU)),
    "summarize_warehouses": call(EVERYONE, Request("GET", "/v1/inventory/warehouses")),
    # No unit of HOTSAUCE-002 is promised, so no other rule refuses the call first.
    "adjust_stock": call(
        STAFF,
        Request(
            "POST",
            "/v1/inventory/adjust",
            {"sku_id": "HOTSAUCE-002", "warehouse_location": "WH-01", "delta": -1, "reason_code": "damaged", "note": "dropped"},
        ),
    ),
    "withhold_stock": call(
        STAFF,
        Request(
            "POST",
            "/v1/inventory/withhold",
            {
                "sku_id": "HOTSAUCE-002",
                "warehouse_location": "WH-01",
                "batch_number": "BATCH-202405",
                "quantity": 1,
                "cause": "damaged",
            },
        ),
    ),
    "list_withholdings": call(STAFF, Request("GET", "/v1/withholdings")),
    "get_withholding": call(STAFF, Request("GET", "/v1/withholdings/{withholding_id}")),
    "dispose_withholdings": call(
        STAFF, Request("POST", "/v1/withholdings/{withholding_id}/dispose", {"disposition": "restock", "quantity": 1})
    ),
    "recall_lots": call(
        ADMIN,
        Request(
            "POST",
            "/v1/recalls",
            {"lots": [{"sku_id": "HOTSAUCE-003", "batch_numbers": ["LOST"]}], "person": "Ada", "note": "glass"},
        ),
    ),
    "list_recalls": call(INSIDE, Request("GET", "/v1/recalls")),
    "get_recall": call(INSIDE, Request("GET", "/v1/recalls/{recall_id}")),
    "list_recall_parcels": call(CATALOG, Request("GET", "/v1/recalls/{recall_id}/parcels")),
    "recover_recalls": call(
        ADMIN,
        Request(
            "POST",
            "/v1/recalls/{recall_id}/recovered",
            {"items": [{"fulfillment_id": "FUL-1-1001", "sku_id": "HOTSAUCE-003", "batch_number": "R", "quantity": 1}]},
        ),
    ),
    "close_recalls": call(ADMIN, Request("POST", "/v1/recalls/{recall_id}/close", {"note": "done"})),
    "drill_recalls": call(
        ADMIN,
        Request(
            "POST",
            "/v1/recall-drills",
            {"lots": [{"sku_id": "HOTSAUCE-003", "batch_numbers": ["LOST"]}], "person": "Ada"},
        ),
    ),
    "list_recall_drills": call(ADMIN, Request("GET", "/v1/recall-drills")),
    "get_recall_drill": call(ADMIN, Request("GET", "/v1/recall-drills/{drill_id}")),
    "trace_lot": call(ADMIN, Request("GET", "/v1/inventory/{sku_id}/batches/{batch_number}/trace")),
    "save_transfers": call(
        STAFF,
        Request(
            "POST",
            "/v1/transfers",
            {
                "from_warehouse_location": "WH-01",
                "to_warehouse_location": "WH-03",
                "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}],
            },
        ),
        Request("PATCH", "/v1/transfers/{transfer_id}", {"status": "ready"}),
    ),
    "list_transfers": call(STAFF, Request("GET", "/v1/transfers")),
    "get_transfer": call(STAFF, Request("GET", "/v1/transfers/{transfer_id}")),
    "ship_transfers": call(
        STAFF, Request("POST", "/v1/transfers/{transfer_id}/ship", {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]})
    ),
    "receive_transfers": call(
        STAFF,
        Request(
            "POST",
            "/v1/transfers/{transfer_id}/receipts",
            {"items": [{"sku_id": "HOTSAUCE-001", "batch_number": "FAR", "received": 1}]},
            {"transfer_id": "{sent_id}"},
        ),
    ),
    "close_transfers": call(
        STAFF,
        Request(
            "POST",
            "/v1/transfers/{transfer_id}/close",
            {"rest": "lost", "reason_code": "shrinkage"},
            {"transfer_id": "{sent_id}"},
        ),
    ),
    "list_suppliers": call(STAFF, Request("GET", "/v1/suppliers")),
    "get_supplier": call(STAFF, Request("GET", "/v1/suppliers/{supplier_id}")),
    "save_suppliers": saved(
        ADMIN, "/v1/suppliers/{supplier_id}", draft=SUPPLIER, replacement={"name": "New"}, change={"over_percent": 5}
    ),
    "save_purchases": call(
        ADMIN,
        Request("POST", "/v1/purchases", BOUGHT),
        Request("PATCH", "/v1/purchases/{purchase_id}", {"expected_on": "2034-06-08"}),
    ),
    "list_purchases": call(STAFF, Request("GET", "/v1/purchases")),
    "get_purchase": call(STAFF, Request("GET", "/v1/purchases/{purchase_id}")),
    "order_purchases": call(ADMIN, Request("POST", "/v1/purchases/{purchase_id}/order")),
    "receive_purchases": call(
        STAFF,
        Request(
            "POST",
            "/v1/purchases/{purchase_id}/receipts",
            {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1, "batch_number": "BATCH-202404"}]},
            {"purchase_id": "{ordered_id}"},
        ),
    ),
    "close_purchases": call(ADMIN, Request("POST", "/v1/purchases/{purchase_id}/close", {"reason": "late"})),
    "list_counts": call(STAFF, Request("GET", "/v1/counts")),
    "plan_counts": call(
        STAFF, Request("POST", "/v1/counts", {"warehouse_location": "WH-01", "scope": "skus", "sku_ids": ["HOTSAUCE-001"]})
    ),
    "get_count": call(STAFF, Request("GET", "/v1/counts/{count_id}")),
    "enter_counts": call(
        STAFF,
        Request(
            "POST",
            "/v1/counts/{count_id}/entries",
            {"entries": [{"sku_id": "HOTSAUCE-001", "batch_number": "BATCH-202404", "counted": 300}]},
        ),
    ),
    "recount_counts": call(
        STAFF,
        Request(
            "POST",
            "/v1/counts/{count_id}/recount",
            {"lines": [{"sku_id": "HOTSAUCE-001", "batch_number": "BATCH-202404"}]},
            {"count_id": "{reviewed_id}"},
        ),
    ),
    "approve_counts": call(
        STAFF, Request("POST", "/v1/counts/{count_id}/approve", {"note": "agreed"}, {"count_id": "{reviewed_id}"})
    ),
    "cancel_counts": call(STAFF, Request("POST", "/v1/counts/{count_id}/cancel", {"note": "no time"})),
    "list_returns": call(EVERYONE, Request("GET", "/v1/returns")),
    "get_return": call(EVERYONE, Request("GET", "/v1/returns/{return_id}")),
    "request_returns": call(
        SHOPS,
        Request(
            "POST",
            "/v1/returns",
            {"channel": "web", "warehouse_location": "WH-01", "items": HELD, "reason": "too hot", "note": "a gift"},
        ),
    ),
    "approve_returns": call(CATALOG, Request("POST", "/v1/returns/{return_id}/approve", {"reason": "within 30 days"})),
    "refuse_returns": call(CATALOG, Request("POST", "/v1/returns/{return_id}/refuse", {"reason": "opened"})),
    "receive_returns": call(
        STAFF,
        Request(
            "POST",
            "/v1/returns/{return_id}/receive",
            {"items": [HELD[0] | {"batch_number": "BATCH-202404"}]},
            {"return_id": "{approved_id}"},
        ),
    ),
    "close_returns": call(CATALOG, Request("POST", "/v1/returns/{return_id}/close", {"reason": "kept"})),
    "get_inventory": call(EVERYONE, Request("GET", "/v1/inventory/{sku_id}")),
    "set_stock": call(
        STAFF,
        Request(
            "PUT",
            "/v1/inventory/{sku_id}",
            {"warehouse_location": "WH-01", "stock": 300},
            {"sku_id": "HOTSAUCE-002"},
            if_match=True,
        ),
    ),
    "set_reorder_point": call(
        STAFF, Request("PUT", "/v1/inventory/{sku_id}/reorder-point", {"warehouse_location": "WH-01", "reorder_point": 5})
    ),
    "set_safety_stock": call(
        STAFF, Request("PUT", "/v1/inventory/{sku_id}/safety-stock", {"warehouse_location": "WH-01", "safety_stock": 5})
    ),
    "list_movements": call(STAFF, Request("GET", "/v1/inventory/{sku_id}/movements")),
    "list_batches": call(INSIDE, Request("GET", "/v1/inventory/{sku_id}/batches")),
    "change_batches": call(
        STAFF,
        Request("PATCH", "/v1/inventory/{sku_id}/batches/{batch_number}", {"status": "available", "note": "passed inspection"}),
    ),
    "snapshot_levels": call(EVERYONE),
    "list_orders": call(EVERYONE, Request("GET", "/v1/orders")),
    "get_order": call(EVERYONE, Request("GET", "/v1/orders/{order_id}")),
    "get_channel_order": call(EVERYONE, Request("GET", "/v1/channels/{channel_id}/orders/{external_id}")),
    "get_availability": call(SHOPS, Request("GET", "/v1/availability", query="?sku=HOTSAUCE-001&channel=web"), p_filters=FILTERS),
    "place_orders": call(SHOPS, Request("POST", "/v1/orders", ORDER | {"order_id": "another"})),
    "find_repeats": call(SHOPS, p_orders="'[]'"),
    "modify_orders": call(SHOPS, Request("PATCH", "/v1/orders/{order_id}", {"items": HELD, "customer": {"email": None}})),
    "cancel_orders": call(SHOPS, Request("PUT", "/v1/orders/{order_id}/cancel", {"reason": "customer"})),
    "confirm_orders": call(SHOPS, Request("POST", "/v1/orders/{order_id}/confirm", {"reason": "Paid."})),
    "hold_orders": call(SHOPS, Request("POST", "/v1/orders/{order_id}/hold", {"reason": "The address does not exist."})),
    "release_held_orders": call(SHOPS, Request("POST", "/v1/orders/{order_id}/release", {"reason": "The address was a typo."})),
    "reallocate_orders": call(
        STAFF | {"sales"},
        Request(
            "POST",
            "/v1/orders/{order_id}/reallocate",
            {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1, "to_warehouse_location": "WH-03"}], "reason": "not found"},
        ),
    ),
    "fulfill_orders": call(STAFF, Request("POST", "/v1/orders/{order_id}/fulfillments", {"tracking_number": "T-1"})),
    "change_fulfillments": call(
        STAFF,
        Request(
            "PATCH",
            "/v1/orders/{order_id}/fulfillments/{fulfillment_id}",
            {"tracking_number": "T-2", "note": None},
            {"order_id": "{shipped_id}"},
        ),
    ),
    "cancel_fulfillments": call(
        STAFF,
        Request(
            "PUT",
            "/v1/orders/{order_id}/fulfillments/{fulfillment_id}/cancel",
            {"reason": "never collected"},
            {"order_id": "{shipped_id}"},
        ),
    ),
    "erase_customers": call(
        ADMIN, Request("POST", "/v1/customers/erase", {"email": "nobody@example.com", "include_open": True, "skip_missing": True})
    ),
    "list_erasures": call(ADMIN, Request("GET", "/v1/customers/erasures")),
    "list_reservations": call(SHOPS, Request("GET", "/v1/reservations")),
    "get_reservation": call(SHOPS, Request("GET", "/v1/reservations/{reservation_id}")),
    "reserve_stock": call(SHOPS, Request("POST", "/v1/reservations", {"items": HELD})),
    "extend_reservations": call(SHOPS, Request("PATCH", "/v1/reservations/{reservation_id}", {"ttl_seconds": 60})),
    "release_reservations": call(SHOPS, Request("DELETE", "/v1/reservations/{reservation_id}")),
    "list_skus": call(EVERYONE, Request("GET", "/v1/skus")),
    "get_sku": call(EVERYONE, Request("GET", "/v1/skus/{sku_id}")),
    "save_skus": saved(
        CATALOG,
        "/v1/skus/{sku_id}",
        draft={"sku_id": "NEW", "name": "New", "attributes": {"vegan": True}},
        replacement={"name": "New"},
        change={"attributes": {"vegan": True}},
    ),
    "list_warehouses": call(EVERYONE, Request("GET", "/v1/warehouses")),
    "get_warehouse": call(EVERYONE, Request("GET", "/v1/warehouses/{warehouse_id}")),
    "save_warehouses": saved(
        ADMIN,
        "/v1/warehouses/{warehouse_id}",
        draft={"warehouse_id": "WH-02", "name": "Second"},
        replacement={"name": "New"},
        change={"name": "First"},
    ),
    "list_regions": call(EVERYONE, Request("GET", "/v1/regions")),
    "get_region": call(EVERYONE, Request("GET", "/v1/regions/{region_id}"), p_region="'1'"),
    "save_regions": call(ADMIN, Request("PATCH", "/v1/regions/{region_id}", {"name": "Main", "time_zone": "UTC"})),
    "list_channels": call(EVERYONE, Request("GET", "/v1/channels")),
    "get_channel": call(EVERYONE, Request("GET", "/v1/channels/{channel_id}")),
    "save_channels": saved(
        ADMIN, "/v1/channels/{channel_id}", draft=CHANNEL, replacement={"name": "New"}, change={"name": "Shop"}
    ),
    "list_reason_codes": call(EVERYONE, Request("GET", "/v1/reason-codes")),
    "get_reason_code": call(EVERYONE, Request("GET", "/v1/reason-codes/{reason_code}")),
    "save_reason_codes": saved(
        ADMIN,
        "/v1/reason-codes/{reason_code}",
        draft=REASON,
        replacement={"description": "Mice", "direction": "out"},
        change={"note_required": True},
        new="rats",
    ),
    "issue_token": call(API, Request("POST", "/v1/oauth/token"), p_client_id="'{client_id}'", p_secret_hash="''", p_scope="null"),
    "check_grant": call(API, p_client_id="'{client_id}'", p_grant_no="1"),
    "take_requests": call(API, p_principal="'p'", p_kind="'read'", p_wanted="1", p_seconds="60"),
    "list_clients": call(ADMIN, Request("GET", "/v1/clients")),
    "get_client": call(ADMIN, Request("GET", "/v1/clients/{client_id}")),
    "create_clients": call(
        ADMIN, Request("POST", "/v1/clients", {"name": "Till", "role": "sales", "channels": ["web"]}, added=SECRET)
    ),
    "change_clients": call(ADMIN, Request("PATCH", "/v1/clients/{client_id}", {"name": "Renamed"})),
    "revoke_clients": call(ADMIN, Request("DELETE", "/v1/clients/{client_id}")),
    "rotate_secrets": call(
        ADMIN, Request("POST", "/v1/clients/{client_id}/rotate-secret", {"overlap_seconds": 60}, added=SECRET)
    ),
    "issue_ticket": call(EVERYONE, Request("POST", "/v1/ws/tickets"), p_ticket_hash="sha256('x')", p_session="'{{}}'"),
    "redeem_ticket": call(API, p_ticket_hash="sha256('x')"),
    "list_events": call(EVERYONE, Request("GET", "/v1/events"), Request("GET", "/v1/events/stream")),
    "list_webhooks": call(HOOKS, Request("GET", "/v1/webhooks")),
    "get_webhook": call(HOOKS, Request("GET", "/v1/webhooks/{webhook_id}")),
    "create_webhooks": call(HOOKS, Request("POST", "/v1/webhooks", HOOK)),
    "update_webhooks": call(HOOKS, Request("PATCH", "/v1/webhooks/{webhook_id}", {"rate_limit": None, "skus": []})),
    "delete_webhooks": call(HOOKS, Request("DELETE", "/v1/webhooks/{webhook_id}")),
    "rotate_webhook_secrets": call(HOOKS, Request("POST", "/v1/webhooks/{webhook_id}/rotate-secret")),
    "test_webhooks": call(HOOKS, Request("POST", "/v1/webhooks/{webhook_id}/test")),
    "list_deliveries": call(HOOKS, Request("GET", "/v1/webhooks/{webhook_id}/deliveries")),
    "retry_deliveries": call(HOOKS, Request("POST", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry")),
    "recover_webhooks": call(HOOKS, Request("POST", "/v1/webhooks/{webhook_id}/recover", {"since": "2026-01-01T00:00:00Z"})),
    "replay_webhooks": call(HOOKS, Request("POST", "/v1/webhooks/{webhook_id}/replay", {"from_seq": 1, "to_seq": 1})),
    "read_report": call(
        INSIDE,
        *(Request("GET", f"/v1/analytics/{report}", roles=roles) for report, roles in REPORTS.items()),
        p_report="'stockouts'",
    ),
    "list_audit": call(ADMIN, Request("GET", "/v1/audit")),
}
REQUESTS = {(request.method, request.path): request for row in FUNCTION_CALLS.values() for request in row.requests}
# The roles that may send each request that needs a token.
CALLERS = {
    (request.method, request.path): request.roles or row.roles
    for row in FUNCTION_CALLS.values()
    for request in row.requests
    if row.roles != API
}


def sample_element(function: str, names: Names | None = None, **changes: Any) -> Json:
    """The element of a command's sample call, with these members changed."""
    return FUNCTION_CALLS[function].requests[0].element(names or {}) | changes


def sql_call(function: str, names: Names, element: Json | None = None) -> str:
    """The sample call in SQL, or the call of a command with this element."""
    row = FUNCTION_CALLS[function]
    arguments = USUAL_ARGUMENTS | {name: text.format(**names) for name, text in row.arguments.items()}
    for request in row.requests[:1]:
        arguments |= {f"p_{name}": f"'{value}'" for name, value in request.named(names).items()}
    needed = FUNCTIONS[function].arguments
    if needed[-1] not in arguments:
        elements = [sample_element(function, names) if element is None else element]
        arguments[needed[-1]] = "'{}'".format(json.dumps(elements).replace("'", "''"))
    texts = [arguments[name] for name in needed]
    return f"select * from api.{function}({', '.join(texts)})"
