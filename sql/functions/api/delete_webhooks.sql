-- Definer: no role may write to a table; this function deletes a webhook. Its secrets are deleted at once. The worker cancels its
-- waiting deliveries. Past deliveries stay in the delivery log for a month, for admins and BI.
-- Lock order: endpoint_states, then endpoints (webhooks.lock_endpoint).
create or replace function api.delete_webhooks(
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
  v_document json;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item
      from jsonb_array_elements(p_requests) with ordinality e
     order by e.ordinality
  loop
    v_found := webhooks.lock_endpoint(p_region_id => p_region_id, p_request => v_item.item, p_at_work => false);
    if v_found.refusal is not null then
      return next app.result_of(v_item.nth, v_found.refusal);
      continue;
    end if;
    select d.document || '{"active": false, "status": "deleted"}' into v_document
      from webhooks.documents(p_region_id, array[(v_found.endpoint).endpoint_id]) d;
    delete from webhooks.secrets s
     where s.region_id = p_region_id and s.endpoint_id = (v_found.endpoint).endpoint_id;
    update webhooks.endpoints p
       set active = false, deleted_at = app.now(), version = p.version + 1, updated_at = app.now(),
           changed_by = coalesce(v_item.item -> 'meta' ->> 'actor', app.claim_subject()), change_reason = 'deleted',
           request_id = coalesce(v_item.item -> 'meta' ->> 'request_id', app.claim_request_id())
     where p.region_id = p_region_id and p.endpoint_id = (v_found.endpoint).endpoint_id;
    return next app.new_result(p_ordinal => v_item.nth, p_body => v_document);
  end loop;
end
$$;

comment on function api.delete_webhooks(smallint, jsonb) is
  'Deletes webhooks. An array of {webhook_id, if_match}; one result per element, in order: the webhook as it was.
Errors: ST009 WH001';
alter function api.delete_webhooks(smallint, jsonb) owner to scoville_definer;
grant execute on function api.delete_webhooks(smallint, jsonb) to admin, integration;
