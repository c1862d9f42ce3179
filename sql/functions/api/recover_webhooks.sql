-- Definer: no role may write to a table; this function repairs the effects of an outage. It sends again all deliveries since a
-- time that failed, were canceled or were quarantined. The number per call is limited; more says whether others remain.
-- Lock order: endpoint_states, endpoints (webhooks.lock_endpoint), then deliveries.
create or replace function api.recover_webhooks(
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
  c_deliveries_max constant integer := 10000;
  v_item record;
  v_found record;
  v_ids bigint[];
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item, (e.value ->> 'since')::timestamptz as since
      from jsonb_array_elements(p_requests) with ordinality e
     order by e.ordinality
  loop
    v_found := webhooks.lock_endpoint(p_region_id => p_region_id, p_request => v_item.item, p_at_work => true);
    if v_found.refusal is null and v_item.since is null then
      v_found.refusal := app.refuse(p_code => 'VA001', p_pointer => '/since',
        p_detail => 'Say since when what failed is sent again: since is missing.');
    end if;
    if v_found.refusal is null then
      v_found.refusal := webhooks.refuse_replay(v_found.endpoint);
    end if;
    if v_found.refusal is not null then
      return next app.result_of(v_item.nth, v_found.refusal);
      continue;
    end if;
    v_ids := array(
      select d.delivery_id
        from webhooks.deliveries d
       where d.region_id = p_region_id and d.endpoint_id = (v_found.endpoint).endpoint_id and d.created_at >= v_item.since
         and d.status in ('failed', 'canceled', 'quarantined')
       order by d.delivery_id
       limit c_deliveries_max + 1);
    update webhooks.deliveries d
       set status = 'pending', due_at = app.now(), failures = 0, solo_starts = 0, finished_at = null
     where d.region_id = p_region_id and d.endpoint_id = (v_found.endpoint).endpoint_id
       and d.delivery_id = any (v_ids[:c_deliveries_max]);
    return next app.new_result(p_ordinal => v_item.nth, p_body => json_build_object(
      'webhook_id', webhooks.public_id(p_region_id, (v_found.endpoint).endpoint_id),
      'deliveries', webhooks.count_replay(p_region_id => p_region_id, p_endpoint_id => (v_found.endpoint).endpoint_id,
        p_deliveries => least(cardinality(v_ids), c_deliveries_max)),
      'more', cardinality(v_ids) > c_deliveries_max));
  end loop;
end
$$;

comment on function api.recover_webhooks(smallint, jsonb) is
  'Sends failed deliveries since a time again. An array of {webhook_id, since}; one result per element, in order: the number of '
  'deliveries, and whether more remain.
Errors: VA001 WH001 WH007 WH008';
alter function api.recover_webhooks(smallint, jsonb) owner to scoville_definer;
grant execute on function api.recover_webhooks(smallint, jsonb) to admin, integration;
