create or replace view bi.stockouts with (security_invoker = true, security_barrier = true) as
select d.region_id, d.warehouse_id, d.sku_id, s.name as sku_name, d.started_on,
       case when o.is_over then d.last_on end as ended_on, d.days::integer as days, o.is_over,
       not o.is_over as is_open
  from (select i.region_id, i.warehouse_id, i.sku_id, min(i.day_on) as started_on, max(i.day_on) as last_on, count(*) as days
          from (select r.region_id, r.warehouse_id, r.sku_id, r.day_on,
                       r.day_on - row_number() over (
                         partition by r.region_id, r.warehouse_id, r.sku_id order by r.day_on)::integer as spell
                  from analytics.stock_days r
                 where r.available <= 0) i
         group by i.region_id, i.warehouse_id, i.sku_id, i.spell) d
  join catalog.skus s on s.sku_id = d.sku_id
 -- By the summed days, not by the clock: old sums cannot show on which day a stockout ended.
 cross join lateral (
   select exists (select from analytics.stock_days n
                   where n.region_id = d.region_id and n.warehouse_id = d.warehouse_id and n.sku_id = d.sku_id
                     and n.day_on = d.last_on + 1)) o (is_over);

comment on view bi.stockouts is
  'One row per stockout: consecutive days (of the warehouse) that each ended without an available unit of a SKU in a warehouse that had had '
  'it. A stockout within one day does not show. As old as the rollup stock in bi.freshness.';
comment on column bi.stockouts.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.stockouts.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.stockouts.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.stockouts.sku_name is 'The name of the product.';
comment on column bi.stockouts.started_on is 'The first day that ended without an available unit.';
comment on column bi.stockouts.ended_on is 'The last such day; null where the stockout continues.';
comment on column bi.stockouts.days is 'The number of days, including the last summed day.';
comment on column bi.stockouts.is_over is 'Whether units are available again.';
comment on column bi.stockouts.is_open is 'Whether the stockout continues.';
grant select on bi.stockouts to bi_reader, admin, warehouse, sales;
