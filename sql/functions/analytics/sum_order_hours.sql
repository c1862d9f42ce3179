-- Recomputes a day's sums of orders by hour. What is canceled counts neither as units nor as revenue (total_price). An unpaid order is
-- no sale yet: it counts, on the day on which it was placed, when it is confirmed (or canceled). Deletes stale rows and leaves
-- unchanged ones alone.
create or replace function analytics.sum_order_hours(
  p_region_id smallint,
  p_day date,
  p_time_zone text
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  with fresh as materialized (
    select date_trunc('hour', o.placed_at, p_time_zone) as hour_at, o.channel_id, o.currency, o.warehouse_ids,
           count(*) as orders, count(*) filter (where o.status = 'canceled') as canceled_orders,
           count(*) filter (where o.fulfillment_status = 'fulfilled') as shipped_orders,
           coalesce(sum(u.units), 0) as units, sum(o.total_price) as revenue
      from orders.orders o
     cross join lateral (
       select sum(l.quantity - l.canceled_quantity)
         from orders.order_lines l
        where l.region_id = p_region_id and l.order_id = o.order_id) u (units)
     where o.region_id = p_region_id and o.unpaid_until is null and o.unpaid_left is null
       and o.placed_at >= app.day_begins_at(p_day, p_time_zone)
       and o.placed_at < app.day_begins_at(p_day + 1, p_time_zone)
     group by 1, o.channel_id, o.currency, o.warehouse_ids
  ), gone as (
    delete from analytics.order_hours h
     where h.region_id = p_region_id and h.hour_at >= app.day_begins_at(p_day, p_time_zone)
       and h.hour_at < app.day_begins_at(p_day + 1, p_time_zone)
       and (h.hour_at, h.channel_id, h.currency, h.warehouse_ids) not in (
         select f.hour_at, f.channel_id, f.currency, f.warehouse_ids from fresh f)
  )
  insert into analytics.order_hours as h
    (region_id, hour_at, channel_id, currency, warehouse_ids, orders, canceled_orders, shipped_orders, units, revenue)
  select p_region_id, f.hour_at, f.channel_id, f.currency, f.warehouse_ids, f.orders, f.canceled_orders, f.shipped_orders, f.units,
         f.revenue
    from fresh f
  on conflict on constraint order_hours_pkey do update
    set orders = excluded.orders, canceled_orders = excluded.canceled_orders, shipped_orders = excluded.shipped_orders,
        units = excluded.units, revenue = excluded.revenue
  where (h.orders, h.canceled_orders, h.shipped_orders, h.units, h.revenue)
        <> (excluded.orders, excluded.canceled_orders, excluded.shipped_orders, excluded.units, excluded.revenue);
$$;

grant execute on function analytics.sum_order_hours(smallint, date, text) to scoville_definer;
