create or replace view bi.fill_rate with (security_invoker = true, security_barrier = true) as
select d.region_id, d.month_on, d.channel_id, d.warehouse_id, d.sku_id, s.name as sku_name, d.units_ordered, d.units_shipped,
       d.units_withdrawn,
       d.units_ordered - d.units_shipped - d.units_withdrawn as units_open,
       (d.units_shipped::numeric / nullif(d.units_ordered, 0))::numeric(12, 4) as fill_rate
  from (select r.region_id, date_trunc('month', r.placed_on::timestamp)::date as month_on, r.channel_id, r.warehouse_id, r.sku_id,
               sum(r.ordered)::bigint as units_ordered, sum(r.shipped)::bigint as units_shipped,
               sum(r.withdrawn)::bigint as units_withdrawn
          from analytics.sales_days r
         group by 1, 2, 3, 4, 5) d
  join catalog.skus s on s.sku_id = d.sku_id;

comment on view bi.fill_rate is
  'One row per channel, warehouse, SKU and month in which the orders were placed: the share of the units promised to '
  'customers that was shipped so far. fill_rate = units_shipped / units_ordered. Orders refused for lack of stock are not '
  'kept, so their demand is not included. As old as the rollup sales in bi.freshness.';
comment on column bi.fill_rate.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.fill_rate.month_on is 'The first day of the month (of the region).';
comment on column bi.fill_rate.channel_id is 'The sales channel; joins dim_channel.';
comment on column bi.fill_rate.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.fill_rate.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.fill_rate.sku_name is 'The name of the product.';
comment on column bi.fill_rate.units_ordered is
  'Units promised to orders placed in the month, including those withdrawn later, without orders that are unpaid.';
comment on column bi.fill_rate.units_shipped is 'Units of these that were shipped.';
comment on column bi.fill_rate.units_withdrawn is 'Units of these that were withdrawn: the order was canceled or changed.';
comment on column bi.fill_rate.units_open is 'Units of these that are still to be shipped.';
comment on column bi.fill_rate.fill_rate is 'units_shipped / units_ordered, from 0 to 1; null where none were ordered.';
grant select on bi.fill_rate to bi_reader, admin;
