"""What each error code means, told once: for the pages under /docs/errors and for the examples in the OpenAPI document."""

from __future__ import annotations

from typing import Any, NamedTuple


class Explanation(NamedTuple):
    """When a code is answered, what to do then, and the detail and errors of an example."""

    when: str
    remedy: str
    detail: str
    errors: tuple[dict[str, Any], ...] = ()


def _at(pointer: str, detail: str, **facts: Any) -> tuple[dict[str, Any], ...]:
    return ({"pointer": pointer, "detail": detail, **facts},)


EXPLANATIONS: dict[str, Explanation] = {
    "ST001": Explanation(
        "Less is available than was asked for. Nothing was changed: an order, a hold or an adjustment is taken whole or "
        "not at all. errors has an entry for each short line, with sku_id, requested and available.",
        "Offer the customer what is available, take the line out, or try again when stock has come in. Send the new "
        "request with a new Idempotency-Key.",
        "Not enough stock. Order at most what is available, or try again later.",
        _at("/items/0/quantity", "5 of HOTSAUCE-001 wanted, 3 available.", sku_id="HOTSAUCE-001", requested=5, available=3),
    ),
    "ST002": Explanation(
        "A line of the body names a SKU that is not in the catalogue.",
        "Correct the code, or create the SKU first (POST /v1/skus). GET /v1/inventory lists those that there are.",
        "The order names SKUs that do not exist. GET /v1/inventory lists those that do.",
        _at("/items/0/sku_id", "There is no SKU HOTSAUCE-999.", sku_id="HOTSAUCE-999"),
    ),
    "ST003": Explanation(
        "There is no such warehouse in your region, or it is not one of yours: warehouse staff act in the warehouses of "
        "their token.",
        "Correct the code, or use a token for that warehouse. GET /v1/inventory/warehouses lists those that you can see.",
        "There is no warehouse WH-99 for you.",
        _at("/warehouse_location", "There is no warehouse WH-99 for you."),
    ),
    "ST004": Explanation(
        "There is no such reason code, or it is retired.",
        "Use one of the reason codes in force, such as damaged, found, correction or cycle_count.",
        "There is no reason code broken.",
        _at("/reason_code", "There is no reason code broken."),
    ),
    "ST005": Explanation(
        "Some reasons say too little by themselves; other is one of them.",
        "Send a note that says why.",
        "The reason other needs a note.",
        _at("/note", "The reason other needs a note."),
    ),
    "ST006": Explanation(
        "A reason for units that leave (damaged, promotion) stands on a change that adds some, or the reverse.",
        "Turn the sign of delta round, or choose a reason that goes with the direction.",
        "This changes the stock by 5, which reason damaged does not go with.",
        _at("/reason_code", "This changes the stock by 5, which reason damaged does not go with."),
    ),
    "ST007": Explanation(
        "The SKU has no batch of this number in this warehouse.",
        "Correct batch_number (GET /v1/inventory/{sku_id} lists the batches), or receive the batch by POST /v1/inventory.",
        "There is no batch BATCH-999 of HOTSAUCE-001.",
        _at("/batch_number", "There is no batch BATCH-999 of HOTSAUCE-001."),
    ),
    "ST008": Explanation(
        "change_from_quantity is not the quantity as it is now: someone changed it since you looked.",
        "Look at the stock again, decide anew, and send the quantity that you see then.",
        "The quantity is 342, not 350: it changed meanwhile. Look again and decide anew.",
        _at("/change_from_quantity", "The quantity is 342, not 350.", current=342),
    ),
    "ST009": Explanation(
        "The entity tag in If-Match is not the current version: someone changed it since you read it.",
        "Read it again, decide anew, and send the ETag of that answer.",
        "This SKU changed since you read it. Read it again and decide anew.",
        _at("", "This SKU changed since you read it. Read it again and decide anew."),
    ),
    "ST010": Explanation(
        "The path names a SKU that is not in the catalogue.",
        "Correct the path. GET /v1/inventory lists the SKUs that there are.",
        "There is no SKU HOTSAUCE-999. GET /v1/inventory lists those that there are.",
    ),
    "ST011": Explanation(
        "A batch has one expiry date and one date of manufacture. This batch number is known with others.",
        "Correct the date, or give the goods another batch number.",
        "Batch BATCH-202404 of HOTSAUCE-001 has another expiration_date. One batch has one date: correct it, or use "
        "another batch number.",
        _at("/expiration_date", "The batch has another expiration_date.", current="2035-04-30"),
    ),
    "ST012": Explanation(
        "A receipt describes its SKU otherwise than the catalogue does, in name, size or price.",
        "Leave those fields out of the receipt, or change the SKU itself.",
        "SKU HOTSAUCE-001 has another size_ml. Leave it out here, or change the SKU.",
        _at("/size_ml", "SKU HOTSAUCE-001 has another size_ml.", current=150),
    ),
    "ST013": Explanation(
        "The order is allocated, but the batches that may still be sold hold less than is to be shipped: some have "
        "expired or were put on hold since.",
        "Receive stock, release a batch, ship less, or cancel the order.",
        "The batches that may be sold do not hold enough. Receive stock, release a batch, or cancel the order.",
        _at(
            "/items",
            "3 of HOTSAUCE-001 wanted from WH-01, 1 lie in batches that may be sold.",
            sku_id="HOTSAUCE-001",
            warehouse_location="WH-01",
            requested=3,
            available=1,
        ),
    ),
    "ST014": Explanation(
        "A quantity would grow beyond what can be counted here: 2,000,000,000 units of a SKU in a warehouse.",
        "Check the quantity; most likely a digit too many was typed.",
        "A warehouse holds at most 2,000,000,000 units of a SKU.",
        _at("/delta", "A warehouse holds at most 2,000,000,000 units of a SKU."),
    ),
    "ST015": Explanation(
        "Every unit belongs to a batch. Units are to be added, and there is no batch in this warehouse to add them to.",
        "Name the batch in batch_number, or receive the goods by POST /v1/inventory.",
        "No batch of this SKU lies there. Name the batch, or receive it by POST /v1/inventory.",
        _at("/batch_number", "No batch of this SKU lies there."),
    ),
    "ST016": Explanation(
        "The path names a batch that this SKU does not have.",
        "GET /v1/inventory/{sku_id}/batches lists those that there are.",
        "There is no batch BATCH-9 of HOTSAUCE-001. GET /v1/inventory/HOTSAUCE-001/batches lists those that there are.",
    ),
    "ST017": Explanation(
        "The status of a batch counts in every warehouse, and units of this one lie in warehouses that are not yours.",
        "Ask an admin to change it. What lies with you can be taken out by an adjustment meanwhile.",
        "Units of this batch lie in warehouses that are not yours. Ask an admin: the status counts for all of them.",
    ),
    "ST018": Explanation(
        "A batch is destroyed when no unit of it is left, and units of this one are on hand.",
        "Take the units out first (POST /v1/inventory/adjust, reason scrapped), or quarantine the batch.",
        "Units of this batch are on hand in WH-01. Quarantine it, or take them out by POST /v1/inventory/adjust (reason "
        "scrapped) first.",
        _at("/status", "Units of this batch are on hand in WH-01."),
    ),
    "OR001": Explanation(
        "A line carries a price that is no longer the current one. Nothing was ordered.",
        "Show the customer current_price, and order again with that price, or without one to take whatever is current.",
        "Prices differ from the current ones. Show the customer current_price and send that, or no price.",
        _at(
            "/items/0/price",
            "The price of HOTSAUCE-001 is 12.99, not 11.99.",
            sku_id="HOTSAUCE-001",
            price=11.99,
            current_price=12.99,
        ),
    ),
    "OR002": Explanation(
        "There is no such order, or it belongs to a channel or warehouse that is not yours; or several of your channels gave an "
        "order this number.",
        "Check the id: ours (ORD-1-1001), or the external_id that your channel gave it. Where several are named, take the "
        "order_id of the one you mean.",
        "There is no order ORD-1-9999 for you.",
    ),
    "OR003": Explanation(
        "The order is shipped: there is nothing left to cancel.",
        "Take the goods back as a return: POST /v1/inventory with reason_code return.",
        "The order is fulfilled: nothing is left to cancel. Take goods back as a return.",
    ),
    "OR004": Explanation(
        "More is to be shipped than the order has open, or nothing of it is open at your warehouses.",
        "Read the order: allocations shows what is open where. Ship at most that.",
        "More is to be shipped than is open.",
        _at("/items/0/quantity", "3 of HOTSAUCE-001 wanted, 1 open.", sku_id="HOTSAUCE-001", requested=3, open=1),
    ),
    "OR005": Explanation(
        "The channel has used this external_id for another order.",
        "If this is a repeat, use the order that is named. For a new order send another external_id. To repeat safely, "
        "send the same Idempotency-Key with the same body.",
        "Channel web has an order ORD-123456 already: ORD-1-1001.",
        _at("/external_id", "Channel web has an order ORD-123456 already: ORD-1-1001.", order_id="ORD-1-1001"),
    ),
    "OR006": Explanation(
        "A SKU is retired, or has no price in this channel.",
        "Take the line out, or give the SKU a price.",
        "The order names SKUs that are retired or have no price in this channel.",
        _at("/items/0/sku_id", "SKU HOTSAUCE-009 is not for sale here.", sku_id="HOTSAUCE-009"),
    ),
    "OR007": Explanation(
        "total_price is not the sum of quantity times price. It is checked, never believed.",
        "Leave total_price out, or send the computed one.",
        "The items cost 49.96, not 49.95. Leave total_price out, or send the computed one.",
        _at("/total_price", "The items cost 49.96, not 49.95.", total_price=49.96),
    ),
    "OR008": Explanation(
        "There is no such channel, it is closed, or it is not one of yours.",
        "Correct the code, or use a token for that channel.",
        "There is no channel shop for you.",
        _at("/channel", "There is no channel shop for you."),
    ),
    "OR009": Explanation(
        "The token is good for several channels, so the order does not say by itself which one sells it.",
        "Send the field channel.",
        "Your token has more than one channel (or none): say which one sells this order.",
        _at("/channel", "Your token has more than one channel (or none): say which one sells this order."),
    ),
    "OR010": Explanation(
        "The order cannot be changed any more: something of it has been shipped, or it is canceled.",
        "Cancel what is left (PUT /v1/orders/{order_id}/cancel) and order anew, or order more apart.",
        "The order is partly fulfilled: it stays as it is. Cancel the rest, or order more apart.",
        _at("", "The order is partly fulfilled: it stays as it is. Cancel the rest, or order more apart."),
    ),
    "SK001": Explanation(
        "The path names a warehouse, a channel or a reason code that is not in the catalogue. (For a SKU it is ST010.)",
        "Correct the code; the list under the path without its last part shows what there is. PUT or POST makes a new one.",
        "There is no WH-99 in /v1/warehouses. GET /v1/warehouses lists what there is.",
        _at("", "There is no WH-99 in /v1/warehouses. GET /v1/warehouses lists what there is."),
    ),
    "SK002": Explanation(
        "The PUT said If-None-Match: *, make it only if it is not there, and it is there.",
        "Read what is there. To change it, PATCH it, or PUT with its ETag as If-Match.",
        "WH-01 is there already. Leave If-None-Match out to change it.",
        _at("", "WH-01 is there already. Leave If-None-Match out to change it."),
    ),
    "SK003": Explanation(
        "The PUT would replace something whole, and does not say which version of it the caller has seen.",
        "Send its ETag as If-Match; or change single fields by PATCH.",
        "WH-01 is there already. Send the ETag that you saw as If-Match to replace it, or PATCH it.",
        _at("", "WH-01 is there already. Send the ETag that you saw as If-Match to replace it, or PATCH it."),
    ),
    "RV001": Explanation(
        "There is no such reservation, or it belongs to a channel that is not yours.",
        "Check the id (RSV-1-1001).",
        "There is no reservation RSV-1-9999 for you.",
    ),
    "RV002": Explanation(
        "The reservation has expired, was released, or has become an order: it no longer holds anything.",
        "Make a new reservation, or order without one.",
        "The reservation RSV-1-1001 has expired. Make a new one.",
    ),
    "RV003": Explanation(
        "A reservation is changed, released and turned into an order by whoever made it (the subject of the token), or by an "
        "admin. Everybody else in its channel may read it.",
        "Use the token that made it, or make a reservation of your own.",
        "Somebody else made this reservation: only they or an admin change it.",
        _at("", "Somebody else made this reservation: only they or an admin change it."),
    ),
    "RV004": Explanation(
        "An order names a reservation that was made for another channel.",
        "Leave channel out of the order, so that it takes that of the reservation, or make a reservation for this channel.",
        "This reservation belongs to channel pos: an order of web cannot take it. Leave channel out.",
        _at("/reservation_id", "This reservation belongs to channel pos: an order of web cannot take it."),
    ),
    "RV005": Explanation(
        "The channel says how many percent of a SKU's units (free ones and held ones together) one client may hold at a time "
        "(hold_share_max). With this reservation you would hold more.",
        "Hold less, order what you hold, or release some of it. An admin changes the share: PATCH /v1/channels/{channel_id}.",
        "Channel web lets one client hold 10 % of a SKU. Hold less, order what you hold, or let some of it go.",
        _at(
            "/items/0/quantity",
            "30 of HOTSAUCE-001 wanted; you may hold 12 more.",
            sku_id="HOTSAUCE-001",
            requested=30,
            available=12,
        ),
    ),
    "WH001": Explanation(
        "There is no webhook with this id in your region, or it belongs to another client: an integration sees its own.",
        "GET /v1/webhooks lists those that you can see.",
        "There is no webhook WHK-1-9999 for you.",
    ),
    "WH002": Explanation(
        "Messages are sent to public addresses only, over https, to a URL without a user name or password. Hosts of a private "
        "network are refused, whether the URL names the address or a name leads to it.",
        "Give the https URL of a public host. To try things out on your own machine, start Scoville with "
        "SCOVILLE_WEBHOOK_ALLOW=host:port.",
        "Nothing is sent to this address.",
        _at("/url", "Nothing is sent to this address: give the https URL of a public host."),
    ),
    "WH003": Explanation(
        "event_types names a type of event that does not exist.",
        "Use the types that /asyncapi.json lists, or leave event_types out to get all that you may see.",
        "There is no event type order.shipped.",
        _at("/event_types/0", "There is no event type order.shipped."),
    ),
    "WH004": Explanation(
        "A client can have so many webhooks and no more, so that one event never turns into a flood.",
        "Delete one that is no longer needed, or let one endpoint take more event types.",
        "You have as many webhooks as one client can have.",
    ),
    "WH005": Explanation(
        "The webhook has no delivery with this id, or it is older than the deliveries that are kept.",
        "GET /v1/webhooks/{webhook_id}/deliveries lists those that there are.",
        "There is no delivery 48213 of this webhook.",
    ),
    "WH006": Explanation(
        "The delivery is being sent at this moment.",
        "Wait for what becomes of it; try again only if it failed.",
        "This delivery is being sent at this moment.",
    ),
    "WH007": Explanation(
        "The webhook is paused by its owner, or was disabled after it had failed for days or answered 410.",
        "Set active to true by PATCH /v1/webhooks/{webhook_id}, then repeat.",
        "This webhook is not active: nothing is sent to it.",
    ),
    "LG001": Explanation(
        "You asked for what came after a place in the event log, and the log does not lead on from there: the events after "
        "it are older than what is kept, or the log was restored from a backup or began anew.",
        "Read the present state anew (GET /v1/inventory, GET /v1/orders), then go on from last; or take all events that are "
        "kept, from first.",
        "The events after your place are older than what is kept. Read the present state anew, then go on from last; or from "
        "first for all that is kept.",
        (
            {
                "parameter": "after",
                "detail": "The events after your place are older than what is kept.",
                "first": "e1:1000",
                "last": "e1:84211",
            },
        ),
    ),
    "ID001": Explanation(
        "The same Idempotency-Key came earlier with another body. A key stands for one request and its repeats.",
        "Make a new key for each new request; repeat a request with the very same body.",
        "This Idempotency-Key was used with another payload. Send a new key with a new request.",
    ),
    "ID002": Explanation(
        "The first request with this Idempotency-Key has not ended yet; or an order with the same external_id came at the same "
        "moment and was refused.",
        "Repeat it in a moment: you then get the answer of the first, or your order is placed.",
        "A request with this Idempotency-Key is in flight. Repeat it in a moment to get its answer.",
    ),
    "ID003": Explanation(
        "What moves stock or makes an order wants an Idempotency-Key, so that a repeat after a lost answer acts once "
        "only. This request has none, or one that cannot be used.",
        "Send one header of 1 to 255 printable ASCII characters, such as a UUID. Keep it, and send the same with each repeat.",
        "Send an Idempotency-Key, such as a UUID: the same again with a repeat, so that it acts once only.",
    ),
    "ID004": Explanation(
        "There is no API client of this id.",
        "Correct the path. GET /v1/clients lists those that there are.",
        "There is no client web-shop. GET /v1/clients lists those that there are.",
    ),
    "ID005": Explanation(
        "There is a client of this id already. Its secret was shown when it was made, and cannot be shown again.",
        "Choose another client_id, or leave it out to have one chosen. If the secret is lost, give the client a new one: "
        "POST /v1/clients/{client_id}/rotate-secret.",
        "There is a client web-shop already.",
        _at("/client_id", "There is a client web-shop already."),
    ),
    "ID006": Explanation(
        "Warehouses go with the role warehouse, channels with sales and integration, and an integration has exactly one.",
        "Correct the role, or leave out the list that does not go with it.",
        "A client of role warehouse has no channels.",
        _at("/channels", "A client of role warehouse has no channels."),
    ),
    "ID007": Explanation(
        "The client is revoked: it gets neither tokens nor new secrets.",
        "Set it active again by PATCH, or make a new client.",
        "The client web-shop is inactive. Set active first.",
    ),
    "VA001": Explanation(
        "A value has the right shape but cannot be used: a date that lies in the future, a range that is turned round, a "
        "cursor that was altered.",
        "The detail and errors name the value and what to send instead.",
        "created_at lies in the future. Leave it out, or send when the order was placed.",
        _at("/created_at", "created_at lies in the future. Leave it out, or send when the order was placed."),
    ),
    "RQ400": Explanation(
        "The request cannot be read: a body that is no JSON, a query parameter that is not known, sent twice or of the "
        "wrong type, a header that cannot be parsed, a precondition that this write does not look at.",
        "Correct what the detail names. Unknown parameters are refused, so that a misspelled filter is not silently ignored; "
        "so are If-Match and If-None-Match where the operation does not name them.",
        "The query parameter 'limit' cannot be used.",
        ({"parameter": "limit", "detail": "Expected `int` <= 200."},),
    ),
    "RQ401": Explanation(
        "There is no token, or it cannot be used: expired, of another issuer or audience, wrongly signed.",
        "Get a token (POST /v1/oauth/token with client id and secret) and send it as Authorization: Bearer. Tokens are "
        "short-lived: get a new one when this one has expired.",
        "The token has expired. Ask for a new one.",
    ),
    "RQ403": Explanation(
        "The role of your token may not do this, or you asked for a region that is not yours.",
        "Use a token of a role that may. Each operation names its roles.",
        "Your role may not do this. Use a token of a role that may.",
    ),
    "RQ404": Explanation(
        "There is nothing at this path.",
        "Check the path against the API description at /docs.",
        "There is nothing at this path.",
    ),
    "RQ405": Explanation(
        "The path is right, the method is not.",
        "The header Allow lists the methods that the path knows.",
        "This path does not know the method; the header Allow lists those that it knows.",
    ),
    "RQ406": Explanation(
        "The answer cannot be written in any of the media types that Accept asks for.",
        "Send Accept: application/json, or no Accept header. Lists can also be had as text/csv.",
        "The answer is JSON. Send Accept: application/json, or no Accept header.",
    ),
    "RQ413": Explanation(
        "The body is larger than 1 MiB.",
        "Send it in several requests, of up to 1,000 elements each.",
        "The body is larger than 1048576 bytes. Send it in several requests.",
    ),
    "RQ415": Explanation(
        "The body is not declared as JSON in UTF-8, or it is compressed.",
        "Send Content-Type: application/json and no Content-Encoding.",
        "The body must be JSON in UTF-8. Send Content-Type: application/json.",
    ),
    "RQ422": Explanation(
        "The body is JSON, but not of the expected shape: a field is missing, unknown, of the wrong type or beyond its limits.",
        "errors has an entry for each place, with a JSON Pointer.",
        "The body does not have the expected shape; errors names each place.",
        _at("/items/0/quantity", "Expected `int` >= 1."),
    ),
    "RQ428": Explanation(
        "This would overwrite what someone else may have changed since you looked.",
        "Send the ETag that you saw as If-Match (for a count, change_from_quantity does as well).",
        "Someone may have changed the stock since you counted. Send the ETag that you saw as If-Match, or the quantity "
        "that you saw as change_from_quantity.",
    ),
    "RQ429": Explanation(
        "You sent more requests than your share for the moment.",
        "Wait as many seconds as Retry-After says, then go on more slowly.",
        "Too many requests. Wait as long as Retry-After says.",
    ),
    "RQ500": Explanation(
        "Something failed on our side, and it was logged with the request_id.",
        "Report it with the request_id. A repeat with the same Idempotency-Key is safe.",
        "Something failed on our side. Nothing was changed. Report it with the request_id.",
    ),
    "RQ503": Explanation(
        "The database is away, busy or restarting, or the connection was lost before its answer came.",
        "Repeat the request after as many seconds as Retry-After says, a write with the same Idempotency-Key: it acts "
        "once, whether or not the first attempt got through.",
        "The database is busy or away. Nothing was changed; repeat the request.",
    ),
}
