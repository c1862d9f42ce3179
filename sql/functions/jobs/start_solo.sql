-- Definer: the worker may not write to tables; this function records messages that a worker sends alone.
-- Records that a worker begins to send a message alone, and gives it p_seconds from now. Returns whether it may send: false if it has
-- lost the claim, or if the delivery has changed in the meantime.
-- Lock order: the queue's messages, then deliveries.
create or replace function jobs.start_solo(
  p_message_id bigint,
  p_claim integer,
  p_region_id smallint,
  p_endpoint_id bigint,
  p_delivery_id bigint,
  p_seconds integer
)
  returns boolean
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
as $$
declare
  v_until timestamptz := clock_timestamp() + make_interval(secs => p_seconds); -- the queue's clock
begin
  update pgmq.q_webhook_deliveries q
     set vt = v_until
   where q.msg_id = p_message_id and q.read_ct = p_claim;
  if not found then
    return false;
  end if;
  update webhooks.deliveries d
     set solo_starts = d.solo_starts + 1
   where d.region_id = p_region_id and d.endpoint_id = p_endpoint_id and d.delivery_id = p_delivery_id and d.status = 'queued';
  return found;
end
$$;

alter function jobs.start_solo(bigint, integer, smallint, bigint, bigint, integer) owner to scoville_definer;
grant execute on function jobs.start_solo(bigint, integer, smallint, bigint, bigint, integer) to scoville_worker;
