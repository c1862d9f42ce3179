"""Ready answers of schema bi: turnover, sell-through, stockouts, lead times, batches that expire."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from msgspec import Meta

from pyapp.api.stock import BatchStatus
from pyapp.http.fields import (
    Amount,
    Answer,
    BatchNumber,
    Channel,
    Currency,
    ExpirationDate,
    Page,
    Sku,
    SkuName,
    Units,
    Warehouse,
)

MonthOn = Annotated[datetime.date, Meta(description="The first day of the month (of UTC).", examples=["2026-11-01"])]
Shipped = Annotated[Units, Meta(description="Units shipped for orders in the month.", examples=[42])]
Hours = Annotated[int, Meta(ge=0, examples=[26])]


class Turnover(Answer):
    """How often the average stock of a SKU in a warehouse was shipped in a month."""

    month: MonthOn
    warehouse_location: Warehouse
    sku_id: Sku
    name: SkuName
    days: Annotated[int, Meta(ge=1, description="Days of the month on record.", examples=[30])]
    units_shipped: Shipped
    average_on_hand: Annotated[float, Meta(ge=0, description="Mean of the units there at the end of the days.", examples=[351.5])]
    turnover: Annotated[float | None, Meta(description="units_shipped / average_on_hand.", examples=[0.1195])]
    turnover_annualized: Annotated[float | None, Meta(description="turnover * 365 / days.", examples=[1.4538])]


class TurnoverPage(Page):
    """The latest month first; in it, what was shipped most."""

    data: list[Turnover]


class SellThrough(Answer):
    """Which share of what could be sold of a SKU in a warehouse was shipped in a month."""

    month: MonthOn
    warehouse_location: Warehouse
    sku_id: Sku
    name: SkuName
    opening_on_hand: Annotated[int, Meta(description="Units there when the month began.", examples=[300])]
    units_received: Annotated[Units, Meta(description="Units received in the month.", examples=[120])]
    units_shipped: Shipped
    closing_on_hand: Annotated[int, Meta(description="Units there when the month ended; this month: now.", examples=[378])]
    sell_through: Annotated[float | None, Meta(description="units_shipped / (opening_on_hand + units_received).", examples=[0.1])]


class SellThroughPage(Page):
    """The latest month first; in it, what was shipped most."""

    data: list[SellThrough]


class Stockout(Answer):
    """A spell of days that each ended with nothing of a SKU for sale in a warehouse."""

    warehouse_location: Warehouse
    sku_id: Sku
    name: SkuName
    started_on: Annotated[datetime.date, Meta(description="The first of these days.", examples=["2026-11-03"])]
    ended_on: Annotated[datetime.date | None, Meta(description="The last; null while it goes on.", examples=["2026-11-07"])]
    days: Annotated[int, Meta(ge=1, examples=[5])]
    open: Annotated[bool, Meta(description="Whether it goes on.", examples=[False])]


class StockoutPage(Page):
    """The latest spell first."""

    data: list[Stockout]


class LeadTime(Answer):
    """Hours from the order until a parcel of it left, of the orders placed in a month."""

    month: MonthOn
    channel: Channel
    warehouse_location: Warehouse
    parcels: Annotated[int, Meta(ge=1, description="Parcels that left so far.", examples=[310])]
    average_hours: Annotated[float, Meta(ge=0, description="Mean, exact to the second.", examples=[21.38])]
    median_hours: Hours
    p90_hours: Hours
    max_hours: Hours


class LeadTimePage(Page):
    """The latest month first."""

    data: list[LeadTime]


class ExpiringBatch(Answer):
    """A batch that lies in a warehouse and expires soon, or has expired."""

    warehouse_location: Warehouse
    sku_id: Sku
    name: SkuName
    batch_number: BatchNumber
    status: Annotated[BatchStatus, Meta(examples=["available"])]
    expiration_date: ExpirationDate
    days_left: Annotated[int, Meta(description="Below 0 once it has expired.", examples=[12])]
    stock: Annotated[Units, Meta(description="Units that lie there.", examples=[29])]
    value: Annotated[Amount | None, Meta(description="stock at the list price.", examples=[86.71])]
    currency: Currency


class ExpiringPage(Page):
    """The first to expire first."""

    data: list[ExpiringBatch]


class FillRate(Answer):
    """Which share of the units promised to customers was shipped, of the orders placed in a month."""

    month: MonthOn
    channel: Channel
    warehouse_location: Warehouse
    units_ordered: Annotated[Units, Meta(description="Units promised, those withdrawn later too.", examples=[60])]
    units_shipped: Annotated[Units, Meta(description="Units shipped so far.", examples=[54])]
    units_withdrawn: Annotated[Units, Meta(description="Units of canceled and modified orders.", examples=[2])]
    units_open: Annotated[Units, Meta(description="Units that are still to be shipped.", examples=[4])]
    fill_rate: Annotated[float | None, Meta(description="units_shipped / units_ordered.", examples=[0.9])]


class FillRatePage(Page):
    """The latest month first."""

    data: list[FillRate]


class Cover(Answer):
    """How long what is available of a SKU in a warehouse lasts."""

    warehouse_location: Warehouse
    sku_id: Sku
    name: SkuName
    available: Annotated[int, Meta(description="Units that can be sold now.", examples=[70])]
    days: Annotated[int, Meta(ge=0, description="Complete days that the pace was taken from; at most 28.", examples=[28])]
    units_shipped: Annotated[Units, Meta(description="Units shipped on these days.", examples=[14])]
    units_per_day: Annotated[float | None, Meta(description="units_shipped / days.", examples=[0.5])]
    days_of_cover: Annotated[
        float | None, Meta(description="available / units_per_day; null where nothing is shipped.", examples=[140.0])
    ]


class CoverPage(Page):
    """What is gone first comes first."""

    data: list[Cover]


class Abc(Answer):
    """What a SKU brought in the last 91 complete days, and how evenly it sold."""

    sku_id: Sku
    name: SkuName
    currency: Currency
    units: Annotated[int, Meta(description="Units ordered and not withdrawn.", examples=[120])]
    revenue: Annotated[Amount, Meta(examples=[1558.8])]
    revenue_share: Annotated[float | None, Meta(description="Of all revenue in the currency.", examples=[0.21])]
    cumulative_share: Annotated[float | None, Meta(description="With all that bring more.", examples=[0.55])]
    abc: Annotated[Literal["A", "B", "C"], Meta(examples=["A"])]
    units_per_week: Annotated[float, Meta(examples=[9.2308])]
    variation: Annotated[
        float | None, Meta(description="Of the units of the weeks: deviation / mean (X to 0.5, Y to 1, Z).", examples=[0.4])
    ]
    xyz: Annotated[Literal["X", "Y", "Z"], Meta(examples=["X"])]


class AbcPage(Page):
    """What brings most comes first."""

    data: list[Abc]


class Pattern(Answer):
    """Orders that were placed in an hour of a weekday."""

    iso_weekday: Annotated[int, Meta(ge=1, le=7, description="1 is Monday.", examples=[6])]
    hour_of_day: Annotated[int, Meta(ge=0, le=23, description="Of UTC.", examples=[18])]
    orders: Annotated[int, Meta(ge=0, examples=[12])]
    units: Annotated[Units, Meta(description="Units of those not canceled.", examples=[20])]


class PatternPage(Page):
    """Monday's first hour first; hours without an order have no row."""

    data: list[Pattern]
