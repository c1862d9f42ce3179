-- Adds the units that adjustments and counts changed, by day and reason.
create or replace function analytics.add_adjustment_days(
  p_region_id smallint,
  p_movements analytics.movement[]
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  insert into analytics.adjustment_days as d (region_id, warehouse_id, sku_id, day_on, reason_code, units_in, units_out)
  select p_region_id, t.warehouse_id, t.sku_id, t.day_on, coalesce(t.reason_code, 'none'),
         sum(greatest(t.on_hand, 0)), sum(greatest(-t.on_hand, 0))
    from unnest(p_movements) t
   where t.kind in ('adjustment', 'count', 'scrap', 'send_back') and t.on_hand <> 0
   group by t.warehouse_id, t.sku_id, t.day_on, 5
  on conflict on constraint adjustment_days_pkey do update
    set units_in = d.units_in + excluded.units_in, units_out = d.units_out + excluded.units_out;
$$;

grant execute on function analytics.add_adjustment_days(smallint, analytics.movement[]) to scoville_definer;
