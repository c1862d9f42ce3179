-- Adds movements to the sums of their days, and to the level at the end of that day and of every later day that has a row.
-- Adds the missing rows up to today (of the warehouse) without a gap. A level of which p_depth movements were taken gets rows only up to its last
-- movement: its next movements would change every later day again.
create or replace function analytics.add_stock_days(
  p_region_id smallint,
  p_movements analytics.movement[],
  p_depth integer
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  with flows as materialized (
    select t.warehouse_id, t.sku_id, t.today, t.day_on, count(*) as movements,
           sum(t.on_hand) as net,
           sum(t.reserved) as reserved, sum(t.committed) as committed, sum(t.unavailable) as unavailable,
           sum(t.safety_stock) as safety_stock, sum(t.incoming) as incoming,
           sum(t.on_hand) filter (where t.kind = 'receipt') as received,
           -sum(t.on_hand) filter (where t.kind in ('fulfill', 'unfulfill')) as shipped,
           sum(t.on_hand) filter (where t.kind in ('adjustment', 'count') and t.on_hand > 0) as adjusted_in,
           -sum(t.on_hand) filter (where t.kind in ('adjustment', 'count') and t.on_hand < 0) as adjusted_out
      from unnest(p_movements) t
     where t.movement_id is not null
     group by t.warehouse_id, t.sku_id, t.today, t.day_on
  ), spans as materialized (
    select f.warehouse_id, f.sku_id, m.last_on as had_on, b.on_hand, b.reserved, b.committed, b.unavailable, b.safety_stock,
           b.incoming,
           least(min(f.day_on), m.last_on + 1) as first_on,
           greatest(max(f.day_on), m.last_on, case when sum(f.movements) < p_depth then f.today end) as last_on
      from flows f
      left join analytics.stock_marks m
        on m.region_id = p_region_id and m.warehouse_id = f.warehouse_id and m.sku_id = f.sku_id
      left join analytics.stock_days b
        on b.region_id = p_region_id and b.warehouse_id = m.warehouse_id and b.sku_id = m.sku_id and b.day_on = m.last_on
     group by f.warehouse_id, f.sku_id, f.today, m.last_on, b.on_hand, b.reserved, b.committed, b.unavailable, b.safety_stock,
              b.incoming
  ), days as (
    -- The flows beside one row per day. A union, because the planner would expect few rows from a join.
    select f.warehouse_id, f.sku_id, f.day_on, f.net, f.reserved, f.committed, f.unavailable, f.safety_stock, f.incoming,
           f.received, f.shipped, f.adjusted_in, f.adjusted_out, null::bigint as had_on_hand, null::bigint as had_reserved,
           null::bigint as had_committed, null::bigint as had_unavailable, null::bigint as had_safety_stock,
           null::bigint as had_incoming
      from flows f
    union all
    select s.warehouse_id, s.sku_id, s.first_on + n, null, null, null, null, null, null, null, null, null, null,
           case when s.first_on + n > s.had_on then s.on_hand end, case when s.first_on + n > s.had_on then s.reserved end,
           case when s.first_on + n > s.had_on then s.committed end, case when s.first_on + n > s.had_on then s.unavailable end,
           case when s.first_on + n > s.had_on then s.safety_stock end, case when s.first_on + n > s.had_on then s.incoming end
      from spans s
     cross join lateral generate_series(0, s.last_on - s.first_on) n
  )
  insert into analytics.stock_days as d (region_id, warehouse_id, sku_id, day_on, on_hand, reserved, committed, unavailable,
    safety_stock, incoming, net, received, shipped, adjusted_in, adjusted_out)
  select p_region_id, g.warehouse_id, g.sku_id, g.day_on, coalesce(max(g.had_on_hand), 0) + coalesce(sum(sum(g.net)) over upto, 0),
         coalesce(max(g.had_reserved), 0) + coalesce(sum(sum(g.reserved)) over upto, 0),
         coalesce(max(g.had_committed), 0) + coalesce(sum(sum(g.committed)) over upto, 0),
         coalesce(max(g.had_unavailable), 0) + coalesce(sum(sum(g.unavailable)) over upto, 0),
         coalesce(max(g.had_safety_stock), 0) + coalesce(sum(sum(g.safety_stock)) over upto, 0),
         coalesce(max(g.had_incoming), 0) + coalesce(sum(sum(g.incoming)) over upto, 0),
         coalesce(sum(g.net), 0), coalesce(sum(g.received), 0), coalesce(sum(g.shipped), 0), coalesce(sum(g.adjusted_in), 0),
         coalesce(sum(g.adjusted_out), 0)
    from days g
   group by g.warehouse_id, g.sku_id, g.day_on
  window upto as (partition by g.warehouse_id, g.sku_id order by g.day_on)
  on conflict on constraint stock_days_pkey do update
    set on_hand = d.on_hand + excluded.on_hand, reserved = d.reserved + excluded.reserved,
        committed = d.committed + excluded.committed, unavailable = d.unavailable + excluded.unavailable,
        safety_stock = d.safety_stock + excluded.safety_stock,
        incoming = d.incoming + excluded.incoming, net = d.net + excluded.net,
        received = d.received + excluded.received,
        shipped = d.shipped + excluded.shipped, adjusted_in = d.adjusted_in + excluded.adjusted_in,
        adjusted_out = d.adjusted_out + excluded.adjusted_out;
$$;

grant execute on function analytics.add_stock_days(smallint, analytics.movement[], integer) to scoville_definer;
