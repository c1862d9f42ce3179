create or replace view bi.aging_stock with (security_invoker = true, security_barrier = true) as
select v.region_id, v.warehouse_id, v.sku_id, s.name as sku_name, v.lot_id as batch_id, t.batch_number,
       d.first_on as first_received_on,
       d.age as age_days, case when d.age <= 30 then '0-30' when d.age <= 60 then '31-60' when d.age <= 90 then '61-90'
                               when d.age <= 180 then '91-180' when d.age > 180 then 'over 180' end as age_band,
       v.on_hand::bigint as on_hand, (v.on_hand * s.price)::numeric(20, 4) as value, s.currency
  from stock.lot_levels v
  join stock.lots t on t.region_id = v.region_id and t.lot_id = v.lot_id
  join catalog.skus s on s.sku_id = v.sku_id
  left join analytics.lot_receipts r
    on r.region_id = v.region_id and r.warehouse_id = v.warehouse_id and r.sku_id = v.sku_id and r.lot_id = v.lot_id
  join catalog.zones() z on z.warehouse_id = v.warehouse_id
 cross join lateral (
   select timezone(z.time_zone, r.first_received_at)::date as first_on,
          timezone(z.time_zone, app.now())::date - timezone(z.time_zone, r.first_received_at)::date as age) d
 where v.on_hand > 0;

comment on view bi.aging_stock is
  'One row per warehouse and lot on hand: its age. The units are live, the days as old as the rollup stock in '
  'bi.freshness.';
comment on column bi.aging_stock.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.aging_stock.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.aging_stock.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.aging_stock.sku_name is 'The name of the product.';
comment on column bi.aging_stock.batch_id is 'The lot.';
comment on column bi.aging_stock.batch_number is 'The number of the lot.';
comment on column bi.aging_stock.first_received_on is 'The day on which the first units came into the warehouse.';
comment on column bi.aging_stock.age_days is 'Days since then.';
comment on column bi.aging_stock.age_band is '0-30, 31-60, 61-90, 91-180 or over 180 days.';
comment on column bi.aging_stock.on_hand is 'Units on hand.';
comment on column bi.aging_stock.value is 'on_hand at the current list price; null where the SKU has none.';
comment on column bi.aging_stock.currency is 'ISO 4217 code of the amounts.';
grant select on bi.aging_stock to bi_reader;
