"""Fields of bodies, queries and documents: their types, their limits, and the structs that all others extend.

A body or query describes the shape of requests; SQL decides whether the values make sense. Optional fields are UNSET when
missing and are not sent to Postgres, so each default exists once: in SQL. Money stays the text of its JSON number, so it is
exact from the client to Postgres.

A document describes the shape of the JSON that functions of schema api build. No struct encodes it: Postgres' bytes are sent as
they are. The OpenAPI document and the CSV columns are built from the structs, and a test decodes real answers of every route
into them, so they cannot drift from the SQL. A member that may be null is `T | None`; a member that may be missing is
`T | UnsetType = UNSET`.

If a body and a document have types of the same name, the body's type ends in Draft.
"""

from __future__ import annotations

import contextlib
import datetime
import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from pyapp.http.text import DIGITS_MAX, EXPONENT_MAX, has_absurd_number

if TYPE_CHECKING:
    from pyapp.database.commands import Wanted
    from pyapp.http.headers import Request

Json = dict[str, Any]

LINES_MAX = 1000
ATTRIBUTES_BYTES_MAX = 16_384
PAGE_DEFAULT = 50
PAGE_MAX = 200

# $(?!\n): Python lets $ match before a last line break, JSON Schema does not.
CODE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)"
# White space, for the middle of a character class: everything that Python or ECMAScript (JSON Schema's dialect) counts as such.
SPACE = r"\s\x1c-\x1f\x85\ufeff"
INK_PATTERN = f"[^{SPACE}]"  # at least one visible character
MONEY_BYTES = re.compile(rb"(0|[1-9][0-9]{0,9})(\.[0-9]{1,4})?")
TOTAL_BYTES = re.compile(rb"(0|[1-9][0-9]{0,13})(\.[0-9]{1,4})?")
MONEY_REMEDY = "must be a JSON number with at most four decimals, such as 12.99"  # the most of ISO 4217; SQL knows the currency
PRICE_MAX, TOTAL_MAX = 9_999_999_999, 99_999_999_999_999


def _code(description: str, example: str) -> Meta:
    return Meta(pattern=CODE_PATTERN, description=description, examples=[example])


SkuId = Annotated[str, _code("The SKU: letters, digits, dot, underscore, hyphen; at most 64.", "HOTSAUCE-001")]
WarehouseId = Annotated[str, _code("The warehouse.", "WH-01")]
ChannelId = Annotated[str, _code("The sales channel.", "web")]
CustomerGroup = Annotated[str, _code("Who buys, in words of your own; freshness rules use it. No personal data.", "export")]
ReasonDraft = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$(?!\n)", description="A reason code.", examples=["damaged"])]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=INK_PATTERN)]
Text = Annotated[str, Meta(max_length=4000)]
NoteDraft = Annotated[str, Meta(max_length=1000, description="The reason in free text, stored with the change.")]
Reference = Annotated[str, Meta(min_length=1, max_length=200, description="Your own document number, such as a delivery note.")]
BatchNumberDraft = Annotated[str, Meta(min_length=1, max_length=64, pattern=INK_PATTERN, examples=["BATCH-202404"])]
PackagingName = Annotated[
    str,
    Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}$(?!\n)", description="The name of a packaging of the SKU.", examples=["case"]),
]
ReservationId = Annotated[
    str, Meta(pattern=r"^RSV-[1-9][0-9]{0,4}-[1-9][0-9]{0,17}$(?!\n)", description="A reservation.", examples=["RSV-1-1001"])
]
ExternalId = Annotated[str, Meta(min_length=1, max_length=100, pattern=rf"^{INK_PATTERN}+$(?!\n)", examples=["ORD-123456"])]
Email = Annotated[str, Meta(max_length=254, pattern=rf"^[^@{SPACE}]+@[^@{SPACE}]+$(?!\n)", examples=["jane@example.com"])]
Phone = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=INK_PATTERN,
        description="As the customer wrote it; searches compare its digits.",
        examples=["+1 555 010 0199"],
    ),
]
RegionDraft = Annotated[int, Meta(ge=1, le=32767)]
TimeZoneDraft = Annotated[
    str,
    Meta(min_length=1, max_length=64, description="A name of the time zone database, or UTC.", examples=["America/Chicago"]),
]
Money = Annotated[
    Raw,
    Meta(
        description="An amount with at most the decimals of its currency (ISO 4217).",
        extra_json_schema={"type": "number", "minimum": 0, "maximum": PRICE_MAX},
        examples=[12.99],
    ),
]
Total = Annotated[
    Raw,
    Meta(
        description="Checked against the computed total of the items; shipping is not part of it.",
        extra_json_schema={"type": "number", "minimum": 0, "maximum": TOTAL_MAX},
        examples=[49.96],
    ),
]
LineAmount = Annotated[
    Raw,
    Meta(
        description="Instead of price: what the whole line costs (3 for 10.00). A channel that sells at list prices has no other "
        "amount than theirs.",
        extra_json_schema={"type": "number", "minimum": 0, "maximum": TOTAL_MAX},
    ),
]
AttributesDraft = Annotated[
    Raw,
    Meta(
        description=f"Any other data about the SKU: at most {ATTRIBUTES_BYTES_MAX} bytes, with numbers of at most "
        f"{DIGITS_MAX} digits and exponents from -{EXPONENT_MAX} to {EXPONENT_MAX}.",
        extra_json_schema={"type": "object"},
    ),
]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
DeltaDraft = Annotated[
    int,
    Meta(
        ge=-1_000_000_000,
        le=1_000_000_000,
        description="Units to add, or to remove if negative; not 0.",
        extra_json_schema={"not": {"const": 0}},
    ),
]
LineQuantity = Annotated[int, Meta(ge=1, le=1_000_000)]
Words = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="Words, or parts of words, that all occur in the ID or the name. Case and accents do not matter.",
        examples=["jalapeno"],
    ),
]
Since = Annotated[
    str,
    Meta(
        max_length=40,
        examples=["2024-06-01"],
        extra_json_schema={"anyOf": [{"format": "date"}, {"format": "date-time"}]},
    ),
]
Timestamp = Annotated[datetime.datetime, Meta(tz=True, description="RFC 3339 with an offset.")]


class FieldError(ValueError):
    """A value that msgspec's constraints cannot describe."""

    def __init__(self, name: str, remedy: str) -> None:
        super().__init__(remedy)
        self.name = name


def check_moment(value: datetime.datetime, name: str) -> None:
    try:
        value.astimezone(datetime.UTC)
    except OverflowError:  # 0001-01-01T00:00+10:00 falls in the year before, which RFC 3339 cannot write
        raise FieldError(name, "is outside the years 1 to 9999 in UTC") from None


def check_lot(batch_number: str | UnsetType, lot_number: str | UnsetType) -> None:
    if lot_number is not UNSET and batch_number is not UNSET and lot_number != batch_number:
        raise FieldError("lot_number", "is another name for batch_number: send one of them, or the same in both")


def check_number(value: Raw | UnsetType | None, name: str, pattern: re.Pattern[bytes] = MONEY_BYTES) -> None:
    if isinstance(value, Raw) and not pattern.fullmatch(bytes(value)):
        raise FieldError(name, MONEY_REMEDY)


def check_attributes(value: Raw | UnsetType) -> None:
    if isinstance(value, Raw):
        if not bytes(value).startswith(b"{"):
            raise FieldError("attributes", "must be an object")
        if len(bytes(value)) > ATTRIBUTES_BYTES_MAX:
            raise FieldError("attributes", f"must not be longer than {ATTRIBUTES_BYTES_MAX} bytes")
        if has_absurd_number(bytes(value)):
            remedy = f"must not contain numbers of more than {DIGITS_MAX} digits, or with an exponent beyond {EXPONENT_MAX}"
            raise FieldError("attributes", remedy)


class Body(Struct, forbid_unknown_fields=True, kw_only=True):
    """A JSON object that a client sends. `sample` is its example in the OpenAPI document; by default its required members."""

    sample: ClassVar[Json | None] = None
    together: ClassVar[Json] = {}  # rules across members that JSON Schema can express; __post_init__ checks them
    codes: ClassVar[tuple[str, ...]] = ()  # codes that `check` raises
    instead_of_if_match: ClassVar[str] = ""  # the member that guards a change of something without a version

    def check(self, request: Request) -> None:
        """Checks rules on body and request together, other than the shape. Raises Problem."""

    def wanted(self) -> Wanted | None:
        """Returns the units that the body takes, or None: a refusal for lack of stock says nothing about equal bodies."""
        return None


class Query(Struct, forbid_unknown_fields=True, kw_only=True):
    """The parameters of a path."""

    region: Annotated[RegionDraft, Meta(description="A region other than the token's; admins only.")] | UnsetType = UNSET

    def filters(self) -> bytes:
        """Returns the parameters that select rows, as JSON for Postgres."""
        return b"{}"

    def asks_primary(self) -> bool:
        """Whether no standby can answer, because the answer depends on what runs on the primary."""
        return False


class WriteQuery(Query):
    dry_run: Annotated[bool, Meta(description="Process the request and return the answer, but store nothing.")] = False


class PageQuery(Query):
    cursor: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=1000,
                description="next_cursor of the page before.",
                examples=["WyJvcmRlcnMiLCIyMDI0LTA2LTAxIiwiMTAwMSJd"],
            ),
        ]
        | UnsetType
    ) = UNSET
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX, description="Rows per page.")] = PAGE_DEFAULT

    def filters(self) -> bytes:
        members = msgspec.to_builtins(self)
        return msgspec.json.encode({name: members[name] for name in members if name not in ("region", "cursor", "limit")})


class RangeQuery(PageQuery):
    """from (inclusive) and to (exclusive): a date, which begins at midnight in the time zone of the region, or a date-time in
    RFC 3339."""

    from_: Annotated[Since, Meta(description="The first day or moment.")] | UnsetType = field(name="from", default=UNSET)
    to: Annotated[Since, Meta(description="The day or moment to end before.")] | UnsetType = UNSET

    def __post_init__(self) -> None:
        for name, value in (("from", self.from_), ("to", self.to)):
            check_range_end(name, value)


def check_range_end(name: str, text: str | UnsetType) -> None:
    """Where a date begins, and whether a range is turned round, Postgres says (app.read_range). Raises FieldError."""
    if text is UNSET:
        return
    for type_ in (datetime.date, Timestamp):
        with contextlib.suppress(msgspec.ValidationError):
            msgspec.convert(text, type_)
            return
    raise FieldError(name, "must be a date such as 2024-06-01 or a date-time such as 2024-06-01T13:45:30Z")


class Answer(Struct, forbid_unknown_fields=True):
    """A JSON object that Postgres builds."""


class Page(Answer):
    """A list, or one page of it. `data`, which each subclass defines, holds the rows."""

    next_cursor: Annotated[
        str | None, Meta(description="The parameter cursor for the next page; null on the last.", examples=[None])
    ]
