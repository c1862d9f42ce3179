"""The messages of the inventory socket, as JSON text frames, and the few parts of an event that the hub reads.

asyncapi.json describes the structs that are sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pyapp import values

SKUS_MAX = 1000  # most SKUs in a subscription; for more use "all"
WAREHOUSES_MAX = 100
LEVELS_PER_FRAME = 250  # about 64 KB: the most that the buffer of a full socket holds
MESSAGE_BYTES_MAX = 128 * 1024  # SKUS_MAX of the longest codes, with a margin

Position = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-z]{1,32}:[0-9]{1,18}$(?!\n)",
        description="A position in the event log: its epoch and the seq of an event.",
        examples=["4f1c9a2e77b0:1042"],
    ),
]
Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)")]
Skus = Annotated[list[Code], Meta(min_length=1, max_length=SKUS_MAX, examples=[["HOTSAUCE-001"]])]
Warehouses = Annotated[list[Code], Meta(min_length=1, max_length=WAREHOUSES_MAX, examples=[["WH-01"]])]
# Text, unlike values.Moment: the text from Postgres is passed on as it is.
MomentText = Annotated[str, Meta(extra_json_schema={"format": "date-time"}, examples=["2024-06-01T13:45:30.000Z"])]
Reason = Annotated[
    str,
    Meta(
        description="epoch_changed: the log started over, as after a restore. place_expired: older than the kept events. "
        "place_unknown: beyond the end of the log. place_too_far_back, fell_behind: too many events since to send one by one. "
        "events_missing: the log has a gap. warehouses_changed: what can be sold is different, because other warehouses serve a "
        "channel, or one was retired or reopened.",
        examples=["epoch_changed"],
    ),
]


class Level(msgspec.Struct):
    """The stock of a SKU in a warehouse. stock = available + reserved + committed + unavailable + safety_stock."""

    sku_id: values.Sku
    warehouse_location: values.Warehouse
    stock: values.OnHand
    available: values.Available
    reserved: values.Reserved
    committed: values.Committed
    unavailable: values.Unavailable
    safety_stock: values.SafetyStock
    incoming: values.Incoming
    shortfall: values.Shortfall
    version: values.Version
    updated_at: MomentText


class AvailableLevel(msgspec.Struct):
    """A level as an integration sees it: stock is the available units."""

    sku_id: values.Sku
    warehouse_location: values.Warehouse
    stock: values.Available
    available: values.Available
    version: values.Version
    updated_at: MomentText


class Subscribe(msgspec.Struct, tag="subscribe", forbid_unknown_fields=True):
    """Selects the levels to send from now on, in place of the previous selection. Without skus and warehouses: all.

    With `after`, the place of the last message received, only later changes are sent.
    """

    skus: Skus | UnsetType = UNSET
    warehouses: Warehouses | UnsetType = UNSET
    after: Position | UnsetType = UNSET


class Ping(msgspec.Struct, tag="ping", forbid_unknown_fields=True):
    """Answered with a pong."""


class Snapshot(msgspec.Struct, tag="snapshot"):
    """The current levels. They replace everything that the client has. If `more` is true, further parts follow.

    Integrations receive AvailableLevel, here and in Changes.
    """

    place: Position
    levels: list[Level]
    more: bool


class Changes(msgspec.Struct, tag="changes"):
    """The newest state of each changed level. Without levels: nothing has changed up to this place."""

    place: Position
    levels: list[Level]


class Reset(msgspec.Struct, tag="reset"):
    """The requested or reached place cannot be continued from. A snapshot follows."""

    reason: Reason


class StreamReset(msgspec.Struct):
    """The same on the stream, as an event of type reset. The stream continues from `place`, the end of the log."""

    reason: Reason
    place: Position


class Pong(msgspec.Struct, tag="pong"):
    """The answer to a ping."""


class Error(msgspec.Struct, tag="error"):
    """A message that was not carried out, or the reason why the socket is about to close."""

    problem: dict[str, Any]


class StockData(msgspec.Struct):
    new: Level


class StockEvent(msgspec.Struct):
    """The part of a stock.* CloudEvent that the hub reads; the rest is passed on unread."""

    data: StockData


class CatalogState(msgspec.Struct):
    """The members of a channel or warehouse that decide who sells from where. Only a channel has warehouses."""

    active: bool
    warehouses: list[str] | UnsetType = UNSET


class CatalogData(msgspec.Struct):
    old: CatalogState | None = None
    new: CatalogState | None = None


class CatalogEvent(msgspec.Struct):
    """The part of a channel.changed or warehouse.changed CloudEvent that the hub reads."""

    data: CatalogData


class TimedEvent(msgspec.Struct):
    time: datetime


FromClient = Subscribe | Ping
encode = msgspec.json.encode
decode_from_client = msgspec.json.Decoder(FromClient).decode
decode_time = msgspec.json.Decoder(TimedEvent).decode
decode_catalog_event = msgspec.json.Decoder(CatalogEvent).decode
decode_stock_event = msgspec.json.Decoder(StockEvent).decode


def snapshot_message(position: str, levels: Sequence[bytes], *, more: bool) -> bytes:
    """Builds a Snapshot from levels that are already JSON."""
    return b'{"type":"snapshot","place":"%b","levels":[%b],"more":%b}' % (
        position.encode(),
        b",".join(levels),
        b"true" if more else b"false",
    )


def changes_message(position: str, levels: Sequence[bytes]) -> bytes:
    """Builds a Changes message from levels that are already JSON."""
    return b'{"type":"changes","place":"%b","levels":[%b]}' % (position.encode(), b",".join(levels))


def text_frame(message: bytes) -> bytes:
    """Builds a whole text frame as a server sends it: final, unmasked (RFC 6455, section 5.2).

    It replaces `websockets.frames.Frame.serialize`, which makes the same bytes (tests/live/test_frames.py) in 6 us instead
    of 0.3. A thousand clients that each see different levels, at 100 changes per second, need 100,000 frames per second.
    """
    size = len(message)
    if size < 126:
        return b"\x81%c%b" % (size, message)
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + message
    return b"\x81\x7f" + size.to_bytes(8, "big") + message
