-- Records the attempts whose messages are held (so they are queued, and no other session changes them), and their effect on their
-- deliveries. Returns the health of each endpoint:
-- [{region_id, endpoint_id, passed, failed, quick, gone, retry_after}].
-- Nothing is kept of an answer to an event whose personal data was erased meanwhile: it may repeat the event.
-- Locks the endpoint_states first, as the lock order requires.
create or replace function webhooks.record_attempts(
  p_reports jsonb,
  p_held bigint[]
)
  returns jsonb
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  c_quick_ms constant integer := 2000;
  v_health jsonb;
begin
  perform from webhooks.endpoint_states s
   where (s.region_id, s.endpoint_id) in (
     select r.region_id, r.endpoint_id
       from jsonb_to_recordset(p_reports) r (region_id smallint, endpoint_id bigint))
   order by s.region_id, s.endpoint_id
     for no key update;

  with reports as materialized (
    select r.*, d.owner, d.attempts + 1 as attempt_no, o.passed, coalesce(e.is_erased, false) as is_erased, r.status_code = 410 as gone,
           case when r.status_code in (429, 503) then r.retry_after end as pause,
           webhooks.retry_delay(d.failures + 1, d.delivery_id) as delay
      from jsonb_to_recordset(p_reports) r (message_id bigint, region_id smallint, endpoint_id bigint,
             delivery_id bigint, started_at timestamptz, duration_ms integer, status_code integer, error text,
             retry_after integer, response text)
      join webhooks.deliveries d
        on d.region_id = r.region_id and d.endpoint_id = r.endpoint_id and d.delivery_id = r.delivery_id
     cross join lateral (select coalesce(r.status_code between 200 and 299 and r.error is null, false) as passed) o
      left join lateral (
        select l.personal_hash is not null as is_erased
          from events.event_log l
         where l.region_id in (0, r.region_id) and l.recorded_at = d.recorded_at and l.seq = d.delivery_id
         limit 1) e on true
     where r.message_id = any (p_held)
  ), attempted as (
    insert into webhooks.attempts
      (region_id, endpoint_id, delivery_id, attempt_no, owner, started_at, duration_ms, status_code, error, response)
    select r.region_id, r.endpoint_id, r.delivery_id, r.attempt_no, r.owner, r.started_at, r.duration_ms, r.status_code,
           r.error, case when r.is_erased then '' else coalesce(left(r.response, 1024), '') end
      from reports r
    on conflict do nothing
  ), kept as (
    update webhooks.deliveries d
       set attempts = d.attempts + 1, failures = d.failures + (not r.passed)::integer, solo_starts = 0,
           status = case when r.passed then 'delivered' when r.gone or r.delay is null then 'failed' else 'pending' end,
           due_at = case when r.passed or r.gone or r.delay is null then d.due_at
                         else app.now() + greatest(r.delay, least(86400, coalesce(r.retry_after, 0)) * interval '1 second') end,
           finished_at = case when r.passed or r.gone or r.delay is null then app.now() end
      from reports r
     where d.region_id = r.region_id and d.endpoint_id = r.endpoint_id and d.delivery_id = r.delivery_id
  )
  select coalesce(jsonb_agg(h), '[]')
    into v_health
    from (select r.region_id, r.endpoint_id, count(*) filter (where r.passed) as passed,
                 count(*) filter (where not r.passed) as failed, max(r.duration_ms) <= c_quick_ms as quick, coalesce(bool_or(r.gone), false) as gone,
                 max(r.pause) as retry_after
            from reports r
           group by r.region_id, r.endpoint_id) h;
  return v_health;
end
$$;

grant execute on function webhooks.record_attempts(jsonb, bigint[]) to scoville_definer;
