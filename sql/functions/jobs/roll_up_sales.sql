-- Definer: the worker may not write to tables; this function maintains the daily sums of orders.
-- Recomputes the sums of the days whose orders have changed, once the log is read to its end. Handles at most a twentieth of p_limit
-- days, because a day may be large. Returns p_limit if more days remain, else the number of days.
-- Lock order: the row of analytics.rollups, which nothing else locks and nobody waits for; then only rows that it guards.
create or replace function jobs.roll_up_sales(
  p_region_id smallint,
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  c_events constant integer := 50;  -- of the log, per unit of p_limit
  v_now timestamptz := app.now();
  v_complete_at timestamptz;
  v_zone text;
  v_all boolean;
  v_day date;
  v_days integer := 0;
begin
  if not analytics.begin_rollup(p_region_id, 'sales') then
    return 0;
  end if;
  -- Read before the log: events that are committed and not in the log yet are not in the sums either.
  v_complete_at := v_now - greatest(jobs.waiting_seconds(), 0) * interval '1 second';
  v_all := analytics.find_due_days(p_region_id, p_limit * c_events);
  if not v_all then  -- else a day with many orders would be summed again for each part of the log
    return p_limit;
  end if;
  select r.time_zone into v_zone from analytics.rollups r where r.region_id = p_region_id and r.rollup = 'sales';
  for v_day in
    select d.placed_on from analytics.due_days d
     where d.region_id = p_region_id order by d.placed_on desc limit greatest(p_limit / 20, 1)
  loop
    perform analytics.sum_order_hours(p_region_id => p_region_id, p_day => v_day, p_time_zone => v_zone);
    perform analytics.sum_sales_days(p_region_id => p_region_id, p_day => v_day, p_time_zone => v_zone);
    perform analytics.sum_lead_hours(p_region_id => p_region_id, p_day => v_day, p_time_zone => v_zone);
    delete from analytics.due_days d where d.region_id = p_region_id and d.placed_on = v_day;
    v_days := v_days + 1;
  end loop;
  if exists (select from analytics.due_days d where d.region_id = p_region_id) then
    return p_limit;
  end if;
  update analytics.rollups r
     set as_of_at = greatest(r.as_of_at, v_complete_at)
   where r.region_id = p_region_id and r.rollup = 'sales';
  return least(v_days, p_limit - 1);
end
$$;

alter function jobs.roll_up_sales(smallint, integer) owner to scoville_definer;
grant execute on function jobs.roll_up_sales(smallint, integer) to scoville_worker;
