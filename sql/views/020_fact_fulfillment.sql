create or replace view bi.fact_fulfillment with (security_invoker = true, security_barrier = true) as
select f.region_id, f.fulfillment_id as parcel_no, orders.public_id(f.region_id, f.order_id) as order_id, f.order_id as order_no,
       l.sku_id, l.lot_id as batch_id, l.batch_number, f.warehouse_id, f.channel_id, l.quantity::integer as quantity, o.placed_at,
       f.shipped_at, timezone(z.time_zone, f.shipped_at)::date as shipped_on,
       (extract(epoch from f.shipped_at - o.placed_at) / 3600)::numeric(12, 2) as lead_hours, l.assumed as is_assumed, l.reason_code
  from orders.fulfillments f
  join orders.fulfillment_lines l on l.region_id = f.region_id and l.fulfillment_id = f.fulfillment_id
  join catalog.zones() z on z.warehouse_id = f.warehouse_id
  join orders.orders o on o.region_id = f.region_id and o.order_id = f.order_id
 where f.canceled_at is null;

comment on view bi.fact_fulfillment is 'One row per lot of a SKU in a parcel that left. Live.';
comment on column bi.fact_fulfillment.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.fact_fulfillment.parcel_no is 'The number of the parcel.';
comment on column bi.fact_fulfillment.order_id is 'The public ID of the order: ORD-<region>-<number>.';
comment on column bi.fact_fulfillment.order_no is 'The number in order_id; joins fact_order_line together with region_id.';
comment on column bi.fact_fulfillment.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.fact_fulfillment.batch_id is 'The lot of the units.';
comment on column bi.fact_fulfillment.batch_number is 'The number of the lot.';
comment on column bi.fact_fulfillment.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.fact_fulfillment.channel_id is 'The sales channel; joins dim_channel.';
comment on column bi.fact_fulfillment.quantity is 'Units shipped.';
comment on column bi.fact_fulfillment.placed_at is 'When the customer ordered.';
comment on column bi.fact_fulfillment.shipped_at is 'When the parcel was handed over.';
comment on column bi.fact_fulfillment.shipped_on is 'The day of shipped_at in the time zone of the warehouse; joins dim_date.';
comment on column bi.fact_fulfillment.lead_hours is 'Hours from placed_at to shipped_at.';
comment on column bi.fact_fulfillment.is_assumed is
  'Nobody named the lot: it is the one that expired first among those on the shelf.';
comment on column bi.fact_fulfillment.reason_code is
  'Why lots that expire earlier were passed over; joins dim_reason; null where none was.';
grant select on bi.fact_fulfillment to bi_reader;
