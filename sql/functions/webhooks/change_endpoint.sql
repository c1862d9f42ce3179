-- Gives a locked endpoint new settings; settings left out stay. An endpoint that starts to receive (again) begins at the present
-- end of the log, with its failures reset. A new URL has to answer the challenge first.
create or replace function webhooks.change_endpoint(
  p_endpoint webhooks.endpoints,
  p_settings jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_active boolean := coalesce((p_settings ->> 'active')::boolean, p_endpoint.active);
  v_takes_up boolean := (p_settings ->> 'active')::boolean and (not p_endpoint.active or p_endpoint.disabled_at is not null);
  v_moves boolean := coalesce(p_settings ->> 'url' <> p_endpoint.url, false);
  v_last_seq bigint := (select s.last_seq from events.stream s);
begin
  update webhooks.endpoints p
     set url = coalesce(p_settings ->> 'url', p.url),
         description = coalesce(p_settings ->> 'description', p.description),
         event_types = case when p_settings ? 'event_types' then app.text_array(p_settings -> 'event_types') else p.event_types end,
         sku_ids = case when p_settings ? 'skus' then app.text_array(p_settings -> 'skus') else p.sku_ids end,
         warehouse_ids = case when p_settings ? 'warehouses' then app.text_array(p_settings -> 'warehouses') else p.warehouse_ids end,
         channel_ids = case when p_settings ? 'channels' then app.text_array(p_settings -> 'channels') else p.channel_ids end,
         rate_per_minute_max = case when p_settings ? 'rate_limit' then (p_settings ->> 'rate_limit')::integer
                                    else p.rate_per_minute_max end,
         requests_at_once_max = coalesce((p_settings ->> 'concurrency')::integer, p.requests_at_once_max),
         active = v_active,
         owner_channels = case when app.claim_role() = 'integration' then coalesce(app.claim_channels(), '{}')
                               else p.owner_channels end,
         from_seq = case when v_takes_up then v_last_seq else p.from_seq end,
         disabled_at = case when not coalesce(v_takes_up, false) then p.disabled_at end,
         disabled_reason = case when not coalesce(v_takes_up, false) then p.disabled_reason end,
         version = p.version + 1, updated_at = app.now(),
         changed_by = coalesce(p_settings -> 'meta' ->> 'actor', app.claim_subject()), change_reason = null,
         request_id = coalesce(p_settings -> 'meta' ->> 'request_id', app.claim_request_id())
   where p.region_id = p_endpoint.region_id and p.endpoint_id = p_endpoint.endpoint_id;
  update webhooks.endpoint_states s
     set verified_at = null
   where v_moves and s.region_id = p_endpoint.region_id and s.endpoint_id = p_endpoint.endpoint_id;
  if v_moves or v_takes_up then
    perform webhooks.ask_for_proof(p_endpoint.region_id, p_endpoint.endpoint_id);
  end if;
  if v_takes_up then
    update webhooks.endpoint_states s
       set requests_at_once = 2, failures_in_row = 0, failing_since_at = null, pauses_in_row = 0, paused_until_at = null
     where s.region_id = p_endpoint.region_id and s.endpoint_id = p_endpoint.endpoint_id;
  end if;
end
$$;

grant execute on function webhooks.change_endpoint(webhooks.endpoints, jsonb) to scoville_definer;
