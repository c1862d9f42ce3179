"""The available units and the next order never contradict each other, whoever asks and however."""

from __future__ import annotations

import random
from typing import Any

from pyapp.identity.tokens import Role
from tests.battery.lengths import chance
from tests.calls import CHANNEL
from tests.http.conftest import Api, check_problem, key
from tests.live.conftest import Shop, Socket, wait_for

SKUS = [f"S-{number}" for number in range(8)]
WAREHOUSES = ["A", "B", "C", "D"]
CHANNELS = ["one", "two", "three"]
BOUND: tuple[Role, ...] = ("integration", "sales")
BI = "select warehouse_id, sku_id, available from bi.days_of_cover"


def put_channels(shop: Shop, dice: random.Random) -> dict[str, list[str]]:
    """Random warehouses for each channel: some warehouses serve several, some none."""
    channels = {channel: dice.sample(WAREHOUSES, dice.randint(0, 3)) for channel in CHANNELS}
    drafts = [{**CHANNEL, "channel_id": channel, "warehouses": places} for channel, places in channels.items()]
    shop.done(shop.admin.post("/v1/channels", json=drafts))
    return channels


def put_stock(shop: Shop, dice: random.Random) -> None:
    """Random receipts in every warehouse, safety stock, and holds."""
    shop.done(shop.admin.post("/v1/warehouses", json=[{"warehouse_id": code, "name": code} for code in WAREHOUSES]))
    shop.done(shop.admin.post("/v1/skus", json=[{"sku_id": sku, "name": sku, "price": 5, "reorder_point": 4} for sku in SKUS]))
    receipts = [
        {"sku_id": sku, "warehouse_location": place, "stock": dice.randint(1, 9), "batch_number": "B-1"}
        for sku in SKUS
        for place in WAREHOUSES
        if dice.random() < 0.6
    ]
    shop.done(shop.admin.post("/v1/inventory", json=receipts, headers=key()))
    for receipt in dice.sample(receipts, 4):
        body = {"warehouse_location": receipt["warehouse_location"], "safety_stock": 1}
        shop.done(shop.admin.put(f"/v1/inventory/{receipt['sku_id']}/safety-stock", json=body, headers={"if-match": "*"}))
    put_channels(shop, dice)
    holds = [{"channel": channel, "items": [{"sku_id": dice.choice(SKUS), "quantity": 1}]} for channel in CHANNELS]
    shop.admin.post("/v1/reservations", json=holds, headers=key())  # some are refused


def order_statuses(shop: Shop, channel: str, quantities: dict[str, int]) -> dict[str, int]:
    """The statuses of one order of each SKU. They are tried and not kept."""
    if not quantities:
        return {}
    orders = [
        {"channel": channel, "customer": {"name": "J"}, "items": [{"sku_id": sku, "quantity": quantity}]}
        for sku, quantity in quantities.items()
    ]
    answer = shop.admin.post("/v1/orders?dry_run=true", json=orders, headers=key())
    return dict(zip(quantities, (result["status"] for result in answer.json()["results"]), strict=True))


def listed(client: Any, **parameters: str) -> dict[str, dict[str, Any]]:
    answer = client.get("/v1/inventory", params=parameters, headers={"cache-control": "no-cache"})
    assert answer.status_code == 200, answer.text
    return {document["sku_id"]: document for document in answer.json()["data"]}


def check_channel(shop: Shop, channel: str, sockets: dict[Role, Socket], places: set[str]) -> None:
    [caller, *others] = [shop.api.client(role, channels=[channel]) for role in BOUND]
    documents = listed(caller)
    available = {sku: document["available"] for sku, document in documents.items()}
    statuses = order_statuses(shop, channel, {sku: units for sku, units in available.items() if units})
    assert set(statuses.values()) <= {201}, (channel, statuses)
    statuses = order_statuses(shop, channel, {sku: units + 1 for sku, units in available.items()})
    assert set(statuses.values()) == {409}, (channel, statuses)

    low = {sku for sku, units in available.items() if units <= 4}
    assert {sku for sku, document in documents.items() if document["low_stock"]} == low
    for client in (caller, *others):
        assert {sku: document["available"] for sku, document in listed(client).items()} == available
        assert set(listed(client, low_stock="true")) == low
        assert set(listed(client, low_stock="false")) == set(SKUS) - low
        assert client.get(f"/v1/inventory/{SKUS[0]}").json()["available"] == available[SKUS[0]]
        summary = client.get("/v1/inventory/warehouses").json()["data"]
        assert {line["warehouse_location"] for line in summary} == places
        assert sum(line["available"] for line in summary) == sum(available.values())
    for_admin = listed(shop.admin, channel=channel)
    assert {sku: document["available"] for sku, document in for_admin.items()} == available
    assert {sku for sku, document in for_admin.items() if document["low_stock"]} == low
    bi = shop.connection.execute(BI).fetchall()
    assert {sku: sum(units for place, of, units in bi if of == sku and place in places) for sku in SKUS} == available
    for role, socket in sockets.items():
        seen = {sku: sum(level["available"] for (_, of), level in socket.levels.items() if of == sku) for sku in SKUS}
        assert seen == available, (channel, role)


def follow(shop: Shop, channels: list[str]) -> dict[str, dict[Role, Socket]]:
    """A socket of each role for each channel, after its snapshot."""
    sockets = {channel: {role: shop.connect(role, channels=[channel]) for role in BOUND} for channel in channels}
    for socket in (socket for of_channel in sockets.values() for socket in of_channel.values()):
        socket.subscribe()
        socket.snapshot()
    return sockets


def test_what_is_available_can_be_ordered_and_one_more_cannot(shop: Shop) -> None:
    dice = chance("what can be sold")
    put_stock(shop, dice)
    shop.settle()
    sockets = follow(shop, CHANNELS)
    active = set(WAREHOUSES)
    for change in ("none", "channels", "retired", "reopened"):
        match change:
            case "channels":
                put_channels(shop, dice)
            case "retired":
                active.discard(retired := dice.choice(WAREHOUSES))
                shop.done(shop.admin.delete(f"/v1/warehouses/{retired}"))
            case "reopened":
                active = set(WAREHOUSES)
                for place in WAREHOUSES:
                    shop.done(shop.admin.patch(f"/v1/warehouses/{place}", json={"active": True}))
        position = shop.settle()
        served = {c["channel_id"]: set(c["warehouses"]) & active for c in shop.admin.get("/v1/channels").json()["data"]}
        for channel in CHANNELS:
            for socket in sockets[channel].values():
                socket.reach(position)
            check_channel(shop, channel, sockets[channel], served[channel])
        for_admin = listed(shop.admin)
        sold = set().union(*served.values())
        bi = shop.connection.execute(BI).fetchall()
        for sku, document in for_admin.items():
            levels = document["warehouses"]
            assert {level["warehouse_location"] for level in levels if level["sellable"]} == sold & {
                p for p, of, _ in bi if of == sku
            }
            assert document["available"] == sum(level["available"] for level in levels if level["sellable"])
            assert document["available"] == sum(units for _, of, units in bi if of == sku)
            assert document.get("unserved", 0) == sum(level["available"] for level in levels if not level["sellable"])
            assert document["low_stock"] == (document["available"] <= 4)
            assert document["stock"] == sum(level["stock"] for level in levels)
            parts = ("available", "reserved", "committed", "unavailable", "safety_stock", "unserved")
            assert document["stock"] == sum(document.get(part, 0) for part in parts)


def test_the_caches_tell_no_old_truth_when_a_channel_changes(shop: Shop) -> None:
    shop.receive("HOT", stock=5)
    shop.receive("HOT", warehouse="WH-02", stock=5)
    client = shop.api.client("integration", channels=["web"])
    path = "/v1/inventory/HOT"
    wait_for(lambda: client.get(path).json()["available"] == 5)
    etag = client.get(path).headers["etag"]
    # As much as before, and the same versions, but from another warehouse.
    shop.done(shop.admin.patch("/v1/channels/web", json={"warehouses": ["WH-02"]}))
    assert client.get(path, headers={"if-none-match": etag}).status_code == 200
    shop.done(shop.admin.delete("/v1/warehouses/WH-02"))
    shop.settle()
    wait_for(lambda: client.get(path).json()["available"] == 0)
    assert client.get("/v1/inventory").json()["data"][0]["warehouses"] == []
    order = {"channel": "web", "customer": {"name": "J"}, "items": [{"sku_id": "HOT", "quantity": 1}]}
    check_problem(client.post("/v1/orders", json=order, headers=key()), 409, "ST001")
    shop.done(shop.admin.patch("/v1/warehouses/WH-02", json={"active": True}))
    shop.settle()
    assert client.post("/v1/orders", json=order, headers=key()).status_code == 201


def test_who_comes_back_after_a_change_of_the_warehouses_gets_a_snapshot(shop: Shop) -> None:
    shop.receive("HOT")
    shop.receive("HOT", warehouse="WH-02")
    socket = shop.connect("integration", channels=["web"])
    socket.subscribe()
    assert set(socket.snapshot()) == {("WH-01", "HOT")}
    socket.connection.close()
    shop.done(shop.admin.patch("/v1/channels/web", json={"warehouses": ["WH-02"]}))
    shop.settle()
    again = shop.connect("integration", channels=["web"])
    again.subscribe(after=socket.place)
    assert again.receive()["reason"] == "warehouses_changed"
    assert set(again.snapshot()) == {("WH-02", "HOT")}
    again.subscribe(warehouses=["WH-01"])  # which does not serve it any more
    again.levels.clear()
    assert again.snapshot() == {}
    shop.adjust("HOT")
    assert again.is_quiet()


def test_a_channel_is_asked_for_by_those_who_have_it(shared_api: Api) -> None:
    for path in ("/v1/inventory", "/v1/inventory/HOTSAUCE-001"):
        for role, claims, channel in (
            ("admin", {}, "gone"),
            ("integration", {"channels": ["till"]}, "web"),
            ("sales", {"channels": ["till"]}, "web"),
            ("warehouse", {"warehouses": ["WH-01"]}, "web"),
        ):
            answer = shared_api.client(role, **claims).get(path, params={"channel": channel})  # type: ignore[arg-type]
            problem = check_problem(answer, 422, "OR008")
            assert problem["errors"][0]["parameter"] == "channel"


def test_staff_see_whether_the_sku_is_low_and_not_their_shelf(shop: Shop) -> None:
    shop.receive("HOT", stock=7)
    shop.receive("HOT", warehouse="WH-02", stock=76)
    shop.done(shop.admin.patch("/v1/skus/HOT", json={"reorder_point": 12}, headers={"if-match": "*"}))
    staff = shop.api.client("warehouse", warehouses=["WH-01"])
    fresh = {"cache-control": "no-cache"}
    etag = staff.get("/v1/inventory/HOT", headers=fresh).headers["etag"]
    for client in (staff, shop.admin):
        assert listed(client, warehouse="WH-01")["HOT"]["low_stock"] is False
        assert listed(client, warehouse="WH-01", low_stock="true") == {}
    assert listed(staff)["HOT"]["available"] == 7

    body = {"warehouse_location": "WH-01", "reorder_point": 10}
    shop.done(staff.put("/v1/inventory/HOT/reorder-point", json=body, headers={"if-match": etag}))
    for client in (staff, shop.admin):
        document = listed(client, warehouse="WH-01", low_stock="true")["HOT"]
        assert document["low_stock"] is True
        [level] = document["warehouses"]
        assert (level["reorder_point"], level["low_stock"]) == (10, True)
        assert listed(client)["HOT"]["low_stock"] is False

    etag = staff.get("/v1/inventory/HOT", headers=fresh).headers["etag"]
    shop.adjust("HOT", -75, warehouse="WH-02")  # which the staff cannot see: 8 are left
    answer = staff.get("/v1/inventory/HOT", headers={"if-none-match": etag})
    assert (answer.status_code, answer.json()["low_stock"]) == (200, True)
