-- Definer: no role may write to a table; this function changes the subscription of webhooks. active true also revives a webhook
-- that was given up; it then starts at the end of the log.
-- Lock order: endpoint_states, then endpoints (webhooks.lock_endpoint).
create or replace function api.update_webhooks(
  p_region_id smallint,
  p_changes jsonb
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
  v_refusal api.refusal;
  v_document json;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item
      from jsonb_array_elements(p_changes) with ordinality e
     order by e.ordinality
  loop
    v_found := webhooks.lock_endpoint(p_region_id => p_region_id, p_request => v_item.item, p_at_work => false);
    v_refusal := v_found.refusal;
    if v_refusal is null then
      v_refusal := webhooks.refuse_settings(p_region_id, v_item.item);
    end if;
    if v_refusal is not null then
      return next app.result_of(v_item.nth, v_refusal);
      continue;
    end if;
    perform webhooks.change_endpoint(v_found.endpoint, v_item.item);
    select d.document into v_document from webhooks.documents(p_region_id, array[(v_found.endpoint).endpoint_id]) d;
    return next app.new_result(p_ordinal => v_item.nth, p_body => v_document);
  end loop;
end
$$;

comment on function api.update_webhooks(smallint, jsonb) is
  'Changes webhooks. An array of {webhook_id, if_match, and the members to change}; one result per element, in order. Absent members stay.
Errors: OR008 ST002 ST003 ST009 WH001 WH003';
alter function api.update_webhooks(smallint, jsonb) owner to scoville_definer;
grant execute on function api.update_webhooks(smallint, jsonb) to admin, integration;
