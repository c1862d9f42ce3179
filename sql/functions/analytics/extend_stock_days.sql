-- Gives every level that is summed to its end one row per day up to today (of the warehouse). Nothing moved on these days.
create or replace function analytics.extend_stock_days(
  p_region_id smallint
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  with late as (
    update analytics.stock_marks m
       set last_on = o.today
      from (select k.warehouse_id, k.sku_id, k.last_on, d.today
              from analytics.stock_marks k
             cross join lateral (select timezone(k.time_zone, app.now())::date) d (today)
             where k.region_id = p_region_id and k.version >= 0 and k.last_on < d.today) o
     where m.region_id = p_region_id and m.warehouse_id = o.warehouse_id and m.sku_id = o.sku_id
    returning m.warehouse_id, m.sku_id, o.last_on, o.today
  )
  insert into analytics.stock_days
    (region_id, warehouse_id, sku_id, day_on, on_hand, reserved, committed, unavailable, safety_stock, incoming)
  select p_region_id, d.warehouse_id, d.sku_id, d.day_on + g.days, d.on_hand, d.reserved, d.committed, d.unavailable,
         d.safety_stock, d.incoming
    from late l
    join analytics.stock_days d
      on d.region_id = p_region_id and d.warehouse_id = l.warehouse_id and d.sku_id = l.sku_id and d.day_on = l.last_on
   cross join lateral generate_series(1, l.today - l.last_on) g (days)
  on conflict on constraint stock_days_pkey do nothing;
end
$$;

grant execute on function analytics.extend_stock_days(smallint) to scoville_definer;
