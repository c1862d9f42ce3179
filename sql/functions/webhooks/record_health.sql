-- Records the health of endpoints after some attempts: how many succeeded, how many failed, whether all were answered quickly,
-- whether one was answered with 410, and the longest pause that the endpoint asked for.
-- Quick successes raise the number of requests at once: more of slow ones would only take the places of others. Five failures in a
-- row pause the endpoint, for half a minute at first and five minutes at most. An endpoint that is gone, or that has received nothing
-- for five days, is disabled.
-- Called with the endpoint_states locked.
create or replace function webhooks.record_health(
  p_health jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  c_failures_in_row_max constant integer := 5;
  c_failing_max constant interval := '5 days';
  v_region_ids smallint[];
  v_endpoint_ids bigint[];
  v_reasons text[];
begin
  with health as (
    select h.*
      from jsonb_to_recordset(p_health) h (region_id smallint, endpoint_id bigint, passed integer, failed integer,
             quick boolean, gone boolean, retry_after integer)
  ), kept as (
    update webhooks.endpoint_states s
       set failures_in_row = case when h.passed > 0 then 0 else s.failures_in_row + h.failed end,
           failing_since_at = case when h.passed = 0 then coalesce(s.failing_since_at, app.now()) end,
           requests_at_once = case when h.failed = 0 then least(p.requests_at_once_max, s.requests_at_once * case when h.quick then 2 else 1 end)
                                   when h.passed = 0 then greatest(1, s.requests_at_once / 2)
                                   else least(p.requests_at_once_max, s.requests_at_once) end,
           pauses_in_row = case when h.passed > 0 then 0
                                when s.failures_in_row + h.failed >= c_failures_in_row_max then s.pauses_in_row + 1
                                else s.pauses_in_row end,
           paused_until_at = greatest(
             case when h.passed = 0 and s.failures_in_row + h.failed >= c_failures_in_row_max
                  then app.now() + least(interval '5 minutes', interval '30 seconds' * 2 ^ least(s.pauses_in_row, 10)) end,
             case when h.retry_after > 0 then app.now() + least(3600, h.retry_after) * interval '1 second' end)
      from health h join webhooks.endpoints p on p.region_id = h.region_id and p.endpoint_id = h.endpoint_id
     where s.region_id = h.region_id and s.endpoint_id = h.endpoint_id
       and (h.failed > 0 or s.failures_in_row > 0 or s.failing_since_at is not null or s.requests_at_once < p.requests_at_once_max)
    returning s.region_id, s.endpoint_id, s.failing_since_at, h.gone
  )
  select array_agg(k.region_id), array_agg(k.endpoint_id),
         array_agg(case when k.gone then 'gone' else 'failing' end)
    into v_region_ids, v_endpoint_ids, v_reasons
    from kept k
   where k.gone or k.failing_since_at <= app.now() - c_failing_max;
  if v_region_ids is not null then
    perform webhooks.disable_endpoints(
      p_region_ids => v_region_ids, p_endpoint_ids => v_endpoint_ids, p_reasons => v_reasons);
  end if;
end
$$;

grant execute on function webhooks.record_health(jsonb) to scoville_definer;
