"""The ready answers of schema bi, computed by pandas from the comments of the views, not from their SQL.

`Facts` come from the tables of a database (`read`) or from a file of orders (tests/sql/bi/trade.py). Every time is a Timestamp of
UTC without a time zone; days and months are those of the region for orders, of the warehouse for stock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.lazy import imported_at_first_use

np = imported_at_first_use("numpy")
pd = imported_at_first_use("pandas")
LOSSES = ("damaged", "expired", "recalled", "scrapped", "shrinkage")
COUNTERS = ["on_hand", "reserved", "committed", "unavailable", "safety_stock"]
LEVEL = ["warehouse_id", "sku_id"]
Frame = Any  # pandas has no types here


@dataclass
class Facts:
    """The facts until `now`. `skus`: sku_id, price, currency."""

    now: Any
    skus: Frame
    orders: Frame  # order_no, channel_id, placed_at, currency, customer, canceled, shipped
    lines: Frame  # order_no, sku_id, quantity, price
    allocations: Frame  # order_no, warehouse_id, sku_id, ordered, shipped, withdrawn
    parcels: Frame  # order_no, channel_id, warehouse_id, shipped_at
    movements: Frame  # warehouse_id, sku_id, occurred_at, kind, batch_number, reason_code, and the counters
    batches: Frame  # warehouse_id, sku_id, batch_number, on_hand, expiration_date
    zone: str = "UTC"  # of the region
    zones: dict[str, str] = field(default_factory=dict)  # of each warehouse that has its own

    @property
    def today(self) -> Any:
        """Of the region."""
        return self.day(self.now, self.zone)

    def zone_of(self, warehouse: str) -> str:
        return self.zones.get(warehouse, self.zone)

    def today_of(self, warehouses: Frame) -> Frame:
        """The day in each of these warehouses."""
        return pd.to_datetime(warehouses.map(lambda warehouse: self.day(self.now, self.zone_of(warehouse))))

    @staticmethod
    def day(moment: Any, zone: str) -> Any:
        return moment.tz_localize("UTC").tz_convert(zone).tz_localize(None).normalize()

    def clocks(self, moments: Frame) -> Frame:
        """What the clocks of the region show at these moments."""
        return moments.dt.tz_localize("UTC").dt.tz_convert(self.zone).dt.tz_localize(None)

    def days(self, warehouses: Frame, moments: Frame) -> Frame:
        """The day of each moment in its warehouse."""
        pairs = zip(warehouses, moments, strict=True)
        return pd.Series([self.day(moment, self.zone_of(warehouse)) for warehouse, moment in pairs], index=moments.index)


TABLES = {
    "skus": "select sku_id, price::float8, currency from catalog.skus",
    "orders": "select order_id as order_no, channel_id, placed_at at time zone 'UTC' as placed_at, currency,"
    " customer_pseudonym::text as customer, status = 'canceled' as canceled, fulfillment_status = 'fulfilled' as shipped"
    " from orders.orders",
    "lines": "select order_id as order_no, sku_id, quantity, price::float8 from orders.order_lines",
    "allocations": "select order_id as order_no, warehouse_id, sku_id, quantity as ordered, fulfilled_quantity as shipped,"
    " released_quantity as withdrawn from orders.order_allocations",
    "parcels": "select order_id as order_no, channel_id, warehouse_id, shipped_at at time zone 'UTC' as shipped_at"
    " from orders.fulfillments where canceled_at is null",
    "movements": "select warehouse_id, sku_id, occurred_at at time zone 'UTC' as occurred_at, kind, batch_number, reason_code,"
    " on_hand_delta as on_hand, reserved_delta as reserved, committed_delta as committed, unavailable_delta as unavailable,"
    " safety_stock_delta as safety_stock, shortfall_delta as shortfall"
    " from stock.stock_movements left join stock.lots using (region_id, sku_id, lot_id)",
    "batches": "select warehouse_id, v.sku_id, batch_number, on_hand, expiration_date::timestamp as expiration_date"
    " from stock.lot_levels v join stock.lots using (region_id, lot_id) where on_hand > 0",
}


def read(connection: psycopg.Connection[Any], now: Any = None) -> Facts:
    """The facts of a database, as its owner."""

    def frame(query: str) -> Frame:
        cursor = connection.execute(query.encode())
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])

    frames = {name: frame(query) for name, query in TABLES.items()}
    zones = frame("select warehouse_id, time_zone from catalog.warehouses where time_zone is not null")
    return Facts(
        now=now or frame("select now() at time zone 'UTC' as now").loc[0, "now"],
        zone=frame("select time_zone from catalog.regions").loc[0, "time_zone"],
        zones=dict(zip(zones["warehouse_id"], zones["time_zone"], strict=True)),
        **frames,
    )


def month(moments: Frame) -> Frame:
    return moments.dt.to_period("M").dt.start_time


def stock_daily(facts: Facts) -> Frame:
    """Each level on each day from its first movement to today."""
    moved = facts.movements.assign(
        day_on=facts.days(facts.movements["warehouse_id"], facts.movements["occurred_at"]),
        units_received=lambda m: m["on_hand"].where(m["kind"] == "receipt", 0),
        units_shipped=lambda m: -m["on_hand"].where(m["kind"].isin(["fulfill", "unfulfill"]), 0),
        by_hand=lambda m: m["on_hand"].where(m["kind"].isin(["adjustment", "count"]), 0),
    ).assign(units_adjusted_in=lambda m: m["by_hand"].clip(lower=0), units_adjusted_out=lambda m: -m["by_hand"].clip(upper=0))
    flows = ["units_received", "units_shipped", "units_adjusted_in", "units_adjusted_out"]
    changed = moved.groupby([*LEVEL, "day_on"])[COUNTERS + flows].sum()
    parts = []
    for level, days in changed.groupby(level=LEVEL):
        span = pd.date_range(days.index.get_level_values("day_on")[0], facts.day(facts.now, facts.zone_of(level[0])))
        part = days.droplevel(LEVEL).reindex(span, fill_value=0)
        part["opening_on_hand"] = part["on_hand"].cumsum() - part["on_hand"]
        part[COUNTERS] = part[COUNTERS].cumsum()
        parts.append(part.rename_axis("day_on").reset_index().assign(warehouse_id=level[0], sku_id=level[1]))
    daily = pd.concat(parts, ignore_index=True)
    daily["available"] = daily["on_hand"] - daily[COUNTERS[1:]].sum(axis=1)
    return daily


def inventory_turnover(daily: Frame) -> Frame:
    by = daily.assign(month_on=month(daily["day_on"])).groupby(["month_on", *LEVEL])
    found = by.agg(days=("day_on", "size"), units_shipped=("units_shipped", "sum"), average_on_hand=("on_hand", "mean"))
    found["turnover"] = found["units_shipped"] / found["average_on_hand"].replace(0, np.nan)
    found["turnover_annualized"] = found["turnover"] * 365 / found["days"]
    return found.reset_index()


def sell_through(daily: Frame) -> Frame:
    daily = daily.assign(month_on=month(daily["day_on"])).sort_values("day_on")
    daily["opening_on_hand"] = daily["opening_on_hand"].where(daily["day_on"] == daily["month_on"], 0)
    found = daily.groupby(["month_on", *LEVEL]).agg(
        opening_on_hand=("opening_on_hand", "sum"), units_received=("units_received", "sum"),
        units_shipped=("units_shipped", "sum"), closing_on_hand=("on_hand", "last"),
    )  # fmt: skip
    found["sell_through"] = found["units_shipped"] / (found["opening_on_hand"] + found["units_received"]).replace(0, np.nan)
    return found.reset_index()


def days_of_cover(facts: Facts, daily: Frame) -> Frame:
    level = facts.movements.groupby(LEVEL)[[*COUNTERS, "shortfall"]].sum()
    today = facts.today_of(daily["warehouse_id"])
    recent = daily[(daily["day_on"] >= today - pd.Timedelta(days=28)) & (daily["day_on"] < today)]
    pace = recent.groupby(LEVEL).agg(days=("day_on", "size"), units_shipped=("units_shipped", "sum"))
    found = pace.reindex(level.index)
    found["units_per_day"] = found["units_shipped"] / found["days"]
    found["available"] = level["on_hand"] - level[COUNTERS[1:]].sum(axis=1)
    found["shortfall"] = level["shortfall"]
    found["days_of_cover"] = found["available"] / found["units_per_day"].replace(0, np.nan)
    found[["days", "units_shipped"]] = found[["days", "units_shipped"]].fillna(0)
    return found.reset_index()


def stockouts(facts: Facts, daily: Frame) -> Frame:
    out = daily[daily["available"] <= 0].sort_values([*LEVEL, "day_on"])
    spell = (out.groupby(LEVEL)["day_on"].diff() != pd.Timedelta(days=1)).cumsum()
    found = out.groupby([*LEVEL, spell.rename("spell")])["day_on"].agg(started_on="min", last="max", days="size").reset_index()
    found["is_over"] = found["last"] < facts.today_of(found["warehouse_id"])
    found["is_open"] = ~found["is_over"]
    found["ended_on"] = found["last"].where(found["is_over"])
    return found.drop(columns=["spell", "last"])


def fill_rate(facts: Facts) -> Frame:
    sold = facts.allocations.merge(facts.orders[["order_no", "channel_id", "placed_at"]], on="order_no")
    by = sold.assign(month_on=month(facts.clocks(sold["placed_at"]))).groupby(["month_on", "channel_id", *LEVEL])
    found = by.agg(units_ordered=("ordered", "sum"), units_shipped=("shipped", "sum"), units_withdrawn=("withdrawn", "sum"))
    found["units_open"] = found["units_ordered"] - found["units_shipped"] - found["units_withdrawn"]
    found["fill_rate"] = found["units_shipped"] / found["units_ordered"]
    return found.reset_index()


def fulfillment_lead_time(facts: Facts) -> Frame:
    sent = facts.parcels.merge(facts.orders[["order_no", "placed_at"]], on="order_no")
    sent["seconds"] = (sent["shipped_at"] - sent["placed_at"]).dt.total_seconds().clip(lower=0) // 1
    sent["hours"] = sent["seconds"] // 3600

    def place(share: float) -> Any:
        return lambda hours: np.quantile(hours, share, method="inverted_cdf")

    found = sent.groupby([month(facts.clocks(sent["placed_at"])).rename("month_on"), "channel_id", "warehouse_id"]).agg(
        parcels=("hours", "size"), average_hours=("seconds", "mean"), median_hours=("hours", place(0.5)),
        p90_hours=("hours", place(0.9)), hours_max=("hours", "max"),
    )  # fmt: skip
    found["average_hours"] /= 3600
    return found.reset_index()


def expiring_lots(facts: Facts) -> Frame:
    found = facts.batches.merge(facts.skus, on="sku_id")
    found["days_left"] = (found["expiration_date"] - facts.today_of(found["warehouse_id"])).dt.days
    found["value"] = found["on_hand"] * found["price"]
    return found[found["days_left"] <= 90].drop(columns=["price"])


def aging_stock(facts: Facts) -> Frame:
    came = facts.movements[facts.movements["on_hand"] > 0]
    first = came.groupby([*LEVEL, "batch_number"])["occurred_at"].min().rename("first_received_on").reset_index()
    first["first_received_on"] = facts.days(first["warehouse_id"], first["first_received_on"])
    found = facts.batches.merge(facts.skus, on="sku_id").merge(first, on=[*LEVEL, "batch_number"], how="left")
    found["age_days"] = (facts.today_of(found["warehouse_id"]) - found["first_received_on"]).dt.days
    bands = ["0-30", "31-60", "61-90", "91-180", "over 180"]
    found["age_band"] = pd.cut(found["age_days"], [-1, 30, 60, 90, 180, np.inf], labels=bands).astype(object)
    found["value"] = found["on_hand"] * found["price"]
    return found.drop(columns=["price", "expiration_date"])


def abc_xyz(facts: Facts) -> Frame:
    paid = facts.lines.assign(amount=facts.lines["quantity"] * facts.lines["price"]).groupby(["order_no", "sku_id"])
    per_unit = paid.agg(amount=("amount", "sum"), units=("quantity", "sum")).eval("amount / units").rename("unit_price")
    sold = facts.allocations.merge(facts.orders[["order_no", "placed_at", "currency"]], on="order_no")
    sold = sold.merge(per_unit.reset_index(), on=["order_no", "sku_id"], how="left")
    sold["units"] = sold["ordered"] - sold["withdrawn"]
    sold["revenue"] = (sold["unit_price"] * sold["units"]).fillna(0)
    sold["days_ago"] = (facts.today - facts.clocks(sold["placed_at"]).dt.normalize()).dt.days
    sold = sold[(sold["days_ago"] >= 1) & (sold["days_ago"] <= 91)]
    sold["week"] = (sold["days_ago"] - 1) // 7
    weeks = int(sold["week"].max()) + 1
    pace = sold.pivot_table(index=["currency", "sku_id"], columns="week", values="units", aggfunc="sum", fill_value=0)
    pace = pace.reindex(columns=range(weeks), fill_value=0)
    found = sold.groupby(["currency", "sku_id"])[["units", "revenue"]].sum()
    found["units_per_week"] = pace.mean(axis=1)
    found["variation"] = pace.std(axis=1, ddof=0) / found["units_per_week"].replace(0, np.nan)
    found["revenue"] = found["revenue"].round(4)  # equal values tie
    found = found.reset_index().sort_values(["currency", "revenue", "sku_id"], ascending=[True, False, True])
    total = found.groupby("currency")["revenue"].transform("sum")
    found["revenue_share"] = found["revenue"] / total
    found["cumulative_share"] = found.groupby("currency")["revenue"].cumsum() / total
    before = found["cumulative_share"] - found["revenue_share"]
    found["abc"] = np.select([before < 0.8, before < 0.95], ["A", "B"], "C")
    found["xyz"] = np.select([found["variation"] <= 0.5, found["variation"] <= 1], ["X", "Y"], "Z")
    return found


def _with_units(facts: Facts) -> Frame:
    """Orders with their units and money; canceled orders do not count."""
    units = facts.lines.groupby("order_no")["quantity"].sum().rename("units")
    money = facts.lines.assign(revenue=facts.lines["quantity"] * facts.lines["price"]).groupby("order_no")["revenue"].sum()
    orders = facts.orders.join(units, on="order_no").join(money, on="order_no")
    orders.loc[orders["canceled"], ["units", "revenue"]] = 0
    return orders.assign(month_on=month(facts.clocks(orders["placed_at"])))


def order_patterns(facts: Facts) -> Frame:
    orders = _with_units(facts)
    when = facts.clocks(orders["placed_at"]).dt
    orders = orders.assign(iso_weekday=when.isocalendar().day.astype(int), hour_of_day=when.hour)
    by = orders.groupby(["channel_id", "month_on", "iso_weekday", "hour_of_day"])
    return by.agg(orders=("order_no", "size"), units=("units", "sum")).reset_index()


def channel_performance(facts: Facts) -> Frame:
    found = _with_units(facts).groupby(["channel_id", "month_on", "currency"]).agg(
        orders=("order_no", "size"), canceled_orders=("canceled", "sum"), shipped_orders=("shipped", "sum"),
        units=("units", "sum"), revenue=("revenue", "sum"),
    )  # fmt: skip
    kept = (found["orders"] - found["canceled_orders"]).replace(0, np.nan)
    found["average_order_value"] = found["revenue"] / kept
    found["units_per_order"] = found["units"] / kept
    found["cancellation_rate"] = found["canceled_orders"] / found["orders"]
    return found.reset_index()


def shrinkage(facts: Facts) -> Frame:
    by_hand = facts.movements[facts.movements["kind"].isin(["adjustment", "count"]) & (facts.movements["on_hand"] != 0)]
    by = by_hand.assign(
        month_on=month(facts.days(by_hand["warehouse_id"], by_hand["occurred_at"])),
        reason_code=by_hand["reason_code"].fillna("none"),
        units_in=by_hand["on_hand"].clip(lower=0), units_out=-by_hand["on_hand"].clip(upper=0),
    ).groupby(["month_on", *LEVEL, "reason_code"])  # fmt: skip
    found = by[["units_in", "units_out"]].sum().reset_index().merge(facts.skus, on="sku_id")
    found["is_loss"] = found["reason_code"].isin(LOSSES)
    found["units_net"] = found["units_in"] - found["units_out"]
    found["value_net"] = found["units_net"] * found["price"]
    return found.drop(columns=["price"])


def dim_customer(facts: Facts) -> Frame:
    found = facts.orders.groupby("customer").agg(
        first_order_at=("placed_at", "min"), last_order_at=("placed_at", "max"), orders=("order_no", "size"),
        canceled_orders=("canceled", "sum"),
    )  # fmt: skip
    return found.assign(is_returning=found["orders"] > 1, is_erased=False).reset_index(drop=True)  # nobody asked


def compute(facts: Facts) -> dict[str, Frame]:
    """All answers, by the names of their views."""
    daily = stock_daily(facts)
    return {
        "fact_stock_daily": daily,
        "inventory_turnover": inventory_turnover(daily),
        "sell_through": sell_through(daily),
        "days_of_cover": days_of_cover(facts, daily),
        "stockouts": stockouts(facts, daily),
        "fill_rate": fill_rate(facts),
        "fulfillment_lead_time": fulfillment_lead_time(facts),
        "expiring_lots": expiring_lots(facts),
        "aging_stock": aging_stock(facts),
        "abc_xyz": abc_xyz(facts),
        "order_patterns": order_patterns(facts),
        "channel_performance": channel_performance(facts),
        "shrinkage": shrinkage(facts),
        "dim_customer": dim_customer(facts),
    }
