create or replace view bi.refused_demand with (security_invoker = true, security_barrier = true) as
select d.region_id, d.refused_on, d.channel_id, d.sku_id, s.name as sku_name, d.refusals, d.units
  from analytics.refusal_days d
  join catalog.skus s on s.sku_id = d.sku_id;

comment on view bi.refused_demand is
  'One row per day (of the region), channel and SKU of which orders or reservations were refused for lack of stock. A customer who tries '
  'twice is refused twice. As old as a minute; a crash of an API process loses its last minute.';
comment on column bi.refused_demand.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.refused_demand.refused_on is 'The day; joins dim_date.';
comment on column bi.refused_demand.channel_id is 'The channel; joins dim_channel.';
comment on column bi.refused_demand.sku_id is 'The SKU that was short; joins dim_sku. Other SKUs of the refused order do not count.';
comment on column bi.refused_demand.sku_name is 'The name of the product.';
comment on column bi.refused_demand.refusals is 'The orders and reservations that were refused.';
comment on column bi.refused_demand.units is 'The units of the SKU that they wanted, not only those that were missing.';
grant select on bi.refused_demand to bi_reader, admin, sales;
