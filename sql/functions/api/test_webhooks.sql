-- Definer: nobody writes events by hand; this is the way to try a webhook. A real event, which goes through the log and is sent,
-- signed, to this webhook only, whatever its filters.
-- Lock order: endpoint_states, then endpoints (webhooks.lock_endpoint).
create or replace function api.test_webhooks(
  p_region_id smallint,
  p_requests jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json)
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
    v_found := webhooks.lock_endpoint(p_region_id, v_item.item, true);
    if v_found.code is not null then
      return query select v_item.nth, v_found.code, false, v_found.body::json;
      continue;
    end if;
    v_id := webhooks.public_id(p_region_id, (v_found.endpoint).endpoint_id);
    perform events.emit(p_region_id, 'webhook.test', 'webhooks/' || v_id, null, '{}', (v_found.endpoint).version,
      jsonb_build_object('webhook_id', v_id, 'url', (v_found.endpoint).url, 'note', 'This is a test.'),
      coalesce(v_item.item -> 'meta' ->> 'actor', app.claim_subject()),
      coalesce(v_item.item -> 'meta' ->> 'request_id', app.claim_request_id()));
    return query select v_item.nth, null::text, false, json_build_object('webhook_id', v_id, 'type', 'webhook.test',
      'subject', 'webhooks/' || v_id, 'requested_at', app.rfc3339(app.now()));
  end loop;
end
$$;

comment on function api.test_webhooks(smallint, jsonb) is
  'Sends a test to webhooks. An array of {webhook_id}; a result for each, in order. What came of it stands in their deliveries.
Errors: ST009 WH001 WH007';
alter function api.test_webhooks(smallint, jsonb) owner to scoville_definer;
grant execute on function api.test_webhooks(smallint, jsonb) to admin, integration;
