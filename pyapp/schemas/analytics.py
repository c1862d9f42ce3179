"""How the ready answers of schema bi are asked for."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.fields import ChannelId, PageQuery, SkuId, WarehouseId

Month = Annotated[datetime.date, Meta(description="Any day of the month (of UTC).")]
WITHIN_DAYS_MAX = 90  # as far as bi.expiring_lots looks


class TurnoverQuery(PageQuery):
    month: Month | UnsetType = UNSET
    sku_id: SkuId | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET


class StockoutQuery(PageQuery):
    open: Annotated[bool, Meta(description="Only those that go on; false: only those that are over.")] | UnsetType = UNSET
    sku_id: SkuId | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET


class FulfillmentQuery(PageQuery):
    month: Month | UnsetType = UNSET
    channel: ChannelId | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET


class ExpiringQuery(PageQuery):
    within_days: (
        Annotated[int, Meta(ge=0, le=WITHIN_DAYS_MAX, description="Last day of sale at most so many days from now.")] | UnsetType
    ) = UNSET
    sku_id: SkuId | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET


class FillRateQuery(FulfillmentQuery):
    sku_id: SkuId | UnsetType = UNSET


class CoverQuery(PageQuery):
    sku_id: SkuId | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET


class AbcQuery(PageQuery):
    abc: Literal["A", "B", "C"] | UnsetType = UNSET
    xyz: Literal["X", "Y", "Z"] | UnsetType = UNSET
    sku_id: SkuId | UnsetType = UNSET


class PatternsQuery(PageQuery):
    month: Month | UnsetType = UNSET
    channel: ChannelId | UnsetType = UNSET
