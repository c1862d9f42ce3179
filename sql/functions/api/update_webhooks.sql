-- Definer: nobody holds a write right on a table; this is the way to change what a webhook is told of. active true also takes up
-- again one that was given up; it then listens from the present end of the log.
-- Lock order: endpoint_states, then endpoints (webhooks.lock_endpoint).
create or replace function api.update_webhooks(
  p_region_id smallint,
  p_changes jsonb
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
  v_refusal jsonb;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item
      from jsonb_array_elements(p_changes) with ordinality e
     order by e.ordinality
  loop
    v_found := webhooks.lock_endpoint(p_region_id, v_item.item, false);
    v_refusal := case when v_found.code is null then webhooks.refuse_settings(p_region_id, v_item.item)
                      else jsonb_build_object('code', v_found.code, 'body', v_found.body) end;
    if v_refusal is not null then
      return query select v_item.nth, v_refusal ->> 'code', false, (v_refusal -> 'body')::json;
      continue;
    end if;
    perform webhooks.change_endpoint(v_found.endpoint, v_item.item);
    return query
      select v_item.nth, null::text, false, d.document::json
        from webhooks.documents(p_region_id, array[(v_found.endpoint).endpoint_id]) d;
  end loop;
end
$$;

comment on function api.update_webhooks(smallint, jsonb) is
  'Changes webhooks. An array of {webhook_id, if_match, and what shall change}; a result for each, in order. What is left out stays.
Errors: OR008 ST002 ST003 ST009 WH001 WH003';
alter function api.update_webhooks(smallint, jsonb) owner to scoville_definer;
grant execute on function api.update_webhooks(smallint, jsonb) to admin, integration;
