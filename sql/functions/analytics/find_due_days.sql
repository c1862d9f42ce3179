-- Records the days whose orders have changed since the last run, from the events of the log. So no column of an order needs an
-- index for it. Records all days where the log does not reach back that far, or the time zone of the region has changed: the days that
-- have orders, and those that had orders by the old zone.
-- Returns whether it reached the end that the log had when it began: while orders keep coming, the log always has more.
create or replace function analytics.find_due_days(
  p_region_id smallint,
  p_limit integer
)
  returns boolean
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_zone text := (select r.time_zone from catalog.regions r where r.region_id = p_region_id);
  v_old_zone text;
  v_after bigint;
  v_first bigint;
  v_last bigint;
  v_end bigint;
  -- An array, not a join: only subjects of orders end in a number, so their types are filtered before the subject is read.
  v_types text[] := array(select t.type from events.event_types t where t.about = 'order');
begin
  select r.last_seq, r.time_zone into v_after, v_old_zone from analytics.rollups r where r.region_id = p_region_id and r.rollup = 'sales';
  select s.first_seq, s.last_seq into v_first, v_end from events.stream s;
  v_last := v_end;
  if v_after is null or v_after < v_first - 1 or v_after > v_end or v_old_zone is distinct from v_zone then
    insert into analytics.due_days (region_id, placed_on)
    select p_region_id, timezone(v_zone, o.placed_at)::date from orders.orders o where o.region_id = p_region_id
     union
    select p_region_id, d.placed_on from analytics.sales_days d where d.region_id = p_region_id
     union
    select p_region_id, h.placed_on from analytics.lead_hours h where h.region_id = p_region_id
     union
    select p_region_id, timezone(v_zone, h.hour_at)::date from analytics.order_hours h where h.region_id = p_region_id
    on conflict do nothing;
  else
    v_last := least(v_end, v_after + p_limit);
    insert into analytics.due_days (region_id, placed_on)
    select distinct p_region_id, timezone(v_zone, o.placed_at)::date
      from events.event_log e
      join orders.orders o
        on o.region_id = p_region_id and o.order_id = split_part(e.subject, '-', 3)::bigint
     where e.region_id = p_region_id and e.seq > v_after and e.seq <= v_last and e.type = any (v_types)
    on conflict do nothing;
  end if;
  update analytics.rollups r set last_seq = v_last, time_zone = v_zone where r.region_id = p_region_id and r.rollup = 'sales';
  return v_last = v_end;
end
$$;

grant execute on function analytics.find_due_days(smallint, integer) to scoville_definer;
