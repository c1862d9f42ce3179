-- Definer: no role may write to a table; this function tries a delivery again now, however it ended. A waiting delivery is tried now
-- instead of later; a delivery that is being sent is left alone.
-- Lock order: endpoint_states, endpoints (webhooks.lock_endpoint), then deliveries.
create or replace function api.retry_deliveries(
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
    select e.ordinality::integer as nth, e.value as item,
           case when e.value ->> 'delivery_id' ~ '^[0-9]{1,18}$' then (e.value ->> 'delivery_id')::bigint end as id
      from jsonb_array_elements(p_requests) with ordinality e
     order by e.ordinality
  loop
    v_found := webhooks.lock_endpoint(p_region_id => p_region_id, p_request => v_item.item, p_at_work => true);
    if v_found.refusal is not null then
      return next app.result_of(v_item.nth, v_found.refusal);
      continue;
    end if;
    update webhooks.deliveries d
       set status = 'pending', due_at = app.now(), failures = 0, solo_starts = 0, finished_at = null
     where d.region_id = p_region_id and d.endpoint_id = (v_found.endpoint).endpoint_id and d.delivery_id = v_item.id
       and d.status <> 'queued';
    if found then
      select d.document into v_document
        from webhooks.delivery_documents(
               p_region_id => p_region_id,
               p_endpoint_id => (v_found.endpoint).endpoint_id,
               p_delivery_ids => array[v_item.id]) d;
      return next app.new_result(p_ordinal => v_item.nth, p_body => v_document);
    elsif exists (select from webhooks.deliveries d
                   where d.region_id = p_region_id and d.endpoint_id = (v_found.endpoint).endpoint_id
                     and d.delivery_id = v_item.id) then
      return next app.result_of(v_item.nth, app.refuse_lines(p_code => 'WH006',
        p_detail => 'This delivery is being sent now. Wait for its result first.'));
    else
      return next app.result_of(v_item.nth, app.refuse_lines(p_code => 'WH005',
        p_detail => format('This webhook has no delivery %s.', v_item.item ->> 'delivery_id')));
    end if;
  end loop;
end
$$;

comment on function api.retry_deliveries(smallint, jsonb) is
  'Tries deliveries again now. An array of {webhook_id, delivery_id}; one result per element, in order.
Errors: WH001 WH005 WH006 WH007';
alter function api.retry_deliveries(smallint, jsonb) owner to scoville_definer;
grant execute on function api.retry_deliveries(smallint, jsonb) to admin, integration;
