"""SKUs, packagings, warehouses, channels, reason codes: all have the same routes: list, read, create, replace, change, retire."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal, NamedTuple

from msgspec import UNSET, Meta, Raw, UnsetType

from pyapp import values
from pyapp.api.orders import OrderWithTimeline
from pyapp.api.stock import SKU_ID
from pyapp.http.endpoints import change, read_document, read_page, write
from pyapp.http.fields import (
    INK_PATTERN,
    PRICE_MAX,
    Answer,
    AttributesDraft,
    Body,
    ChannelId,
    Count,
    CustomerGroup,
    Json,
    Name,
    PackagingName,
    Page,
    PageQuery,
    ReasonDraft,
    RegionDraft,
    SkuId,
    Text,
    TimeZoneDraft,
    WarehouseId,
    Words,
    WriteQuery,
    check_attributes,
    check_number,
)
from pyapp.http.route import Noun, PathVariable, Route
from pyapp.values import (
    Amount,
    Attributes,
    Currency,
    Flavors,
    Gtin,
    Milliliters,
    Moment,
    PackedUnits,
    Prose,
    SkuName,
    TimeZone,
    Units,
    Version,
)

Kind = Literal["web", "pos", "marketplace", "wholesale"]
SaleMode = Literal["refuse", "backorder", "preorder"]
WaitingMax = Annotated[
    int, Meta(ge=1, le=2_000_000_000, description="So many units of each SKU may wait; null: any number.", examples=[500])
]
SalePriority = Annotated[
    int, Meta(ge=-1000, le=1000, description="Units that arrive go to the highest priority first.", examples=[0])
]
ShipsOn = Annotated[
    datetime.date,
    Meta(
        description="Of a preorder: its units leave from this day on, by the clock of their warehouse.", examples=["2035-03-01"]
    ),
]
Direction = Literal["in", "out", "both", "pick"]
Takes = Annotated[
    Literal["any", "sellable", "expired", "recalled"],
    Meta(
        description="The units that it takes away: of any lot, of lots that can be sold, of lots past their expiry date, or of "
        "recalled lots. A reason for units that come in takes any.",
        examples=["any"],
    ),
]
CurrencyDraft = Annotated[
    str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217. Prices have its decimals.", examples=["USD"])
]
Description = Annotated[str, Meta(min_length=1, max_length=200, pattern=INK_PATTERN)]


class ComponentDraft(Body):
    """A component of a bundle: a SKU that is no bundle."""

    sku_id: SkuId
    quantity: Annotated[int, Meta(ge=1, le=1000, description="Units per bundle.", examples=[2])]


ComponentsDraft = Annotated[
    list[ComponentDraft],
    Meta(
        max_length=50,
        description="What a bundle is made of. The list replaces the former one, for new orders. Empty: no bundle. "
        "Only an admin changes it.",
    ),
]

ListPrice = Annotated[
    Raw,
    Meta(
        description="An amount with at most the decimals of the currency (ISO 4217); null: no list price.",
        extra_json_schema={"type": ["number", "null"], "minimum": 0, "maximum": PRICE_MAX},
        examples=[12.99],
    ),
]


class SkuChange(Body):
    """The members of a SKU to change. Members of attributes change one by one; null removes one. price null: no list price."""

    sample: ClassVar[Json | None] = {"price": 10.49, "attributes": {"vegan": True}}

    sku_id: SkuId | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    size_ml: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType | None = UNSET
    flavor_profile: Annotated[list[Name], Meta(max_length=50)] | UnsetType = UNSET
    price: ListPrice | UnsetType = UNSET
    currency: CurrencyDraft | UnsetType = UNSET
    reorder_point: Count | UnsetType = UNSET
    attributes: AttributesDraft | UnsetType = UNSET
    components: ComponentsDraft | UnsetType = UNSET
    active: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.price, Raw) and bytes(self.price) != b"null":
            check_number(self.price, "price")
        check_attributes(self.attributes)


class SkuReplacement(SkuChange, kw_only=True):
    """A whole SKU: missing members get their defaults."""

    sample: ClassVar[Json | None] = {
        "name": "Smoky Chipotle Sauce",
        "size_ml": 150,
        "flavor_profile": ["smoky", "mild"],
        "price": 9.99,
    }

    name: Name


class SkuDraft(SkuReplacement, kw_only=True):
    """A SKU of the catalog. price null: no list price."""

    sample: ClassVar[Json | None] = {
        "sku_id": "HOTSAUCE-003",
        "name": "Smoky Chipotle Sauce",
        "size_ml": 150,
        "flavor_profile": ["smoky", "mild"],
        "price": 9.99,
        "reorder_point": 20,
    }

    sku_id: SkuId


class WarehouseChange(Body):
    """The members of a warehouse to change. time_zone null: that of the region."""

    sample: ClassVar[Json | None] = {"name": "Main warehouse"}

    warehouse_id: WarehouseId | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    region_id: RegionDraft | UnsetType = UNSET
    time_zone: TimeZoneDraft | UnsetType | None = UNSET
    scan_required: Annotated[bool, Meta(description="A parcel that leaves it names the lot of every item.")] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class WarehouseReplacement(WarehouseChange, kw_only=True):
    """A whole warehouse."""

    sample: ClassVar[Json | None] = {"name": "Main warehouse"}

    name: Name


class WarehouseDraft(WarehouseReplacement, kw_only=True):
    """A location that keeps stock."""

    sample: ClassVar[Json | None] = {"warehouse_id": "WH-01", "name": "Main warehouse"}

    warehouse_id: WarehouseId


class RegionChange(Body):
    """The members of a region to change."""

    sample: ClassVar[Json | None] = {"time_zone": "America/Chicago"}

    name: Name | UnsetType = UNSET
    time_zone: TimeZoneDraft | UnsetType = UNSET
    expiry_notice_days: (
        Annotated[int, Meta(ge=0, le=3650, description="A lot is announced as expiring this many days before.")] | UnsetType
    ) = UNSET
    backdating_days_max: (
        Annotated[
            int, Meta(ge=0, le=3650, description="How far in the past others than admins may place orders or receive goods.")
        ]
        | UnsetType
    ) = UNSET


HoldShare = Annotated[int, Meta(ge=1, le=100, description="Percent of a SKU's units that one client may reserve; 100: no limit.")]

UnpaidMinutes = Annotated[
    int, Meta(ge=1, le=43200, description="How long the units of a pending order are kept, in minutes.", examples=[60])
]


class SaleRuleDraft(Body):
    """The rule for an order that finds too few units of a SKU: it is refused, or the missing units wait for stock.

    With mode preorder no unit of the SKU that the channel sold leaves before ships_on.

    Without sku_id: for every SKU of the channel without a rule of its own.
    """

    sample: ClassVar[Json | None] = {"sku_id": "HOTSAUCE-001", "mode": "backorder", "units_max": 500}

    mode: SaleMode
    sku_id: SkuId | UnsetType | None = UNSET
    units_max: WaitingMax | UnsetType | None = UNSET
    priority: SalePriority | UnsetType = UNSET
    ships_on: ShipsOn | UnsetType | None = UNSET


Category = Annotated[
    str, Meta(min_length=1, max_length=64, description="attributes.category of the SKUs; null: all.", examples=["sauce"])
]
MinDays = Annotated[
    int, Meta(ge=0, le=3650, description="Days of sale that are left when the units arrive, at least.", examples=[180])
]
MinPercent = Annotated[
    int, Meta(ge=1, le=100, description="The same as a percentage of the longest life of the SKU's lots.", examples=[None])
]
TransitDays = Annotated[int, Meta(ge=0, le=365, description="Days from the warehouse to the customer.", examples=[3])]


class FreshnessRuleDraft(Body):
    """How long units must still be for sale when they arrive: a number of days, or a percentage of their life.

    The most specific rule applies: one for the customer's group before one for all customers, then one for the SKU, for its
    category, for all.
    """

    sample: ClassVar[Json | None] = {"customer_group": "export", "min_days": 180, "transit_days": 21}

    customer_group: CustomerGroup | UnsetType | None = UNSET
    category: Category | UnsetType | None = UNSET
    sku_id: SkuId | UnsetType | None = UNSET
    min_days: MinDays | UnsetType | None = UNSET
    min_percent: MinPercent | UnsetType | None = UNSET
    transit_days: TransitDays | UnsetType = UNSET


class ChannelChange(Body):
    """The members of a channel to change. The lists of warehouses and of rules are replaced as a whole."""

    sample: ClassVar[Json | None] = {"warehouses": ["WH-01"], "pricing": "list"}

    channel_id: ChannelId | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    pricing: Literal["list", "channel"] | UnsetType = UNSET
    hold_share_max: HoldShare | UnsetType = UNSET
    unpaid_minutes: UnpaidMinutes | UnsetType = UNSET
    region_id: RegionDraft | UnsetType = UNSET
    warehouses: Annotated[list[WarehouseId], Meta(max_length=1000)] | UnsetType = UNSET
    sale_rules: Annotated[list[SaleRuleDraft], Meta(max_length=1000)] | UnsetType = UNSET
    freshness_rules: Annotated[list[FreshnessRuleDraft], Meta(max_length=200)] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class ChannelReplacement(ChannelChange, kw_only=True):
    """A whole channel: missing members get their defaults. Without warehouses it sells nothing."""

    sample: ClassVar[Json | None] = {"name": "Web shop", "kind": "web", "pricing": "list", "warehouses": ["WH-01"]}

    name: Name


class ChannelDraft(ChannelReplacement, kw_only=True):
    """A source of orders, and the warehouses that serve it, in order of preference."""

    sample: ClassVar[Json | None] = {
        "channel_id": "web",
        "name": "Web shop",
        "kind": "web",
        "pricing": "list",
        "warehouses": ["WH-01"],
    }

    channel_id: ChannelId


class ReasonCodeChange(Body):
    """The members of a reason code to change."""

    sample: ClassVar[Json | None] = {"note_required": True}

    reason_code: ReasonDraft | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    direction: Direction | UnsetType = UNSET
    takes: Takes | UnsetType = UNSET
    note_required: bool | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class ReasonCodeReplacement(ReasonCodeChange, kw_only=True):
    """A whole reason code."""

    sample: ClassVar[Json | None] = {"description": "Eaten by mice", "direction": "out"}

    description: Description
    direction: Direction


class ReasonCodeDraft(ReasonCodeReplacement, kw_only=True):
    """A reason to change stock by hand, and whether it lets units come in or go out."""

    sample: ClassVar[Json | None] = {"reason_code": "mice", "description": "Eaten by mice", "direction": "out"}

    reason_code: ReasonDraft


PackagingId = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)", description="A packaging.", examples=["HOTSAUCE-001-CASE"])
]
Weight = Annotated[int, Meta(ge=1, le=2_000_000_000, description="Grams, when packed.", examples=[4200])]


class PackagingChange(Body):
    """The members of a packaging to change. Its SKU and its units stay: a new size of the case is a new packaging."""

    sample: ClassVar[Json | None] = {"weight_g": 4250}

    packaging_id: PackagingId | UnsetType = UNSET
    sku_id: SkuId | UnsetType = UNSET
    name: PackagingName | UnsetType = UNSET
    units: Annotated[int, Meta(ge=1, le=1_000_000, description="Units of the SKU in it.", examples=[12])] | UnsetType = UNSET
    gtin: (
        Annotated[
            str,
            Meta(
                pattern=r"^([0-9]{8}|[0-9]{12,14})$(?!\n)",
                description="GTIN-8, UPC-A, EAN-13 or GTIN-14, with its check digit. Kept with 14 digits.",
                examples=["10360000291455"],
            ),
        ]
        | UnsetType
        | None
    ) = UNSET
    weight_g: Weight | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class PackagingReplacement(PackagingChange, kw_only=True):
    """A whole packaging: missing members get their defaults. A new one needs sku_id and units."""

    sample: ClassVar[Json | None] = {"sku_id": "HOTSAUCE-001", "name": "case", "units": 12, "gtin": "10360000291455"}

    name: PackagingName


class PackagingDraft(PackagingReplacement, kw_only=True):
    """How units of a SKU are packed. units 1: the unit itself, such as a bottle with its EAN."""

    sample: ClassVar[Json | None] = {
        "packaging_id": "HOTSAUCE-001-CASE",
        "sku_id": "HOTSAUCE-001",
        "name": "case",
        "units": 12,
        "gtin": "10360000291455",
        "weight_g": 4200,
    }

    packaging_id: PackagingId


class RegionQuery(PageQuery):
    q: Words | UnsetType = UNSET


class CatalogQuery(RegionQuery):
    active: bool | UnsetType = UNSET


class ChannelQuery(CatalogQuery):
    kind: Kind | UnsetType = UNSET


class PackagingQuery(CatalogQuery):
    sku_id: SkuId | UnsetType = UNSET


class ReasonCodeQuery(CatalogQuery):
    direction: Direction | UnsetType = UNSET


Active = Annotated[bool, Meta(description="False: retired, kept because other records refer to it.", examples=[True])]


class Component(Answer):
    """A component of a bundle."""

    sku_id: values.Sku
    quantity: Annotated[int, Meta(ge=1, description="Units per bundle.", examples=[2])]


class SkuPackaging(Answer):
    """A packaging of a SKU."""

    packaging_id: PackagingId
    name: PackagingName
    units: PackedUnits
    gtin: Gtin | None
    weight_g: Weight | None


class Packaging(SkuPackaging):
    """How units of a SKU are packed: a case of 12, or the unit itself (units 1). Stock is always counted in units."""

    sku_id: values.Sku
    active: Active
    version: Version
    created_at: Moment
    updated_at: Moment


class Sku(Answer):
    """A SKU of the catalog. price null: no list price."""

    sku_id: values.Sku
    name: SkuName
    description: Prose
    size_ml: Milliliters | None
    flavor_profile: Flavors
    price: Amount | None
    currency: Currency
    reorder_point: Annotated[Units, Meta(examples=[20])]
    attributes: Attributes
    components: Annotated[list[Component], Meta(description="What a bundle is made of. Empty: no bundle.", examples=[[]])]
    packagings: Annotated[list[SkuPackaging], Meta(description="How its units are packed, without retired ones.", examples=[[]])]
    active: Active
    version: Version
    created_at: Moment
    updated_at: Moment


class SaleRule(Answer):
    """The rule for an order that finds too few units of a SKU. sku_id null: for every SKU without a rule of its own."""

    sku_id: values.Sku | None
    mode: Annotated[SaleMode, Meta(description="Without a rule: refuse.", examples=["backorder"])]
    units_max: WaitingMax | None
    priority: SalePriority
    ships_on: ShipsOn | None


class FreshnessRule(Answer):
    """How long units must still be for sale when they arrive. The most specific rule applies."""

    customer_group: CustomerGroup | None
    category: Category | None
    sku_id: values.Sku | None
    min_days: MinDays | None
    min_percent: MinPercent | None
    transit_days: TransitDays


class Channel(Answer):
    """A source of orders, and the warehouses that serve it, in order of preference."""

    channel_id: values.Channel
    name: Annotated[str, Meta(examples=["Web shop"])]
    kind: Literal["web", "pos", "marketplace", "wholesale"]
    pricing: Literal["list", "channel"]
    hold_share_max: Annotated[
        int, Meta(description="Percent of a SKU's units that one client may reserve; 100: no limit.", examples=[100])
    ]
    unpaid_minutes: UnpaidMinutes
    region_id: values.Region
    warehouses: list[values.Warehouse]
    sale_rules: list[SaleRule]
    freshness_rules: list[FreshnessRule]
    active: Active
    version: Version
    created_at: Moment
    updated_at: Moment


class Warehouse(Answer):
    """A location that keeps stock. time_zone says when its days begin, and until when a lot is sold; null: that of the region."""

    warehouse_id: values.Warehouse
    name: Annotated[str, Meta(examples=["Main warehouse"])]
    region_id: values.Region
    time_zone: TimeZone | None
    scan_required: Annotated[bool, Meta(description="A parcel that leaves it names the lot of every item.", examples=[False])]
    active: Active
    version: Version
    created_at: Moment
    updated_at: Moment


class Region(Answer):
    """A group of warehouses that serve orders together. Its time zone says when a day of orders begins, and a day of stock in
    each warehouse without a time zone of its own."""

    region_id: values.Region
    name: Annotated[str, Meta(examples=["Main"])]
    time_zone: TimeZone
    expiry_notice_days: Annotated[
        Units, Meta(description="A lot is announced as expiring this many days before its last day of sale.", examples=[30])
    ]
    backdating_days_max: Annotated[
        Units, Meta(description="How far in the past others than admins may place orders or receive goods.", examples=[1096])
    ]
    version: Version


class ReasonCode(Answer):
    """A reason to change stock by hand, and whether it lets units come in or go out."""

    reason_code: values.Reason
    description: Annotated[str, Meta(examples=["Damaged"])]
    direction: Annotated[
        Literal["in", "out", "both", "pick"],
        Meta(description="pick: it changes no stock, and says why a picker passed a lot over.", examples=["out"]),
    ]
    takes: Takes
    note_required: Annotated[bool, Meta(description="A change with this code needs a note.", examples=[False])]
    active: Active
    version: Version


class SkuPage(Page):
    """A page of SKUs, by ID."""

    data: list[Sku]


class WarehousePage(Page):
    """A page of warehouses, by ID."""

    data: list[Warehouse]


class RegionPage(Page):
    """A page of regions, by ID."""

    data: list[Region]


class ChannelPage(Page):
    """A page of sales channels, by ID."""

    data: list[Channel]


class PackagingPage(Page):
    """A page of packagings, by ID."""

    data: list[Packaging]


class ReasonCodePage(Page):
    """A page of reason codes."""

    data: list[ReasonCode]


class Part(NamedTuple):
    """One table of the catalog. Its functions are list_<names>, get_<name> and save_<names>."""

    tag: str
    description: str
    variable: PathVariable
    name: str
    names: str
    one: str
    many: str
    answer: type[Answer]
    page: type[Page]
    query: type[PageQuery]
    draft: type[Body]
    replacement: type[Body]
    change: type[Body]
    missing: str = "SK001"
    others: tuple[Route, ...] = ()
    variables: tuple[PathVariable, ...] = ()

    def noun(self) -> Noun:
        return Noun(self.tag, self.description, (*self.routes(), *self.others), (self.variable, *self.variables))

    def routes(self) -> tuple[Route, ...]:
        path, save = f"/v1/{self.tag}", f"save_{self.names}"
        item = f"{path}/{{{self.variable.name}}}"
        return (
            Route(
                method="GET",
                path=path,
                endpoint=read_page,
                summary=f"List {self.many}",
                function=f"list_{self.names}",
                answer=self.page,
                query=self.query,
            ),
            Route(
                method="POST",
                path=path,
                endpoint=write,
                summary=f"Create or change {self.one}, or a list of them",
                description="Missing members stay unchanged. 201 if it was created, 200 if it existed.",
                function=save,
                answer=self.answer,
                query=WriteQuery,
                body=self.draft,
                many=True,
                never=(self.missing, "SK002", "SK003", "ST009"),
                status=201,
                upserts=True,
                location=item,
                versioned=True,
            ),
            Route(
                method="GET",
                path=item,
                endpoint=read_document,
                summary=f"Read {self.one}",
                function=f"get_{self.name}",
                answer=self.answer,
            ),
            Route(
                method="PUT",
                path=item,
                endpoint=change,
                summary=f"Create {self.one}, or replace it whole",
                description="Replacing needs If-Match (428 without it). If-None-Match: * only creates (412 if it exists). The "
                "document can be sent back as it was read: members that cannot be set are ignored if they are unchanged.",
                function=save,
                answer=self.answer,
                query=WriteQuery,
                body=self.replacement,
                mode="put",
                never=(self.missing,),
                status=201,
                upserts=True,
                location=item,
                versioned=True,
                operation=f"replace_{self.name}",
            ),
            Route(
                method="PATCH",
                path=item,
                endpoint=change,
                summary=f"Change {self.one}",
                description="A merge patch (RFC 7396): missing members stay unchanged; null removes an optional one.",
                function=save,
                answer=self.answer,
                query=WriteQuery,
                body=self.change,
                mode="patch",
                never=("SK002", "SK003"),
                versioned=True,
                operation=f"change_{self.name}",
            ),
            Route(
                method="DELETE",
                path=item,
                endpoint=change,
                summary=f"Retire {self.one}",
                description="It stays in existing records, with active false, but cannot be used in new ones. Can be repeated.",
                function=save,
                answer=self.answer,
                roles=("admin",),
                query=WriteQuery,
                mode="retire",
                never=("KT001", "KT002", "PK001", "PK002", "SK002", "SK003", "SK005", "ST003"),
                versioned=True,
                operation=f"retire_{self.name}",
            ),
        )


PARTS = (
    Part(
        "skus",
        "The catalog of products.",
        SKU_ID,
        *("sku", "skus", "a SKU", "SKUs"),
        answer=Sku,
        page=SkuPage,
        query=CatalogQuery,
        draft=SkuDraft,
        replacement=SkuReplacement,
        change=SkuChange,
        missing="ST010",
    ),
    Part(
        "warehouses",
        "Locations that keep stock.",
        PathVariable("warehouse_id", "The warehouse.", "WH-01"),
        *("warehouse", "warehouses", "a warehouse", "warehouses"),
        answer=Warehouse,
        page=WarehousePage,
        query=CatalogQuery,
        draft=WarehouseDraft,
        replacement=WarehouseReplacement,
        change=WarehouseChange,
    ),
    Part(
        "channels",
        "Sources of orders, and the warehouses that serve them.",
        PathVariable("channel_id", "The sales channel.", "web"),
        *("channel", "channels", "a channel", "channels"),
        answer=Channel,
        page=ChannelPage,
        query=ChannelQuery,
        draft=ChannelDraft,
        replacement=ChannelReplacement,
        change=ChannelChange,
        others=(
            Route(
                method="GET",
                path="/v1/channels/{channel_id}/orders/{external_id}",
                endpoint=read_document,
                summary="Read an order by its channel and the channel's number",
                description="Encode a slash in the number as %2F.",
                function="get_channel_order",
                answer=OrderWithTimeline,
            ),
        ),
        variables=(PathVariable("external_id", "The channel's number of the order: its external_id.", "ORD-123456"),),
    ),
    Part(
        "packagings",
        "How units of SKUs are packed, and the GTINs on cases and bottles.",
        PathVariable("packaging_id", "The packaging.", "HOTSAUCE-001-CASE"),
        *("packaging", "packagings", "a packaging", "packagings"),
        answer=Packaging,
        page=PackagingPage,
        query=PackagingQuery,
        draft=PackagingDraft,
        replacement=PackagingReplacement,
        change=PackagingChange,
    ),
    Part(
        "reason-codes",
        "Reasons to change stock by hand.",
        PathVariable("reason_code", "The reason code.", "damaged"),
        *("reason_code", "reason_codes", "a reason code", "reason codes"),
        answer=ReasonCode,
        page=ReasonCodePage,
        query=ReasonCodeQuery,
        draft=ReasonCodeDraft,
        replacement=ReasonCodeReplacement,
        change=ReasonCodeChange,
    ),
)
REGIONS = Noun(
    "regions",
    "Groups of warehouses that serve orders together. Migrations create them.",
    (
        Route(
            method="GET",
            path="/v1/regions",
            endpoint=read_page,
            summary="List regions",
            description="Admins see every region, others their own.",
            function="list_regions",
            answer=RegionPage,
            query=RegionQuery,
        ),
        Route(
            method="GET",
            path="/v1/regions/{region_id}",
            endpoint=read_document,
            summary="Read a region",
            function="get_region",
            answer=Region,
        ),
        Route(
            method="PATCH",
            path="/v1/regions/{region_id}",
            endpoint=change,
            summary="Change a region",
            description="A merge patch (RFC 7396). A new time zone moves lots in and out of sale, and reports are summed again.",
            function="save_regions",
            answer=Region,
            query=WriteQuery,
            body=RegionChange,
            mode="patch",
            versioned=True,
            operation="change_region",
        ),
    ),
    (PathVariable("region_id", "The region.", "1"),),
)
NOUNS = (*(part.noun() for part in PARTS), REGIONS)
