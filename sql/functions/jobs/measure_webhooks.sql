-- Definer: the worker may count the deliveries of every owner, but not read them.
-- The state of the webhooks: deliveries that wait or are being sent (counted up to 10,000 per endpoint), for how long the oldest due
-- delivery has waited, endpoints by state, and events without deliveries yet. Deliveries of deleted or given-up endpoints do not
-- count.
create or replace function jobs.measure_webhooks()
  returns table (figure text, labels jsonb, value numeric)
  language plpgsql
  stable
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set jit = off
as $$
declare
  c_counted_max constant integer := 10000;
  v_now timestamptz := app.now();
begin
  return query
    select 'webhook_deliveries', jsonb_build_object('status', s.status), coalesce(sum(d.waiting), 0)
      from (values ('pending'), ('queued')) s (status)
      left join (webhooks.endpoints p
            cross join lateral (
              select 'pending' as status, count(*) as waiting
                from (select from webhooks.deliveries d
                       where d.region_id = p.region_id and d.endpoint_id = p.endpoint_id and d.status = 'pending'
                       limit c_counted_max) w
              union all
              select 'queued', count(*)
                from (select from webhooks.deliveries d
                       where d.region_id = p.region_id and d.endpoint_id = p.endpoint_id and d.status = 'queued'
                       limit c_counted_max) w) d)
        on d.status = s.status and p.deleted_at is null and p.disabled_at is null
     group by s.status;
  return query
    select 'webhook_oldest_due_seconds', '{}'::jsonb, coalesce(extract(epoch from v_now - min(d.due_at)), 0)
      from webhooks.endpoints p
     cross join lateral (
       select d.due_at
         from webhooks.deliveries d
        where d.region_id = p.region_id and d.endpoint_id = p.endpoint_id and d.status = 'pending' and d.due_at <= v_now
        order by d.due_at
        limit 1) d
     where p.active and p.disabled_at is null and p.deleted_at is null
       and exists (select from webhooks.endpoint_states t
                    where t.region_id = p.region_id and t.endpoint_id = p.endpoint_id and t.verified_at is not null);
  return query
    select 'webhook_endpoints', jsonb_build_object('state', s.state), count(p.endpoint_id)::numeric
      from (values ('active'), ('paused'), ('gone'), ('failing'), ('unverified'), ('unconfirmed')) s (state)
     cross join catalog.regions r
      left join (webhooks.endpoints p
            join webhooks.endpoint_states t on t.region_id = p.region_id and t.endpoint_id = p.endpoint_id)
        on p.region_id = r.region_id and p.deleted_at is null
       and s.state = coalesce(p.disabled_reason,
             case when not p.active then 'paused' when t.verified_at is null then 'unverified' else 'active' end)
     group by s.state;
  return query
    select 'webhook_undispatched_events', '{}'::jsonb, greatest(0, s.last_seq - d.last_seq)::numeric
      from events.stream s, webhooks.dispatchers d;
end
$$;

alter function jobs.measure_webhooks() owner to scoville_definer;
grant execute on function jobs.measure_webhooks() to scoville_worker;
