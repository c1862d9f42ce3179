-- Definer: the worker may not write to tables; this function creates deliveries of events and fills the queue.
-- Creates the deliveries of the next events, at most p_limit events, and enqueues due deliveries. Returns the number of events that it
-- processed, or -1 if another session is dispatching. The cursor moves in the same transaction, so an event is dispatched once.
-- The cursor is in the same database as the log that it reads, so both are restored together. Events that the log no longer has are
-- skipped.
-- p_backlog_max: dispatches no event while more than that many deliveries are due and not in the queue. A worker passes it when it
-- falls behind: more deliveries would arrive no sooner and would slow down writers, so the events wait in the log. Slow endpoints
-- are no reason: a worker that keeps up passes null.
-- The commit need not wait for the disk. A crash that loses it also loses the cursor, and no message that it enqueued was sent, because
-- a claim waits for the disk, and so for everything written before.
-- Lock order: dispatchers, then endpoint_states, deliveries, the queue.
create or replace function jobs.dispatch_webhooks(
  p_limit integer,
  p_backlog_max integer default null
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
as $$
declare
  v_after bigint;
  v_until bigint;
  v_region_ids smallint[];
  v_endpoint_ids bigint[];
begin
  perform set_config('synchronous_commit', 'off', true);
  select d.last_seq into v_after from webhooks.dispatchers d order by d.dispatcher_id for no key update skip locked;
  if not found then
    return -1;
  end if;
  select greatest(s.first_seq - 1, least(v_after, s.last_seq)), s.last_seq into v_after, v_until from events.stream s;
  v_until := least(v_until, v_after + p_limit);
  if webhooks.has_backlog(p_backlog_max, app.now()) then
    v_until := v_after;
  end if;
  if v_until > v_after then
    perform webhooks.make_deliveries(v_after, v_until);
    update webhooks.dispatchers d set last_seq = v_until;
  end if;
  select array_agg(w.region_id), array_agg(w.endpoint_id) into v_region_ids, v_endpoint_ids
    from webhooks.waiting_endpoints(app.now()) w;
  if v_region_ids is not null then
    perform webhooks.enqueue_due(p_region_ids => v_region_ids, p_endpoint_ids => v_endpoint_ids, p_limit => p_limit);
  end if;
  return v_until - v_after;
end
$$;

alter function jobs.dispatch_webhooks(integer, integer) owner to scoville_definer;
grant execute on function jobs.dispatch_webhooks(integer, integer) to scoville_worker;
