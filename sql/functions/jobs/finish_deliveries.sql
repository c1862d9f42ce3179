-- Definer: the worker may not write to tables; this function records attempts and empties the queue.
-- Takes a worker's reports on attempts: [{message_id, claim, region_id, endpoint_id, delivery_id, started_at, duration_ms,
-- status_code, error, retry_after, response}]. Then enqueues as many deliveries as now fit, and returns their number.
-- Fenced: a report counts only while the message still carries the claim; a late report changes nothing.
-- 2xx means delivered. Every other outcome failed, including redirects: the delivery is retried after webhooks.retry_delay, not before
-- Retry-After (at most a day), and given up after the last attempt. 410 gives up the endpoint.
-- The commit need not wait for the disk: attempts that a crash loses are sent again, as if the worker had died.
-- Lock order: the queue's messages, then endpoint_states, deliveries.
create or replace function jobs.finish_deliveries(
  p_reports jsonb
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
  v_held bigint[];
  v_health jsonb;
  v_region_ids smallint[];
  v_endpoint_ids bigint[];
  v_now timestamptz := app.now();
begin
  perform set_config('synchronous_commit', 'off', true);
  select array_agg(h.msg_id) into v_held
    from (select q.msg_id
            from pgmq.q_webhook_deliveries q
            join jsonb_to_recordset(p_reports) r (message_id bigint, claim integer)
              on q.msg_id = r.message_id and q.read_ct = r.claim
           order by q.msg_id
             for update of q) h;
  if v_held is null then
    return 0;
  end if;
  delete from pgmq.q_webhook_deliveries q where q.msg_id = any (v_held);
  v_health := webhooks.record_attempts(p_reports, v_held);
  perform webhooks.record_health(v_health);
  select array_agg(h.region_id), array_agg(h.endpoint_id) into v_region_ids, v_endpoint_ids
    from jsonb_to_recordset(v_health) h (region_id smallint, endpoint_id bigint)
   where exists (select from webhooks.deliveries d
                  where d.region_id = h.region_id and d.endpoint_id = h.endpoint_id and d.status = 'pending' and d.due_at <= v_now);
  if v_region_ids is null then
    return 0;
  end if;
  return webhooks.enqueue_due(p_region_ids => v_region_ids, p_endpoint_ids => v_endpoint_ids, p_limit => 1000);
end
$$;

alter function jobs.finish_deliveries(jsonb) owner to scoville_definer;
grant execute on function jobs.finish_deliveries(jsonb) to scoville_worker;
