create or replace view bi.freshness with (security_invoker = true, security_barrier = true) as
select r.region_id, r.rollup, r.as_of_at, extract(epoch from now() - r.as_of_at)::numeric(14, 1) as age_seconds
  from analytics.rollups r;

comment on view bi.freshness is 'One row per region and rollup: how old the data of the views is. All other views are live.';
comment on column bi.freshness.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.freshness.rollup is
  'stock: read by fact_stock_daily, inventory_turnover, days_of_cover, sell_through, stockouts, aging_stock and shrinkage; '
  'sales: read by fill_rate, fulfillment_lead_time, abc_xyz, order_patterns and channel_performance.';
comment on column bi.freshness.as_of_at is
  'Everything committed by then is included; null until the worker has caught up once.';
comment on column bi.freshness.age_seconds is 'Seconds since then.';
grant select on bi.freshness to bi_reader, admin;
