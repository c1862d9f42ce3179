-- Definer: no role may read the queue or the signing secrets.
-- Takes at most p_limit messages out of the queue for p_seconds, and returns what to send where, and the keys to sign it with.
-- (message_id, claim) is the right to report on the attempt. After p_seconds another worker can read the message; it gets a higher
-- claim, which ends the first right. A message with a claim above 2 must be sent alone, after jobs.start_solo: two workers did not
-- report on it, so it may have killed them. Messages that must no longer be sent are removed from the queue.
-- Nested loops only look up by key, as laterals: 200 messages of 200 events must not become 40,000 comparisons.
create or replace function jobs.claim_deliveries(
  p_limit integer,
  p_seconds integer
)
  returns table (message_id bigint, claim integer, region_id smallint, endpoint_id bigint, delivery_id bigint, url text,
                 secrets text[], webhook_id text, body text)
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_nestloop = off
as $$
declare
  v_now timestamptz := clock_timestamp(); -- the queue's clock
  v_messages jsonb;
  v_read integer;
  v_claimed integer;
  v_epoch text := (select s.epoch from events.stream s);
begin
  with taken as (
    update pgmq.q_webhook_deliveries q
       set last_read_at = v_now, vt = v_now + make_interval(secs => p_seconds), read_ct = q.read_ct + 1
     where q.msg_id = any (array(
             select f.msg_id
               from pgmq.q_webhook_deliveries f
              where f.vt <= v_now
              order by f.msg_id
              limit p_limit
                for update skip locked))
    returning q.msg_id, q.read_ct, q.message
  )
  select jsonb_agg(t.message || jsonb_build_object('message', t.msg_id, 'claim', t.read_ct)), count(*)
    into v_messages, v_read
    from taken t;
  if v_read = 0 then
    return;
  end if;
  return query
    with messages as materialized (
      select m.message, m.claim, d.region_id, d.endpoint_id, d.delivery_id, d.recorded_at,
             'msg_' || translate(d.event_id, ':', '_') as webhook_id
        from jsonb_to_recordset(v_messages) m (message bigint, claim integer, region smallint, endpoint bigint,
               delivery bigint)
       cross join lateral (
         select v.* from webhooks.deliveries v
          where v.region_id = m.region and v.endpoint_id = m.endpoint and v.delivery_id = m.delivery
          limit 1) d
       where d.status = 'queued' and not webhooks.is_poison(m.claim, d.solo_starts)
    ), bodies as materialized ( -- an event goes to several endpoints with the same body
      select k.region_id, k.delivery_id, e.event, webhooks.body(e.event, v_epoch) as body
        from (select distinct w.region_id, w.delivery_id, w.recorded_at from messages w) k
       cross join lateral (
         select l as event from events.event_log l
          where l.region_id in (0, k.region_id) and l.recorded_at = k.recorded_at and l.seq = k.delivery_id
          limit 1) e
    ), targets as materialized (
      select p.region_id, p.endpoint_id, p.url, p.endpoint, c.client, webhooks.live_secrets(p.region_id, p.endpoint_id) as secrets
        from (select distinct w.region_id, w.endpoint_id from messages w) k
       cross join lateral (
         select o.*, o as endpoint from webhooks.endpoints o where o.region_id = k.region_id and o.endpoint_id = k.endpoint_id limit 1) p
       cross join lateral (
         select h.verified_at from webhooks.endpoint_states h
          where h.region_id = k.region_id and h.endpoint_id = k.endpoint_id
          limit 1) s
        left join lateral (select i as client from identity.clients i where i.client_id = p.owner limit 1) c on true
       where p.active and p.disabled_at is null and p.deleted_at is null and s.verified_at is not null
    )
    select w.message, w.claim, w.region_id, w.endpoint_id, w.delivery_id, t.url, t.secrets, w.webhook_id, b.body
      from messages w
      join bodies b on b.region_id = w.region_id and b.delivery_id = w.delivery_id
      join targets t on t.region_id = w.region_id and t.endpoint_id = w.endpoint_id
     where webhooks.is_entitled(p_endpoint => t.endpoint, p_client => t.client, p_event => b.event)
     order by w.message;
  get diagnostics v_claimed = row_count;
  if v_claimed < v_read then
    perform webhooks.drop_messages(v_messages);
  end if;
end
$$;

alter function jobs.claim_deliveries(integer, integer) owner to scoville_definer;
grant execute on function jobs.claim_deliveries(integer, integer) to scoville_worker;
