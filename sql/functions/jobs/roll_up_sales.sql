-- Definer: the worker may write no table; this is how it keeps the sums of orders by day.
-- Makes the sums of orders anew for the days whose orders have changed, once the log is read to its end: a twentieth of p_limit of
-- them at most, since a day may be long. Answers p_limit where there are more to do, else how many it did.
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
  c_events constant integer := 50;  -- of the log, for each of p_limit
  v_now timestamptz := app.now();
  v_complete_at timestamptz;
  v_all boolean;
  v_day date;
  v_days integer := 0;
begin
  if not analytics.begin_rollup(p_region_id, 'sales') then
    return 0;
  end if;
  -- Before the log is looked at: what is committed and not in it yet is not in the sums either.
  v_complete_at := v_now - greatest(jobs.waiting_seconds(), 0) * interval '1 second';
  v_all := analytics.find_due_days(p_region_id, p_limit * c_events);
  if not v_all then  -- a day of many orders would be summed anew for each part of the log that tells of it
    return p_limit;
  end if;
  for v_day in
    select d.placed_on from analytics.due_days d
     where d.region_id = p_region_id order by d.placed_on desc limit greatest(p_limit / 20, 1)
  loop
    perform analytics.sum_order_hours(p_region_id, v_day);
    perform analytics.sum_sales_days(p_region_id, v_day);
    perform analytics.sum_lead_hours(p_region_id, v_day);
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
