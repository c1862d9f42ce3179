-- Removes from the queue the messages that jobs.claim_deliveries does not hand out. Either the message kills workers
-- (quarantined); or the endpoint was disabled or deleted, the event is no longer kept, or the owner may no longer see it
-- (canceled); or the owner paused the endpoint, or gave it a URL that is not verified yet (pending, until that changes); or the
-- delivery is no longer queued.
create or replace function webhooks.drop_messages(
  p_messages jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
  set enable_nestloop = on
  set enable_hashjoin = off
  set enable_mergejoin = off
as $$
declare
  v_dropped bigint[];
begin
  with judged as materialized (
    select m.message, m.region, m.endpoint, m.delivery,
           case when d.status is distinct from 'queued' then 'none'
                when p.deleted_at is not null or p.disabled_at is not null or e.seq is null
                     or not webhooks.is_entitled(p_endpoint => p, p_client => c, p_event => e) then 'canceled'
                when webhooks.is_poison(m.claim, d.solo_starts) then 'quarantined'
                when not p.active or s.verified_at is null then 'pending' end as verdict
      from jsonb_to_recordset(p_messages) m (message bigint, claim integer, region smallint, endpoint bigint,
             delivery bigint)
      left join webhooks.deliveries d on d.region_id = m.region and d.endpoint_id = m.endpoint and d.delivery_id = m.delivery
      left join webhooks.endpoints p on p.region_id = m.region and p.endpoint_id = m.endpoint
      left join webhooks.endpoint_states s on s.region_id = m.region and s.endpoint_id = m.endpoint
      left join identity.clients c on c.client_id = p.owner
      left join events.event_log e
        on e.region_id in (0, m.region) and e.recorded_at = d.recorded_at and e.seq = m.delivery
  ), kept as (
    update webhooks.deliveries d
       set status = j.verdict, finished_at = case when j.verdict <> 'pending' then app.now() end
      from judged j
     where d.region_id = j.region and d.endpoint_id = j.endpoint and d.delivery_id = j.delivery
       and j.verdict in ('canceled', 'quarantined', 'pending')
  )
  select coalesce(array_agg(j.message), '{}') into v_dropped from judged j where j.verdict is not null;
  if v_dropped <> '{}' then
    delete from pgmq.q_webhook_deliveries q where q.msg_id = any (v_dropped);
  end if;
end
$$;

grant execute on function webhooks.drop_messages(jsonb) to scoville_definer;
