-- The day by which each lot as a whole has expired or not: the earliest in the warehouses where the caller sees units of it, so that it
-- is expired once none of them sells it any more. That of the region for a lot without units.
create or replace function stock.lot_days(
  p_region_id smallint,
  p_lot_ids bigint[]
)
  returns table (lot_id bigint, today date)
  language sql
  stable
  set search_path = ''
as $$
  select i.lot_id, coalesce(min(timezone(z.time_zone, app.now())::date), app.today(p_region_id))
    from unnest(p_lot_ids) i (lot_id)
    left join (
      select v.lot_id, v.warehouse_id
        from (select catalog.own_warehouses(p_region_id)) o (own)
       cross join stock.lot_levels v
       where v.region_id = p_region_id and v.lot_id = any (p_lot_ids) and v.on_hand > 0
         and (o.own is null or v.warehouse_id = any (o.own))) l on l.lot_id = i.lot_id
    left join catalog.zones() z on z.warehouse_id = l.warehouse_id
   group by i.lot_id;
$$;

grant execute on function stock.lot_days(smallint, bigint[]) to scoville_definer, admin, warehouse, sales;
