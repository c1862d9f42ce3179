"""The messages of the inventory socket, as JSON text frames, and the little of an event that the hub reads.

The structs that are sent are also what asyncapi.json describes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pyapp import values

SKUS_MAX = 1000  # a subscription names at most so many; more is "all"
WAREHOUSES_MAX = 100
LEVELS_PER_FRAME = 250  # about 64 KB: the most that a socket which takes no more has in its buffer
MESSAGE_BYTES_MAX = 128 * 1024  # SKUS_MAX of the longest codes, and air

Place = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-z]{1,32}:[0-9]{1,18}$(?!\n)",
        description="A place in the event log: its epoch and the seq of an event.",
        examples=["4f1c9a2e77b0:1042"],
    ),
]
Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)")]
Skus = Annotated[list[Code], Meta(min_length=1, max_length=SKUS_MAX, examples=[["HOTSAUCE-001"]])]
Warehouses = Annotated[list[Code], Meta(min_length=1, max_length=WAREHOUSES_MAX, examples=[["WH-01"]])]
# A text, unlike values.Moment: what Postgres wrote is passed on as it is.
MomentText = Annotated[str, Meta(extra_json_schema={"format": "date-time"}, examples=["2024-06-01T13:45:30.000Z"])]
Reason = Annotated[
    str,
    Meta(
        description="epoch_changed: the log began anew, as after a restore. place_expired: older than what is kept. "
        "place_unknown: beyond the end of the log. place_too_far_back, fell_behind: more happened since than is sent one by one. "
        "events_missing: the log has a gap.",
        examples=["epoch_changed"],
    ),
]


class Level(msgspec.Struct):
    """What a warehouse has of a SKU. stock = available + reserved + committed + unavailable + safety_stock."""

    sku_id: values.Sku
    warehouse_location: values.Warehouse
    stock: values.OnHand
    available: values.Available
    reserved: values.Reserved
    committed: values.Committed
    unavailable: values.Unavailable
    safety_stock: values.SafetyStock
    incoming: values.Incoming
    version: values.Version
    updated_at: MomentText


class AvailableLevel(msgspec.Struct):
    """What an integration sees of a level: stock is what is available."""

    sku_id: values.Sku
    warehouse_location: values.Warehouse
    stock: values.Available
    available: values.Available
    version: values.Version
    updated_at: MomentText


class Subscribe(msgspec.Struct, tag="subscribe", forbid_unknown_fields=True):
    """Which levels to send from now on, in place of what was asked for before. Without skus and warehouses: all.

    With `after`, the place of the last message that arrived, only what changed since is sent.
    """

    skus: Skus | UnsetType = UNSET
    warehouses: Warehouses | UnsetType = UNSET
    after: Place | UnsetType = UNSET


class Ping(msgspec.Struct, tag="ping", forbid_unknown_fields=True):
    """Answered with a pong."""


class Snapshot(msgspec.Struct, tag="snapshot"):
    """The levels as they are, in place of all that the client knew. Where `more` is true, further parts follow.

    To integrations the levels are AvailableLevel, here and in Changes.
    """

    place: Place
    levels: list[Level]
    more: bool


class Changes(msgspec.Struct, tag="changes"):
    """The newest state of each level that changed. Without levels: nothing changed up to this place."""

    place: Place
    levels: list[Level]


class Reset(msgspec.Struct, tag="reset"):
    """The place asked for, or the one reached, cannot be continued from. A snapshot follows."""

    reason: Reason


class StreamReset(msgspec.Struct):
    """The same on the stream, as an event of the type reset: it goes on from `place`, the end of the log."""

    reason: Reason
    place: Place


class Pong(msgspec.Struct, tag="pong"):
    """The answer to a ping."""


class Error(msgspec.Struct, tag="error"):
    """A message that was not carried out, or the reason why the socket is about to be closed."""

    problem: dict[str, Any]


class StockData(msgspec.Struct):
    new: Level


class StockEvent(msgspec.Struct):
    """What the hub reads of a CloudEvent of a type stock.*; the rest is passed on unread."""

    data: StockData


class TimedEvent(msgspec.Struct):
    time: datetime


FromClient = Subscribe | Ping
encode = msgspec.json.encode
decode_from_client = msgspec.json.Decoder(FromClient).decode
decode_time = msgspec.json.Decoder(TimedEvent).decode
decode_stock_event = msgspec.json.Decoder(StockEvent).decode


def snapshot_message(place: str, levels: Sequence[bytes], *, more: bool) -> bytes:
    """A Snapshot of levels that are JSON already."""
    return b'{"type":"snapshot","place":"%b","levels":[%b],"more":%b}' % (
        place.encode(),
        b",".join(levels),
        b"true" if more else b"false",
    )


def changes_message(place: str, levels: Sequence[bytes]) -> bytes:
    """A Changes of levels that are JSON already."""
    return b'{"type":"changes","place":"%b","levels":[%b]}' % (place.encode(), b",".join(levels))


def text_frame(message: bytes) -> bytes:
    """A whole text frame as a server sends it: final, unmasked (RFC 6455, section 5.2).

    Kept in place of `websockets.frames.Frame.serialize`, which makes the same bytes (tests/live/test_frames.py) in 6 us instead
    of 0.3: a thousand clients that each see something else, at 100 changes a second, take 100,000 frames a second.
    """
    size = len(message)
    if size < 126:
        return b"\x81%c%b" % (size, message)
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + message
    return b"\x81\x7f" + size.to_bytes(8, "big") + message
