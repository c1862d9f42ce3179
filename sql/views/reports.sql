-- The reports that /v1/analytics serves: one element per report, in the order of their paths. A report is a view of schema bi
-- plus this description; api.read_report reads it, and pyapp/api/analytics.py makes its route, parameters and schemas.
--
-- report, row, page: the last part of the path, and the schema names of a row and of a page.
-- members: the members of a row, as columns of the view. Their types are in columns.txt. The comments on the columns explain them
--   and say where they can be null; `about` adds an example, limits, the allowed values.
-- keys: the columns that order the rows and identify each of them. A null comes last.
-- filters: columns, each with the parameter that it is compared with. A month is any day of it.
-- sums, shares: for a report with fewer rows than its view: the columns that are summed over the other rows, and the columns that
--   are one sum divided by another.
create or replace view analytics.reports with (security_invoker = true) as
select r.report, r.view, r.summary, r.says, r.members, r.keys, r.filters, r.sums, r.shares
  from jsonb_to_recordset($json$[
{ "report": "turnover", "view": "inventory_turnover", "row": "Turnover", "page": "TurnoverPage",
  "summary": "How often stock is shipped, by month",
  "says": "How often the average stock of a SKU in a warehouse was shipped in a month.",
  "order": "The latest month first; within a month, the most shipped SKU first.",
  "members": ["month_on as month", "warehouse_id as warehouse_location", "sku_id", "sku_name as name", "days", "units_shipped",
              "average_on_hand", "turnover", "turnover_annualized"],
  "keys": ["month_on desc", "units_shipped desc", "warehouse_id", "sku_id"],
  "filters": ["month_on = month", "sku_id = sku_id", "warehouse_id = warehouse"],
  "about": {"days": {"minimum": 1, "example": 30}, "units_shipped": {"minimum": 0, "example": 42},
            "average_on_hand": {"minimum": 0, "example": 351.5}, "turnover": {"example": 0.1195},
            "turnover_annualized": {"example": 1.4538}}},
{ "report": "sell-through", "view": "sell_through", "row": "SellThrough", "page": "SellThroughPage",
  "summary": "Which share of the sellable units is shipped, by month",
  "says": "The share of the sellable units of a SKU in a warehouse that was shipped in a month.",
  "order": "The latest month first; within a month, the most shipped SKU first.",
  "members": ["month_on as month", "warehouse_id as warehouse_location", "sku_id", "sku_name as name", "opening_on_hand",
              "units_received", "units_shipped", "closing_on_hand", "sell_through"],
  "keys": ["month_on desc", "units_shipped desc", "warehouse_id", "sku_id"],
  "filters": ["month_on = month", "sku_id = sku_id", "warehouse_id = warehouse"],
  "about": {"opening_on_hand": {"example": 300}, "units_received": {"minimum": 0, "example": 120},
            "units_shipped": {"minimum": 0, "example": 42}, "closing_on_hand": {"example": 378}, "sell_through": {"example": 0.1}}},
{ "report": "stockouts", "view": "stockouts", "row": "Stockout", "page": "StockoutPage",
  "summary": "When and where SKUs were out of stock",
  "says": "Consecutive days that each ended without an available unit of a SKU in a warehouse.",
  "order": "The latest stockout first.",
  "members": ["warehouse_id as warehouse_location", "sku_id", "sku_name as name", "started_on", "ended_on", "days",
              "is_open as open"],
  "keys": ["started_on desc", "warehouse_id", "sku_id"],
  "filters": ["is_open = open", "sku_id = sku_id", "warehouse_id = warehouse"],
  "about": {"started_on": {"example": "2026-11-03"}, "ended_on": {"example": "2026-11-07"}, "days": {"minimum": 1, "example": 5},
            "open": {"example": false, "asks": "Only stockouts that continue; false: only those that are over."}}},
{ "report": "refused-demand", "view": "refused_demand", "row": "RefusedDemand", "page": "RefusedDemandPage",
  "summary": "What customers wanted and did not get",
  "says": "Orders and reservations that were refused for lack of a SKU in a channel on a day.",
  "order": "The latest day first; within a day, the most wanted units first.",
  "members": ["refused_on as day", "channel_id as channel", "sku_id", "sku_name as name", "refusals", "units"],
  "keys": ["refused_on desc", "units desc", "channel_id", "sku_id"],
  "filters": ["refused_on = day", "channel_id = channel", "sku_id = sku_id"],
  "about": {"day": {"example": "2026-11-03"}, "refusals": {"minimum": 1, "example": 12}, "units": {"minimum": 1, "example": 30}}},
{ "report": "fulfillment", "view": "fulfillment_lead_time", "row": "LeadTime", "page": "LeadTimePage",
  "summary": "How long parcels take, by month",
  "says": "Hours from order to parcel, for the orders placed in a month.",
  "order": "The latest month first.",
  "members": ["month_on as month", "channel_id as channel", "warehouse_id as warehouse_location", "parcels", "average_hours",
              "median_hours", "p90_hours", "hours_max as max_hours"],
  "keys": ["month_on desc", "channel_id", "warehouse_id"],
  "filters": ["month_on = month", "channel_id = channel", "warehouse_id = warehouse"],
  "about": {"parcels": {"minimum": 1, "example": 310}, "average_hours": {"minimum": 0, "example": 21.38},
            "median_hours": {"minimum": 0, "example": 26}, "p90_hours": {"minimum": 0, "example": 26},
            "max_hours": {"minimum": 0, "example": 26}}},
{ "report": "expiring", "view": "expiring_lots", "row": "ExpiringBatch", "page": "ExpiringPage",
  "summary": "Lots that expire within 90 days, or have expired",
  "says": "A lot in a warehouse that expires soon or has expired.",
  "order": "The earliest expiration date first.",
  "members": ["warehouse_id as warehouse_location", "sku_id", "sku_name as name", "batch_number", "batch_status as status",
              "expiration_date", "days_left", "on_hand as stock", "value", "currency"],
  "keys": ["expiration_date", "warehouse_id", "batch_id"],
  "filters": ["days_left <= within_days", "sku_id = sku_id", "warehouse_id = warehouse"],
  "about": {"expiration_date": {"example": "2035-04-30"}, "days_left": {"example": 12}, "stock": {"minimum": 0, "example": 29},
            "value": {"minimum": 0, "example": 86.71},
            "within_days": {"minimum": 0, "maximum": 90, "asks": "Only lots whose last day of sale is at most this many days away."}}},
{ "report": "fill-rate", "view": "fill_rate", "row": "FillRate", "page": "FillRatePage",
  "summary": "Which share of the promised units is shipped, by month",
  "says": "The share of the units promised to customers that was shipped, for the orders placed in a month.",
  "order": "The latest month first.",
  "members": ["month_on as month", "channel_id as channel", "warehouse_id as warehouse_location", "units_ordered", "units_shipped",
              "units_withdrawn", "units_open", "fill_rate"],
  "keys": ["month_on desc", "channel_id", "warehouse_id"],
  "filters": ["month_on = month", "channel_id = channel", "warehouse_id = warehouse", "sku_id = sku_id"],
  "sums": ["units_ordered", "units_shipped", "units_withdrawn", "units_open"],
  "shares": {"fill_rate": ["units_shipped", "units_ordered"]},
  "about": {"units_ordered": {"minimum": 0, "example": 60}, "units_shipped": {"minimum": 0, "example": 54},
            "units_withdrawn": {"minimum": 0, "example": 2}, "units_open": {"minimum": 0, "example": 4},
            "fill_rate": {"example": 0.9}}},
{ "report": "cover", "view": "days_of_cover", "row": "Cover", "page": "CoverPage",
  "summary": "How many days the available units last",
  "says": "How long the available units of a SKU in a warehouse last.",
  "order": "The SKU that runs out first comes first.",
  "members": ["warehouse_id as warehouse_location", "sku_id", "sku_name as name", "available", "days", "units_shipped",
              "units_per_day", "days_of_cover"],
  "keys": ["days_of_cover", "warehouse_id", "sku_id"],
  "filters": ["sku_id = sku_id", "warehouse_id = warehouse"],
  "about": {"available": {"example": 70}, "days": {"minimum": 0, "example": 28}, "units_shipped": {"minimum": 0, "example": 14},
            "units_per_day": {"example": 0.5}, "days_of_cover": {"example": 140.0}}},
{ "report": "abc", "view": "abc_xyz", "row": "Abc", "page": "AbcPage",
  "summary": "Which SKUs bring the revenue, and how evenly they sell",
  "says": "The revenue of a SKU in the last 91 complete days, and how evenly it sold.",
  "order": "The highest revenue first.",
  "members": ["sku_id", "sku_name as name", "currency", "units", "revenue", "revenue_share", "cumulative_share", "abc",
              "units_per_week", "variation", "xyz"],
  "keys": ["revenue desc", "currency", "sku_id"],
  "filters": ["abc = abc", "xyz = xyz", "sku_id = sku_id"],
  "about": {"units": {"example": 120}, "revenue": {"minimum": 0, "example": 1558.8}, "revenue_share": {"example": 0.21},
            "cumulative_share": {"example": 0.55}, "abc": {"values": ["A", "B", "C"], "example": "A"},
            "units_per_week": {"example": 9.2308}, "variation": {"example": 0.4},
            "xyz": {"values": ["X", "Y", "Z"], "example": "X"}}},
{ "report": "patterns", "view": "order_patterns", "row": "Pattern", "page": "PatternPage",
  "summary": "On which weekday and at which hour customers order",
  "says": "Orders placed in one hour of a weekday.",
  "order": "Starts with the first hour of Monday; hours without an order have no row.",
  "members": ["iso_weekday", "hour_of_day", "orders", "units"],
  "keys": ["iso_weekday", "hour_of_day"],
  "filters": ["month_on = month", "channel_id = channel"],
  "sums": ["orders", "units"],
  "about": {"iso_weekday": {"minimum": 1, "maximum": 7, "example": 6}, "hour_of_day": {"minimum": 0, "maximum": 23, "example": 18},
            "orders": {"minimum": 0, "example": 12}, "units": {"minimum": 0, "example": 20}}}
]$json$) as r (report text, view text, summary text, says text, members text[], keys text[], filters text[], sums text[], shares jsonb);

comment on view analytics.reports is 'One row per report: which view of schema bi it reads, and how.';
comment on column analytics.reports.report is 'Its name: GET /v1/analytics/<report>, api.read_report(p_report => ...).';
comment on column analytics.reports.view is 'The view of schema bi. Roles that may read it may read the report.';
comment on column analytics.reports.summary is 'The question that it answers.';
comment on column analytics.reports.says is 'What one row means.';
comment on column analytics.reports.members is 'The members of a row: column, or column as member.';
comment on column analytics.reports.keys is 'The columns that order the rows, some with desc.';
comment on column analytics.reports.filters is 'Column, comparison, filter.';
comment on column analytics.reports.sums is 'Columns that are summed over the columns without a member; null: the rows are those of the view.';
comment on column analytics.reports.shares is 'Columns that are recomputed after that: the two sums of each, one divided by the other.';
grant select on analytics.reports to admin, warehouse, sales;
