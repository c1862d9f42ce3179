create or replace view bi.fact_stock_daily with (security_invoker = true, security_barrier = true) as
select d.region_id, d.warehouse_id, d.sku_id, d.day_on, d.on_hand, d.available, d.reserved, d.committed, d.unavailable,
       d.safety_stock, d.on_hand - d.net as opening_on_hand, d.received as units_received, d.shipped as units_shipped,
       d.adjusted_in as units_adjusted_in, d.adjusted_out as units_adjusted_out
  from analytics.stock_days d;

comment on view bi.fact_stock_daily is
  'One row per warehouse, SKU and day (of the warehouse) since its first movement: the units at the end of the day (today: so far), and the '
  'units that went in and out on it. As old as the rollup stock in bi.freshness.';
comment on column bi.fact_stock_daily.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.fact_stock_daily.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.fact_stock_daily.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.fact_stock_daily.day_on is 'The day; joins dim_date.';
comment on column bi.fact_stock_daily.on_hand is 'Units on hand when the day ended.';
comment on column bi.fact_stock_daily.available is 'Units available for sale when the day ended.';
comment on column bi.fact_stock_daily.reserved is 'Units in reservations when the day ended.';
comment on column bi.fact_stock_daily.committed is 'Units on open orders when the day ended.';
comment on column bi.fact_stock_daily.unavailable is 'Units on hand that could not be sold when the day ended.';
comment on column bi.fact_stock_daily.safety_stock is 'Units of safety stock when the day ended.';
comment on column bi.fact_stock_daily.opening_on_hand is 'Units on hand when the day began.';
comment on column bi.fact_stock_daily.units_received is 'Units received on the day.';
comment on column bi.fact_stock_daily.units_shipped is 'Units shipped for orders on the day.';
comment on column bi.fact_stock_daily.units_adjusted_in is 'Units that adjustments and counts added on the day.';
comment on column bi.fact_stock_daily.units_adjusted_out is 'Units that adjustments and counts removed on the day.';
grant select on bi.fact_stock_daily to bi_reader;
