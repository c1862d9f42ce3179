-- Definer: no role may write to the outbox; this function tests webhooks. It writes a real event, which goes through the log and is
-- sent, signed, only to this webhook, whatever its filters. A webhook whose URL is not verified is challenged first.
-- Lock order: endpoint_states, then endpoints (webhooks.lock_endpoint).
create or replace function api.test_webhooks(
  p_region_id smallint,
  p_requests jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_item record;
  v_found record;
  v_id text;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item
      from jsonb_array_elements(p_requests) with ordinality e
     order by e.ordinality
  loop
    v_found := webhooks.lock_endpoint(p_region_id => p_region_id, p_request => v_item.item, p_at_work => true);
    if v_found.refusal is not null then
      return next app.result_of(v_item.nth, v_found.refusal);
      continue;
    end if;
    perform webhooks.ask_for_proof(p_region_id, (v_found.endpoint).endpoint_id);
    v_id := webhooks.public_id(p_region_id, (v_found.endpoint).endpoint_id);
    perform events.emit(
      p_region_id => p_region_id,
      p_type => 'webhook.test',
      p_subject => 'webhooks/' || v_id,
      p_channel_id => null,
      p_warehouse_ids => '{}',
      p_version => (v_found.endpoint).version,
      p_data => jsonb_build_object('webhook_id', v_id, 'url', (v_found.endpoint).url, 'note', 'This is a test.'),
      p_actor => coalesce(v_item.item -> 'meta' ->> 'actor', app.claim_subject()),
      p_request_id => coalesce(v_item.item -> 'meta' ->> 'request_id', app.claim_request_id()));
    return next app.new_result(p_ordinal => v_item.nth, p_body => json_build_object(
      'webhook_id', v_id, 'type', 'webhook.test', 'subject', 'webhooks/' || v_id, 'requested_at', app.rfc3339(app.now())));
  end loop;
end
$$;

comment on function api.test_webhooks(smallint, jsonb) is
  'Sends a test event to webhooks. An array of {webhook_id}; one result per element, in order. Their deliveries show the outcome.
Errors: ST009 WH001 WH007';
alter function api.test_webhooks(smallint, jsonb) owner to scoville_definer;
grant execute on function api.test_webhooks(smallint, jsonb) to admin, integration;
