-- Definer: the worker may not write to tables; this function disables webhooks whose owner has gone.
-- A client of ours loses its webhooks' events with its rights (webhooks.is_entitled). Of the owner of another token, from an issuer or
-- `scoville token`, nothing shows that it still has one, except a command about the webhook. Without one for p_seconds the
-- webhook is disabled, at most p_limit per call. Returns the number.
-- Lock order: endpoint_states, then endpoints.
create or replace function jobs.pause_unconfirmed_webhooks(
  p_seconds integer,
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_region_ids smallint[];
  v_endpoint_ids bigint[];
begin
  with held as materialized (
    select s.region_id, s.endpoint_id
      from webhooks.endpoint_states s
      join webhooks.endpoints p on p.region_id = s.region_id and p.endpoint_id = s.endpoint_id
     where s.confirmed_at <= app.now() - p_seconds * interval '1 second'
       and p.active and p.disabled_at is null and p.deleted_at is null
       and not exists (select from identity.clients c where c.client_id = p.owner)
     order by s.region_id, s.endpoint_id
     limit p_limit
       for no key update of s
  )
  select array_agg(h.region_id), array_agg(h.endpoint_id) into v_region_ids, v_endpoint_ids from held h;
  if v_region_ids is null then
    return 0;
  end if;
  perform webhooks.disable_endpoints(p_region_ids => v_region_ids, p_endpoint_ids => v_endpoint_ids,
    p_reasons => array_fill('unconfirmed'::text, array[cardinality(v_region_ids)]));
  return cardinality(v_region_ids);
end
$$;

alter function jobs.pause_unconfirmed_webhooks(integer, integer) owner to scoville_definer;
grant execute on function jobs.pause_unconfirmed_webhooks(integer, integer) to scoville_worker;
