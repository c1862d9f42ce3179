-- Makes a delivery of every event after p_after, up to p_until, for each endpoint that wants it. Either for all active endpoints;
-- or for one endpoint, including events before its from_seq (a replay: finished deliveries become pending again). Returns the
-- count.
-- A replay leaves to the dispatcher the events that the dispatcher has not reached and will deliver. Otherwise the two would wait
-- for each other, one for the delivery, the other for the state of the endpoint.
create or replace function webhooks.make_deliveries(
  p_after bigint,
  p_until bigint,
  p_region_id smallint default null,
  p_endpoint_id bigint default null
)
  returns integer
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_made integer;
begin
  insert into webhooks.deliveries as d
    (region_id, endpoint_id, delivery_id, owner, event_id, type, subject, recorded_at, status, due_at, created_at)
  select p.region_id, p.endpoint_id, e.seq, p.owner, e.epoch || ':' || e.seq, e.type, e.subject, e.recorded_at, 'pending',
         app.now(), app.now()
    from events.event_log e
    join webhooks.endpoints p
      on e.region_id in (0, p.region_id) and p.active and p.disabled_at is null and p.deleted_at is null
    left join identity.clients c on c.client_id = p.owner
   where e.seq > p_after and e.seq <= p_until
     and case when p_endpoint_id is null then e.seq > p.from_seq
              else p.region_id = p_region_id and p.endpoint_id = p_endpoint_id
               and (e.seq <= p.from_seq or e.seq <= (select d.last_seq from webhooks.dispatchers d)) end
     and webhooks.wants(p, e)
     and webhooks.is_entitled(p_endpoint => p, p_client => c, p_event => e)
   order by e.seq, p.region_id, p.endpoint_id
  on conflict on constraint deliveries_pkey do update
     set status = 'pending', due_at = excluded.due_at, failures = 0, solo_starts = 0, finished_at = null
   where p_endpoint_id is not null and d.finished_at is not null;
  get diagnostics v_made = row_count;
  return v_made;
end
$$;

grant execute on function webhooks.make_deliveries(bigint, bigint, smallint, bigint) to scoville_definer;
