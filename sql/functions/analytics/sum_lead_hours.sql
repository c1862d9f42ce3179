-- Recounts the parcels of a day's orders, by the whole hours between order and parcel.
create or replace function analytics.sum_lead_hours(
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
    select f.channel_id, f.warehouse_id, (s.seconds / 3600)::integer as hours, count(*) as parcels, sum(s.seconds) as seconds
      from orders.orders o
      join orders.fulfillments f on f.region_id = p_region_id and f.order_id = o.order_id and f.canceled_at is null
     cross join lateral (
       select greatest(floor(extract(epoch from f.shipped_at - o.placed_at)), 0)::bigint) s (seconds)
     where o.region_id = p_region_id and o.placed_at >= app.day_begins_at(p_day, p_time_zone)
       and o.placed_at < app.day_begins_at(p_day + 1, p_time_zone)
     group by f.channel_id, f.warehouse_id, 3
  ), gone as (
    delete from analytics.lead_hours h
     where h.region_id = p_region_id and h.placed_on = p_day
       and (h.channel_id, h.warehouse_id, h.hours) not in (select f.channel_id, f.warehouse_id, f.hours from fresh f)
  )
  insert into analytics.lead_hours as h (region_id, placed_on, channel_id, warehouse_id, hours, parcels, seconds)
  select p_region_id, p_day, f.channel_id, f.warehouse_id, f.hours, f.parcels, f.seconds
    from fresh f
  on conflict on constraint lead_hours_pkey do update
    set parcels = excluded.parcels, seconds = excluded.seconds
  where (h.parcels, h.seconds) <> (excluded.parcels, excluded.seconds);
$$;

grant execute on function analytics.sum_lead_hours(smallint, date, text) to scoville_definer;
