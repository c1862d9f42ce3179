create or replace view bi.fact_reservation with (security_invoker = true, security_barrier = true) as
select l.region_id, l.reservation_id as reservation_no, l.sku_id, l.warehouse_id, l.channel_id, l.quantity::integer as quantity,
       case when r.status = 'active' and r.expires_at <= app.now() then 'expired' else r.status end as status, r.created_at,
       timezone(g.time_zone, r.created_at)::date as created_on, r.expires_at, r.order_id as order_no
  from stock.reservation_lines l
  join stock.reservations r on r.region_id = l.region_id and r.reservation_id = l.reservation_id
  join catalog.regions g on g.region_id = l.region_id;

comment on view bi.fact_reservation is 'One row per reservation, SKU and warehouse. Live.';
comment on column bi.fact_reservation.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.fact_reservation.reservation_no is 'The number of the reservation.';
comment on column bi.fact_reservation.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.fact_reservation.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.fact_reservation.channel_id is 'The sales channel; joins dim_channel.';
comment on column bi.fact_reservation.quantity is 'Units reserved.';
comment on column bi.fact_reservation.status is 'active, committed (it became an order), released or expired.';
comment on column bi.fact_reservation.created_at is 'When the reservation was made.';
comment on column bi.fact_reservation.created_on is 'The day of created_at in the time zone of the region; joins dim_date.';
comment on column bi.fact_reservation.expires_at is 'When the reservation ends.';
comment on column bi.fact_reservation.order_no is 'The order that it became, if any; joins fact_order_line together with region_id.';
grant select on bi.fact_reservation to bi_reader;
