create or replace view bi.shrinkage with (security_invoker = true, security_barrier = true) as
select d.region_id, d.month_on, d.warehouse_id, d.sku_id, s.name as sku_name, d.reason_code, coalesce(r.is_loss, false) as is_loss,
       d.units_out, d.units_in, d.units_in - d.units_out as units_net,
       ((d.units_in - d.units_out) * s.price)::numeric(20, 4) as value_net, s.currency
  from (select a.region_id, date_trunc('month', a.day_on::timestamp)::date as month_on, a.warehouse_id, a.sku_id, a.reason_code,
               sum(a.units_out)::bigint as units_out, sum(a.units_in)::bigint as units_in
          from analytics.adjustment_days a
         group by 1, 2, 3, 4, 5) d
  join catalog.skus s on s.sku_id = d.sku_id
  left join bi.dim_reason r on r.reason_code = d.reason_code;

comment on view bi.shrinkage is
  'One row per warehouse, SKU, month and reason: units that adjustments and counts removed and added. As old as the rollup '
  'stock in bi.freshness.';
comment on column bi.shrinkage.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.shrinkage.month_on is 'The first day of the month (of the warehouse).';
comment on column bi.shrinkage.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.shrinkage.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.shrinkage.sku_name is 'The name of the product.';
comment on column bi.shrinkage.reason_code is 'The reason; joins dim_reason.';
comment on column bi.shrinkage.is_loss is 'Whether units removed for this reason are lost: see dim_reason.';
comment on column bi.shrinkage.units_out is 'Units removed.';
comment on column bi.shrinkage.units_in is 'Units added.';
comment on column bi.shrinkage.units_net is 'units_in - units_out: negative where units went missing.';
comment on column bi.shrinkage.value_net is 'units_net at the current list price; null where the SKU has none.';
comment on column bi.shrinkage.currency is 'ISO 4217 code of the amounts.';
grant select on bi.shrinkage to bi_reader;
