-- The endpoint that a command names, locked with its state, or the refusal: WH001 if it does not exist for the caller, ST009 if
-- its version differs from the one that the caller saw, WH007 if it must be active and is not. A command of the owner confirms the
-- endpoint (jobs.pause_unconfirmed_webhooks).
-- Lock order: endpoint_states, then endpoints.
create or replace function webhooks.lock_endpoint(
  p_region_id smallint,
  p_request jsonb,
  p_at_work boolean,
  out endpoint webhooks.endpoints,
  out refusal api.refusal
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_id bigint := webhooks.find_endpoint(p_region_id, p_request ->> 'webhook_id');
begin
  perform app.check_region(p_region_id);
  perform from webhooks.endpoint_states s
    where s.region_id = p_region_id and s.endpoint_id = v_id
    order by s.endpoint_id
      for no key update;
  select p.* into endpoint
    from webhooks.endpoints p
   where p.region_id = p_region_id and p.endpoint_id = v_id and p.deleted_at is null
   order by p.endpoint_id
     for no key update;
  if endpoint.endpoint_id is null then
    refusal := webhooks.missing(p_request ->> 'webhook_id');
    return;
  end if;
  update webhooks.endpoint_states s
     set confirmed_at = app.now()
   where s.region_id = p_region_id and s.endpoint_id = v_id
     and s.owner = coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  if (p_request ->> 'if_match') not in ('*', endpoint.version::text) then
    refusal := app.refuse(p_code => 'ST009',
      p_detail => 'This webhook changed since you read it. Read it again and decide again.');
  elsif p_at_work and (not endpoint.active or endpoint.disabled_at is not null) then
    refusal := app.refuse(p_code => 'WH007', p_pointer => '/active',
      p_detail => 'This webhook is paused or disabled: nothing is sent to it. Set active to true first.');
  end if;
end
$$;

grant execute on function webhooks.lock_endpoint(smallint, jsonb, boolean) to scoville_definer;
