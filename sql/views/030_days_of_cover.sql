create or replace view bi.days_of_cover with (security_invoker = true, security_barrier = true) as
select l.region_id, l.warehouse_id, l.sku_id, s.name as sku_name, a.units as available,
       coalesce(d.days, 0)::integer as days,
       coalesce(d.units_shipped, 0)::bigint as units_shipped, (d.units_shipped / d.days)::numeric(16, 4) as units_per_day,
       (a.units * d.days / nullif(d.units_shipped, 0))::numeric(16, 1) as days_of_cover,
       l.shortfall::integer as shortfall
  from stock.stock_levels l
  join catalog.skus s on s.sku_id = l.sku_id
  left join (select distinct w.warehouse_id from catalog.serving_warehouses() w where w.sells) w on w.warehouse_id = l.warehouse_id
 cross join lateral (select case when w.warehouse_id is null then 0 else l.available end::bigint as units) a
  left join (
    select r.region_id, r.warehouse_id, r.sku_id, count(*) as days, sum(r.shipped) as units_shipped
      from analytics.stock_days r
      join catalog.zones() z on z.warehouse_id = r.warehouse_id
     cross join lateral (select timezone(z.time_zone, app.now())::date) t (today)
     -- The first range is for the index: all days that it can be somewhere.
     where r.day_on between (app.now() - interval '1 day')::date - 28 and (app.now() + interval '1 day')::date
       and r.day_on between t.today - 28 and t.today - 1
     group by 1, 2, 3) d
    on d.region_id = l.region_id and d.warehouse_id = l.warehouse_id and d.sku_id = l.sku_id;

comment on view bi.days_of_cover is
  'One row per warehouse and SKU that it has ever had: how long the available units last at the pace of the last 28 complete '
  'days (of the warehouse), or of as many as are on record. days_of_cover = available / (units_shipped / days). available is live, the '
  'pace as old as the rollup stock in bi.freshness.';
comment on column bi.days_of_cover.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.days_of_cover.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.days_of_cover.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.days_of_cover.sku_name is 'The name of the product.';
comment on column bi.days_of_cover.available is 'Units for sale now; 0 where the warehouse is retired or serves no channel.';
comment on column bi.days_of_cover.days is 'Complete days from which the pace is computed, at most 28; 0 on the first day.';
comment on column bi.days_of_cover.units_shipped is 'Units shipped for orders on those days.';
comment on column bi.days_of_cover.units_per_day is 'units_shipped / days; null where no day is complete.';
comment on column bi.days_of_cover.days_of_cover is 'available / units_per_day; null where nothing was shipped.';
comment on column bi.days_of_cover.shortfall is
  'Promised units (of orders, reservations and safety stock) whose lots cannot be sold any more: not all of those orders can be shipped.';
grant select on bi.days_of_cover to bi_reader, admin, warehouse;
