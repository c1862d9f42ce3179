-- Definer: nobody holds a write right on a table; this is the way to have a delivery tried again now, however it ended. One that
-- waits is tried now instead of later; one that is under way is left alone.
-- Lock order: endpoint_states, endpoints (webhooks.lock_endpoint), then deliveries.
create or replace function api.retry_deliveries(
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
  v_status text;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item,
           case when e.value ->> 'delivery_id' ~ '^[0-9]{1,18}$' then (e.value ->> 'delivery_id')::bigint end as id
      from jsonb_array_elements(p_requests) with ordinality e
     order by e.ordinality
  loop
    v_found := webhooks.lock_endpoint(p_region_id, v_item.item, true);
    if v_found.code is null then
      update webhooks.deliveries d
         set status = 'pending', due_at = app.now(), failures = 0, solo_starts = 0, finished_at = null
       where d.region_id = p_region_id and d.endpoint_id = (v_found.endpoint).endpoint_id and d.delivery_id = v_item.id
         and d.status <> 'queued';
      if found then
        return query
          select v_item.nth, null::text, false, d.document::json
            from webhooks.delivery_documents(p_region_id, (v_found.endpoint).endpoint_id, array[v_item.id]) d;
        continue;
      end if;
      select d.status into v_status
        from webhooks.deliveries d
       where d.region_id = p_region_id and d.endpoint_id = (v_found.endpoint).endpoint_id and d.delivery_id = v_item.id;
      v_found.code := case when v_status is null then 'WH005' else 'WH006' end;
      v_found.body := jsonb_build_object('detail', case when v_status is null
        then format('There is no delivery %s of this webhook.', v_item.item ->> 'delivery_id')
        else 'This delivery is being sent at this moment. See what comes of it first.' end);
    end if;
    return query select v_item.nth, v_found.code, false, v_found.body::json;
  end loop;
end
$$;

comment on function api.retry_deliveries(smallint, jsonb) is
  'Tries deliveries again now. An array of {webhook_id, delivery_id}; a result for each, in order.
Errors: WH001 WH005 WH006 WH007';
alter function api.retry_deliveries(smallint, jsonb) owner to scoville_definer;
grant execute on function api.retry_deliveries(smallint, jsonb) to admin, integration;
