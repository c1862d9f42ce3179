"""The shape of what clients send: JSON bodies and query strings. Whether the values make sense is decided in SQL.

Fields that a client may leave out are UNSET and are then left out of what Postgres gets, so each default stands once: there.
Money is kept as the text of its JSON number, so it is exact from the client to Postgres.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from pyapp.problems import Problem

ELEMENTS_MAX = 1000
LINES_MAX = 1000
DEPTH_MAX = 32
ERRORS_MAX = 20
ATTRIBUTES_BYTES_MAX = 16_384
NAME_CHARACTERS_MAX = 100  # of a field or parameter that is quoted back
PAGE_DEFAULT = 50
PAGE_MAX = 200

# $(?!\n): Python lets $ match before a last line break, JSON Schema does not.
CODE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)"
MONEY_BYTES = re.compile(rb"(0|[1-9][0-9]{0,6})(\.[0-9]{1,2})?")
TOTAL_BYTES = re.compile(rb"(0|[1-9][0-9]{0,13})(\.[0-9]{1,2})?")
MONEY_REMEDY = "must be a JSON number with at most two decimals, such as 12.99"


def _code(description: str, example: str) -> Meta:
    return Meta(pattern=CODE_PATTERN, description=description, examples=[example])


SkuId = Annotated[str, _code("The SKU: letters, digits, dot, underscore, hyphen; at most 64.", "HOTSAUCE-001")]
WarehouseId = Annotated[str, _code("The warehouse.", "WH-01")]
ChannelId = Annotated[str, _code("The sales channel.", "web")]
ReasonCode = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$(?!\n)", description="A reason code.", examples=["damaged"])]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Text = Annotated[str, Meta(max_length=4000)]
Note = Annotated[str, Meta(max_length=1000, description="Why; kept with the change.")]
Reference = Annotated[str, Meta(min_length=1, max_length=200, description="A document of yours, such as a delivery note.")]
Batch = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\S", examples=["BATCH-202404"])]
ExternalId = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^\S+$(?!\n)", examples=["ORD-123456"])]
Email = Annotated[str, Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$(?!\n)", examples=["jane@example.com"])]
Region = Annotated[int, Meta(ge=1, le=32767)]
Money = Annotated[
    Raw,
    Meta(
        description="An amount with at most two decimals.",
        extra_json_schema={"type": "number", "minimum": 0, "maximum": 9_999_999.99, "multipleOf": 0.01},
        examples=[12.99],
    ),
]
Total = Annotated[
    Raw,
    Meta(
        description="Checked against the computed total.",
        extra_json_schema={"type": "number", "minimum": 0, "multipleOf": 0.01},
        examples=[49.96],
    ),
]
Attributes = Annotated[
    Raw, Meta(description="Anything else that is worth knowing of a SKU.", extra_json_schema={"type": "object"})
]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Delta = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000, description="Units to add, or to take away if negative.")]
LineQuantity = Annotated[int, Meta(ge=1, le=1_000_000)]
Timestamp = Annotated[datetime.datetime, Meta(tz=True, description="RFC 3339 with an offset.")]


class FieldError(ValueError):
    """A value that msgspec's constraints cannot describe."""

    def __init__(self, name: str, remedy: str) -> None:
        super().__init__(remedy)
        self.name = name


def _check_number(value: Raw | UnsetType | None, name: str, pattern: re.Pattern[bytes] = MONEY_BYTES) -> None:
    if isinstance(value, Raw) and not pattern.fullmatch(bytes(value)):
        raise FieldError(name, MONEY_REMEDY)


def _check_attributes(value: Raw | UnsetType) -> None:
    if isinstance(value, Raw):
        if not bytes(value).startswith(b"{"):
            raise FieldError("attributes", "must be an object")
        if len(bytes(value)) > ATTRIBUTES_BYTES_MAX:
            raise FieldError("attributes", f"must not be longer than {ATTRIBUTES_BYTES_MAX} bytes")


class Body(Struct, forbid_unknown_fields=True, kw_only=True):
    """A JSON object that a client sends."""


class Receipt(Body):
    """Goods that arrive: a SKU, where, how many, of which batch. What is new is made (admin)."""

    sku_id: SkuId
    warehouse_location: WarehouseId
    stock: Annotated[Count, Meta(description="Units received.", examples=[350])]
    name: Name | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    size_ml: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType = UNSET
    flavor_profile: Annotated[list[Name], Meta(max_length=50)] | UnsetType = UNSET
    price: Money | UnsetType = UNSET
    attributes: Attributes | UnsetType = UNSET
    batch_number: Batch | UnsetType = UNSET
    lot_number: Batch | UnsetType = UNSET
    expiration_date: datetime.date | UnsetType = UNSET
    manufactured_on: datetime.date | UnsetType = UNSET
    reason_code: ReasonCode | UnsetType = UNSET
    note: Note | UnsetType = UNSET
    reference: Reference | UnsetType = UNSET

    def __post_init__(self) -> None:
        _check_number(self.price, "price")
        _check_attributes(self.attributes)
        if self.lot_number is not UNSET and self.batch_number is not UNSET and self.lot_number != self.batch_number:
            raise FieldError("lot_number", "is another name for batch_number: send one of them, or the same in both")


class Adjustment(Body):
    """A change of stock by hand: so many more or fewer, and why."""

    sku_id: SkuId
    warehouse_location: WarehouseId
    delta: Delta
    reason_code: ReasonCode
    note: Note | UnsetType = UNSET
    batch_number: Batch | UnsetType = UNSET
    change_from_quantity: Count | UnsetType = UNSET
    reference: Reference | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.delta == 0:
            raise FieldError("delta", "must not be 0: there is nothing to change")


class StockCount(Body):
    """A counted stock: what is there now."""

    warehouse_location: WarehouseId
    stock: Annotated[Count, Meta(description="Units counted.")]
    sku_id: SkuId | UnsetType = UNSET
    batch_number: Batch | UnsetType = UNSET
    reason_code: ReasonCode | UnsetType = UNSET
    note: Note | UnsetType = UNSET
    change_from_quantity: Count | UnsetType = UNSET


class Customer(Body):
    """Who buys."""

    name: Name
    email: Email | UnsetType = UNSET
    address: Annotated[str, Meta(min_length=1, max_length=1000)] | UnsetType = UNSET


class OrderLine(Body):
    """So many of a SKU, and the price that the customer was shown."""

    sku_id: SkuId
    quantity: LineQuantity
    price: Money | UnsetType = UNSET

    def __post_init__(self) -> None:
        _check_number(self.price, "price")


class OrderDraft(Body):
    """An order to place. order_id is the shop's own number, kept as external_id; the total is checked, not believed."""

    customer: Customer
    items: Annotated[list[OrderLine], Meta(min_length=1, max_length=LINES_MAX)]
    channel: ChannelId | UnsetType = UNSET
    order_id: ExternalId | UnsetType = UNSET
    external_id: ExternalId | UnsetType = UNSET
    created_at: Timestamp | UnsetType = UNSET
    total_price: Total | UnsetType = UNSET
    status: Literal["pending", "processing"] | UnsetType = UNSET
    note: Note | UnsetType = UNSET

    def __post_init__(self) -> None:
        _check_number(self.total_price, "total_price", TOTAL_BYTES)
        if isinstance(self.created_at, datetime.datetime):
            try:
                self.created_at.astimezone(datetime.UTC)
            except OverflowError:  # 0001-01-01T00:00+10:00 lies in the year before, which RFC 3339 cannot write
                raise FieldError("created_at", "lies outside the years 1 to 9999 in UTC") from None
        if self.order_id is not UNSET:
            if self.external_id is not UNSET and self.external_id != self.order_id:
                raise FieldError("external_id", "is another name for order_id: send one of them, or the same in both")
            self.external_id, self.order_id = self.order_id, UNSET


class Cancellation(Body):
    """Why an order is canceled."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    note: Note | UnsetType = UNSET


class FulfillmentLine(Body):
    sku_id: SkuId
    quantity: LineQuantity


class Fulfillment(Body):
    """What leaves the house. Without items: all that is left of the order."""

    warehouse_location: WarehouseId | UnsetType = UNSET
    items: Annotated[list[FulfillmentLine], Meta(min_length=1, max_length=LINES_MAX)] | UnsetType = UNSET
    tracking_number: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    note: Note | UnsetType = UNSET


class Sku(Body):
    """A SKU as the catalogue knows it. price null: no list price."""

    sku_id: SkuId
    name: Name
    description: Text | UnsetType = UNSET
    size_ml: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType | None = UNSET
    flavor_profile: Annotated[list[Name], Meta(max_length=50)] | UnsetType = UNSET
    price: Money | UnsetType = UNSET
    reorder_point: Count | UnsetType = UNSET
    attributes: Attributes | UnsetType = UNSET
    active: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.price, Raw) and bytes(self.price) != b"null":
            _check_number(self.price, "price")
        _check_attributes(self.attributes)


class Channel(Body):
    """Where orders come from, and which warehouses serve it, the first one first."""

    channel_id: ChannelId
    name: Name
    kind: Literal["web", "pos", "marketplace", "wholesale"] | UnsetType = UNSET
    pricing: Literal["list", "channel"] | UnsetType = UNSET
    region_id: Region | UnsetType = UNSET
    warehouses: Annotated[list[WarehouseId], Meta(max_length=1000)] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Warehouse(Body):
    """A place that keeps stock."""

    warehouse_id: WarehouseId
    name: Name
    region_id: Region | UnsetType = UNSET
    active: bool | UnsetType = UNSET


# Query strings -------------------------------------------------------------------------------------------------------


class Query(Struct, forbid_unknown_fields=True, kw_only=True):
    """The parameters that a path knows."""

    region: Region | UnsetType = UNSET

    def filters(self) -> bytes:
        """The parameters that choose rows, as JSON for Postgres."""
        return b"{}"


class WriteQuery(Query):
    dry_run: bool = False


class PageQuery(Query):
    cursor: Annotated[str, Meta(min_length=1, max_length=1000)] | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT

    def filters(self) -> bytes:
        members = msgspec.to_builtins(self)
        return msgspec.json.encode({name: members[name] for name in members if name not in ("region", "cursor", "limit")})


class InventoryQuery(PageQuery):
    sku_id: SkuId | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET
    q: Annotated[str, Meta(min_length=1, max_length=200, description="Words in the name or code.")] | UnsetType = UNSET
    low_stock: bool | UnsetType = UNSET
    expiring_before: datetime.date | UnsetType = UNSET


class MovementQuery(PageQuery):
    warehouse: WarehouseId | UnsetType = UNSET


class RangeQuery(PageQuery):
    """from and to: a date, or a moment in RFC 3339."""

    from_: Annotated[str, Meta(max_length=40)] | UnsetType = field(name="from", default=UNSET)
    to: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        for name, value in (("from", self.from_), ("to", self.to)):
            if isinstance(value, str) and not _is_moment(value):
                raise FieldError(name, "must be a date such as 2024-06-01 or a moment such as 2024-06-01T13:45:30Z")


OrderStatus = Literal[
    "pending", "processing", "on_hold", "completed", "canceled", "unfulfilled", "partially_fulfilled", "fulfilled"
]


class OrderQuery(RangeQuery):
    customer: Annotated[str, Meta(min_length=1, max_length=254)] | UnsetType = UNSET
    status: OrderStatus | UnsetType = UNSET
    sku: SkuId | UnsetType = UNSET


class AuditQuery(RangeQuery):
    table: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    key: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    actor: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType = UNSET


def _is_moment(text: str) -> bool:
    for type_ in (datetime.date, Timestamp):
        try:
            msgspec.convert(text, type_)
        except msgspec.ValidationError:
            continue
        return True
    return False


# Decoding ------------------------------------------------------------------------------------------------------------

S = TypeVar("S", bound=Struct)
_ENCODER = msgspec.json.Encoder()


def parse(body: bytes, type_: type[S], *, many: bool) -> tuple[list[S], bool]:
    """The elements of a body, and whether it was a list.

    Raises Problem: RQ400 for what is not JSON text (RFC 8259, I-JSON: no duplicate names, no lone surrogates), RQ422
    for a wrong shape, with one error for each element at fault, up to ERRORS_MAX, and an RFC 6901 pointer for each.
    """
    check_text(body)
    is_list = body.lstrip().startswith(b"[")
    if not is_list:
        return [_decode_all(body, type_, [""])[0]], False
    if not many:
        raise _invalid([{"pointer": "", "detail": "Expected `object`, got `array`: send one object, not a list."}])
    parts = msgspec.json.decode(body, type=list[Raw])
    if not parts:
        raise _invalid([{"pointer": "", "detail": "The list is empty: send 1 to 1000 elements."}])
    if len(parts) > ELEMENTS_MAX:
        raise _invalid([{"pointer": "", "detail": f"{len(parts)} elements: send at most {ELEMENTS_MAX}, in several requests."}])
    return _decode_all(body, type_, [f"/{number}" for number in range(len(parts))], parts), True


def _decode_all(body: bytes, type_: type[S], pointers: list[str], parts: list[Raw] | None = None) -> list[S]:
    elements: list[S] = []
    errors: list[dict[str, str]] = []
    for pointer, part in zip(pointers, parts or [Raw(body)], strict=True):
        try:
            elements.append(msgspec.json.decode(part, type=type_))
        except msgspec.ValidationError as error:
            errors.append(describe(error, pointer))
            if len(errors) == ERRORS_MAX:
                break
    if errors:
        raise _invalid(errors)
    return elements


def _invalid(errors: list[dict[str, str]]) -> Problem:
    return Problem("RQ422", "The body does not have the expected shape; errors names each place.", errors)


def describe(error: msgspec.ValidationError, prefix: str = "") -> dict[str, str]:
    """{"pointer", "detail"} of a shape error: msgspec's path `$.items[0].sku_id` becomes /items/0/sku_id."""
    message, _, path = str(error).rpartition(" - at `$") if " - at `$" in str(error) else (str(error), "", "`")
    tokens = [name or index for name, index in re.findall(r"\.([A-Za-z_]\w*)|\[(\d+)\]", path)]
    cause = error.__cause__
    if isinstance(cause, FieldError):
        tokens.append(cause.name)
    elif unknown := re.match(r"Object contains unknown field `(.*)`$", message, re.DOTALL):
        name = unknown[1][:NAME_CHARACTERS_MAX]
        tokens.append(name.replace("~", "~0").replace("/", "~1"))
        message = f"Unknown field {name!r}: leave it out, or correct its name."
    elif missing := re.match(r"Object missing required field `(.*)`$", message):
        tokens.append(missing[1])
        message = f"The field {missing[1]} is required."
    pointer = prefix + "".join(f"/{token}" for token in tokens)
    return {"pointer": pointer, "detail": _sentence(message)}


def _sentence(message: str) -> str:
    if "matching regex" in message:
        if CODE_PATTERN in message:
            return "Expected a code: letters, digits, dot, underscore and hyphen, at most 64, beginning with a letter or digit."
        return "The text does not have the expected form; see the examples in the API description."
    message = message.replace("Invalid RFC3339 encoded date", "No such date, or not written as YYYY-MM-DD")
    message = message.replace("No such date, or not written as YYYY-MM-DDtime", "No such moment, or not in RFC 3339")
    return message[:500] if message.endswith(".") else f"{message[:500]}."


def check_text(body: bytes) -> None:
    """Refuses what is no proper JSON text, before its shape is looked at. Raises Problem RQ400 or RQ422."""
    if not body.strip():
        raise Problem("RQ400", "The body is empty. Send a JSON object.")
    try:
        value = msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise Problem("RQ400", "The body is not valid UTF-8. Encode it as UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except msgspec.ValidationError as error:  # a number beyond all ranges
        raise _invalid([describe(error)]) from None
    except msgspec.DecodeError as error:
        if b"\\u" in body:
            _check_escapes(body)
        raise Problem("RQ400", f"The body is not JSON: {str(error).removeprefix('JSON is malformed: ')}.") from None
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX and _depth(value) > DEPTH_MAX:
        raise _too_deep()
    # Without escapes each quotation mark begins or ends a string, and a name that came twice is missing from the value,
    # so the two counts differ. That is exact, and far cheaper than looking at each name.
    if b"\\" in body or body.count(b'"') != _ENCODER.encode(value).count(b'"'):
        _check_escapes(body)


def _too_deep() -> Problem:
    return _invalid([{"pointer": "", "detail": f"Nested deeper than {DEPTH_MAX} levels: send a flatter document."}])


def _depth(value: object) -> int:
    level, depth = [value], 0
    while level and depth <= DEPTH_MAX:
        depth += 1
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
    return depth


def _check_escapes(body: bytes) -> None:
    """The slow and thorough way, with Python's own parser: duplicate names, NUL characters, lone surrogates."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    shown = _shown(name)
                    raise Problem("RQ400", f"The name {shown} stands twice in one object. Send each name once.")
                seen.add(name)
        return members

    try:
        value = json.loads(body, object_pairs_hook=unique)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise Problem("RQ400", "The body is not JSON.") from None
    errors = [{"pointer": pointer, "detail": detail} for pointer, detail in _bad_strings(value, "")]
    if errors:
        raise _invalid(errors[:ERRORS_MAX])


def _bad_strings(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if "\0" in value:
            yield pointer, "The character NUL (\\u0000) cannot be stored. Leave it out."
        elif any("\ud800" <= character <= "\udfff" for character in value):
            yield pointer, "Half of a surrogate pair (\\ud800 to \\udfff) is no character. Send both halves, or UTF-8."
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _bad_strings(item, f"{pointer}/{number}")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            shown = f"{pointer}/{_shown(name).replace('~', '~0').replace('/', '~1')}"
            yield from _bad_strings(name, shown)
            yield from _bad_strings(item, shown)


def _shown(name: str) -> str:
    return name[:NAME_CHARACTERS_MAX].encode(errors="replace").decode().replace("\0", "\\u0000")


def element(body: Struct, **added: object) -> bytes:
    """The JSON of one element for Postgres: what the client sent, and what the path and the headers add."""
    encoded, more = _ENCODER.encode(body), _ENCODER.encode(added)
    return more if encoded == b"{}" else encoded[:-1] + b"," + more[1:]


def parse_query(pairs: list[tuple[str, str]], type_: type[S]) -> S:
    """The query string as a struct. Raises Problem RQ400, which names what is unknown, repeated or wrong."""
    values: dict[str, str] = {}
    known = [member.encode_name for member in msgspec.structs.fields(type_)]
    for name, value in pairs:
        shown = _shown(name)
        if name not in known:
            raise Problem("RQ400", f"Unknown query parameter {shown!r}. Known here: {', '.join(sorted(known)) or 'none'}.")
        if name in values:
            raise Problem("RQ400", f"The query parameter {shown!r} stands there twice. Send it once.")
        if "\0" in value:
            raise Problem("RQ400", f"The query parameter {shown!r} contains the character NUL. Leave it out.")
        values[name] = value
    try:
        return msgspec.convert(values, type_, strict=False)
    except msgspec.ValidationError as error:
        at = describe(error)
        name = at["pointer"].removeprefix("/")
        raise Problem(
            "RQ400", f"The query parameter {name!r} cannot be used.", [{"parameter": name, "detail": at["detail"]}]
        ) from None
