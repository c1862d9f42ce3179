-- Puts due deliveries of these endpoints into the queue, the longest due first, as many as each endpoint has room for. Returns
-- the count. A message holds only ids, so that monitoring of the queue reveals nothing.
-- Writes the queue as pgmq.send_batch does, which composes its statement as text and so has it planned by each call; so do
-- jobs.claim_deliveries (pgmq.read) and jobs.finish_deliveries (pgmq.delete).
-- Locks the deliveries before it changes them, so that the change names them by their key alone: not even stale statistics can
-- make the planner use another index.
-- Lock order: endpoint_states in key order, then deliveries, then the queue.
create or replace function webhooks.enqueue_due(
  p_region_ids smallint[],
  p_endpoint_ids bigint[],
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_sent integer;
begin
  perform from webhooks.endpoint_states s
    join unnest(p_region_ids, p_endpoint_ids) w (region_id, endpoint_id)
      on w.region_id = s.region_id and w.endpoint_id = s.endpoint_id
   order by s.region_id, s.endpoint_id
     for no key update of s;

  with rooms as materialized (
    select r.*
      from webhooks.rooms(p_region_ids => p_region_ids, p_endpoint_ids => p_endpoint_ids, p_now => v_now) r
     where r.room > 0
  ), due as materialized (
    select d.region_id, d.endpoint_id, d.delivery_id, d.due_at
      from rooms r
     cross join lateral (
       select d.region_id, d.endpoint_id, d.delivery_id, d.due_at
         from webhooks.deliveries d
        where d.region_id = r.region_id and d.endpoint_id = r.endpoint_id and d.status = 'pending' and d.due_at <= v_now
        order by d.due_at, d.delivery_id
        limit r.room
          for no key update skip locked) d
     order by d.due_at, d.delivery_id
     limit p_limit
  ), queued as (
    update webhooks.deliveries d
       set status = 'queued'
      from due u
     where d.region_id = u.region_id and d.endpoint_id = u.endpoint_id and d.delivery_id = u.delivery_id
    returning d.region_id, d.endpoint_id, d.delivery_id, u.due_at
  ), sent as (
    insert into pgmq.q_webhook_deliveries (vt, message)
    select clock_timestamp(), jsonb_build_object('region', q.region_id, 'endpoint', q.endpoint_id, 'delivery', q.delivery_id)
      from queued q
     order by q.due_at, q.delivery_id
    returning 1
  ), paced as (
    update webhooks.endpoint_states s
       set paced_until_at = r.paced_from_at + r.pace * q.queued
      from rooms r
     cross join lateral (select count(*) as queued from queued q where q.region_id = r.region_id and q.endpoint_id = r.endpoint_id) q
     where s.region_id = r.region_id and s.endpoint_id = r.endpoint_id and r.pace is not null and q.queued > 0
  )
  select count(*) into v_sent from sent;
  return v_sent;
end
$$;

grant execute on function webhooks.enqueue_due(smallint[], bigint[], integer) to scoville_definer;
