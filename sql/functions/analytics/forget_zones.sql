-- Forgets the sums of levels whose days were those of another time zone than their warehouse has now, at most p_limit of them. Their
-- marks go back to the start, so the ledger is summed again; until then bi.stock_as_of reads it.
create or replace function analytics.forget_zones(
  p_region_id smallint,
  p_limit integer
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  with old as materialized (
    select m.warehouse_id, m.sku_id, z.time_zone
      from analytics.stock_marks m
      join catalog.zones() z on z.warehouse_id = m.warehouse_id
     where m.region_id = p_region_id and m.time_zone <> z.time_zone
     limit p_limit
  ), days as (
    delete from analytics.stock_days d
     using old o
     where d.region_id = p_region_id and d.warehouse_id = o.warehouse_id and d.sku_id = o.sku_id
  ), adjustments as (
    delete from analytics.adjustment_days d
     using old o
     where d.region_id = p_region_id and d.warehouse_id = o.warehouse_id and d.sku_id = o.sku_id
  ), receipts as (
    delete from analytics.lot_receipts r
     using old o
     where r.region_id = p_region_id and r.warehouse_id = o.warehouse_id and r.sku_id = o.sku_id
  )
  update analytics.stock_marks m
     set movement_id = 0, version = -1, first_on = null, last_on = null, time_zone = o.time_zone
    from old o
   where m.region_id = p_region_id and m.warehouse_id = o.warehouse_id and m.sku_id = o.sku_id;
$$;

grant execute on function analytics.forget_zones(smallint, integer) to scoville_definer;
