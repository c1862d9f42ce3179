create or replace view bi.inventory_turnover with (security_invoker = true, security_barrier = true) as
select d.region_id, d.month_on, d.warehouse_id, d.sku_id, s.name as sku_name, d.days::integer as days,
       d.units_shipped::bigint as units_shipped,
       d.average_on_hand::numeric(16, 4) as average_on_hand,
       (d.units_shipped / nullif(d.average_on_hand, 0))::numeric(16, 4) as turnover,
       (d.units_shipped / nullif(d.average_on_hand, 0) * 365 / d.days)::numeric(16, 4) as turnover_annualized
  from (select r.region_id, date_trunc('month', r.day_on::timestamp)::date as month_on, r.warehouse_id, r.sku_id, count(*) as days,
               sum(r.shipped) as units_shipped, avg(r.on_hand) as average_on_hand
          from analytics.stock_days r
         group by 1, 2, 3, 4) d
  join catalog.skus s on s.sku_id = d.sku_id;

comment on view bi.inventory_turnover is
  'One row per warehouse, SKU and month: how often the average stock was shipped. turnover = units_shipped / average_on_hand. '
  'Over several rows, divide the sums: sum(units_shipped) / sum(average_on_hand), per month. As old as the rollup stock '
  'in bi.freshness.';
comment on column bi.inventory_turnover.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.inventory_turnover.month_on is 'The first day of the month (of the warehouse).';
comment on column bi.inventory_turnover.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.inventory_turnover.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.inventory_turnover.sku_name is 'The name of the product.';
comment on column bi.inventory_turnover.days is 'Days of the month on record: fewer in the first month and in the current one.';
comment on column bi.inventory_turnover.units_shipped is 'Units shipped for orders in the month.';
comment on column bi.inventory_turnover.average_on_hand is 'Mean of the units on hand at the end of these days.';
comment on column bi.inventory_turnover.turnover is 'units_shipped / average_on_hand; null where nothing was on hand.';
comment on column bi.inventory_turnover.turnover_annualized is 'turnover * 365 / days; null where turnover is.';
grant select on bi.inventory_turnover to bi_reader, admin, warehouse;
