create or replace view bi.in_transit with (security_invoker = true, security_barrier = true) as
select n.region_id, n.transfer_id as transfer_no, n.lot_id as batch_id, t.batch_number, n.withheld, n.sku_id,
       n.from_warehouse_id, n.to_warehouse_id, n.in_transit as units, f.shipped_at, timezone(z.time_zone, f.shipped_at)::date as shipped_on, f.expected_on
  from supply.transfer_lots n
  join supply.transfers f on f.region_id = n.region_id and f.transfer_id = n.transfer_id
  join stock.lots t on t.region_id = n.region_id and t.lot_id = n.lot_id
  join catalog.zones() z on z.warehouse_id = n.from_warehouse_id
 where n.in_transit > 0;

comment on view bi.in_transit is
  'One row per transfer, lot and kind of units (withheld or not) of which units are in transit between two warehouses: they left one, and '
  'have not arrived in the other, nor are they lost or taken back. Live. A login of some warehouses sees what comes from and goes to them.';
comment on column bi.in_transit.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.in_transit.transfer_no is 'The transfer; with the region, its public ID.';
comment on column bi.in_transit.batch_id is 'The lot.';
comment on column bi.in_transit.batch_number is 'The number of the lot.';
comment on column bi.in_transit.withheld is 'The units were set aside at the source, and will be where they arrive.';
comment on column bi.in_transit.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.in_transit.from_warehouse_id is 'The warehouse that the units left; joins dim_warehouse.';
comment on column bi.in_transit.to_warehouse_id is 'The warehouse to which they go; joins dim_warehouse.';
comment on column bi.in_transit.units is 'Units in transit.';
comment on column bi.in_transit.shipped_at is 'When they left.';
comment on column bi.in_transit.shipped_on is 'The day of shipped_at in the time zone of the source; joins dim_date.';
comment on column bi.in_transit.expected_on is 'The day on which they should arrive; null if nobody said it.';
grant select on bi.in_transit to bi_reader;
