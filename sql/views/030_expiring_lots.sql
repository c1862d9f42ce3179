create or replace view bi.expiring_lots with (security_invoker = true, security_barrier = true) as
select v.region_id, v.warehouse_id, v.sku_id, s.name as sku_name, t.lot_id as batch_id, t.batch_number, t.expiration_date,
       t.expiration_date - d.today as days_left, stock.lot_status(t.status, t.expiration_date, d.today) as batch_status,
       v.on_hand::bigint as on_hand, (v.on_hand * s.price)::numeric(20, 4) as value, s.currency
  from stock.lot_levels v
  join stock.lots t on t.region_id = v.region_id and t.lot_id = v.lot_id
  join catalog.skus s on s.sku_id = v.sku_id
  join catalog.zones() z on z.warehouse_id = v.warehouse_id
 cross join lateral (select timezone(z.time_zone, app.now())::date) d (today)
 where v.on_hand > 0 and t.expiration_date <= d.today + 90;

comment on view bi.expiring_lots is
  'One row per warehouse and lot on hand whose last day of sale is within the next 90 days (in the time zone of the warehouse) or has '
  'passed. Live.';
comment on column bi.expiring_lots.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.expiring_lots.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.expiring_lots.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.expiring_lots.sku_name is 'The name of the product.';
comment on column bi.expiring_lots.batch_id is 'The lot.';
comment on column bi.expiring_lots.batch_number is 'The number of the lot.';
comment on column bi.expiring_lots.expiration_date is 'The last day of sale.';
comment on column bi.expiring_lots.days_left is 'Days until then; 0 on that day, negative afterwards.';
comment on column bi.expiring_lots.batch_status is
  'available, on_hold, quarantined, recalled, damaged, destroyed; expired if an available lot is past its last day.';
comment on column bi.expiring_lots.on_hand is 'Units on hand.';
comment on column bi.expiring_lots.value is 'on_hand at the current list price; null where the SKU has none.';
comment on column bi.expiring_lots.currency is 'ISO 4217 code of the amounts.';
grant select on bi.expiring_lots to bi_reader, admin, warehouse, sales;
