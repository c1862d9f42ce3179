-- Writes a new endpoint, which receives from the present end of the log once its URL has answered the challenge, and returns its id.
create or replace function webhooks.create_endpoint(
  p_region_id smallint,
  p_owner text,
  p_settings jsonb
)
  returns bigint
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_id bigint;
begin
  insert into webhooks.endpoints
    (region_id, url, description, event_types, sku_ids, warehouse_ids, channel_ids, rate_per_minute_max, requests_at_once_max,
     active, owner, owner_role, owner_channels, from_seq, created_at, updated_at, changed_by, request_id)
  values (p_region_id, p_settings ->> 'url', coalesce(p_settings ->> 'description', ''),
          app.text_array(p_settings -> 'event_types'), app.text_array(p_settings -> 'skus'),
          app.text_array(p_settings -> 'warehouses'), app.text_array(p_settings -> 'channels'),
          (p_settings ->> 'rate_limit')::integer, coalesce((p_settings ->> 'concurrency')::integer, 10),
          coalesce((p_settings ->> 'active')::boolean, true), p_owner, app.claim_role(), coalesce(app.claim_channels(), '{}'),
          (select s.last_seq from events.stream s), app.now(), app.now(), p_owner,
          coalesce(p_settings -> 'meta' ->> 'request_id', app.claim_request_id()))
  returning endpoint_id into v_id;
  insert into webhooks.endpoint_states (region_id, endpoint_id, owner, challenge_due_at, confirmed_at)
  values (p_region_id, v_id, p_owner, app.now(), app.now());
  return v_id;
end
$$;

grant execute on function webhooks.create_endpoint(smallint, text, jsonb) to scoville_definer;
