create or replace view bi.sell_through with (security_invoker = true, security_barrier = true) as
select d.region_id, d.month_on, d.warehouse_id, d.sku_id, s.name as sku_name, d.opening_on_hand, d.units_received, d.units_shipped,
       d.opening_on_hand + d.net as closing_on_hand,
       (d.units_shipped::numeric / nullif(d.opening_on_hand + d.units_received, 0))::numeric(12, 4) as sell_through
  from (select r.region_id, r.month_on, r.warehouse_id, r.sku_id,
               coalesce(sum(r.on_hand - r.net) filter (where r.day_on = r.month_on), 0)::bigint as opening_on_hand,
               sum(r.net)::bigint as net, sum(r.received)::bigint as units_received, sum(r.shipped)::bigint as units_shipped
          from (select a.*, date_trunc('month', a.day_on::timestamp)::date as month_on from analytics.stock_days a) r
         group by 1, 2, 3, 4) d
  join catalog.skus s on s.sku_id = d.sku_id;

comment on view bi.sell_through is
  'One row per warehouse, SKU and month: the share of the sellable units that was shipped. sell_through = units_shipped / '
  '(opening_on_hand + units_received), from 0 to 1, more where adjustments added units. Over several rows, divide '
  'the sums, per month. As old as the rollup stock in bi.freshness.';
comment on column bi.sell_through.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.sell_through.month_on is 'The first day of the month (of the warehouse).';
comment on column bi.sell_through.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.sell_through.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.sell_through.sku_name is 'The name of the product.';
comment on column bi.sell_through.opening_on_hand is 'Units on hand when the month began.';
comment on column bi.sell_through.units_received is 'Units received in the month.';
comment on column bi.sell_through.units_shipped is 'Units shipped for orders in the month.';
comment on column bi.sell_through.closing_on_hand is 'Units on hand when the month ended; in the current month: now.';
comment on column bi.sell_through.sell_through is
  'units_shipped / (opening_on_hand + units_received); null where that is 0.';
grant select on bi.sell_through to bi_reader, admin, warehouse;
