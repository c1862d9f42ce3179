-- Definer: no role may write to a table; this function sends events of the log (again): a range of seq, filtered by the filters and
-- rights of the webhook, whether or not it was subscribed at the time. An event keeps its message ID.
-- Lock order: endpoint_states, endpoints (webhooks.lock_endpoint), then deliveries.
create or replace function api.replay_webhooks(
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
  c_events_max constant integer := 10000;
  v_item record;
  v_found record;
  v_refusal api.refusal;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item, (e.value ->> 'from_seq')::bigint as from_seq,
           (e.value ->> 'to_seq')::bigint as to_seq, s.first_seq, s.last_seq
      from jsonb_array_elements(p_requests) with ordinality e cross join events.stream s
     order by e.ordinality
  loop
    v_found := webhooks.lock_endpoint(p_region_id => p_region_id, p_request => v_item.item, p_at_work => true);
    v_refusal := v_found.refusal;
    if v_refusal is null and (v_item.from_seq is null or v_item.to_seq is null) then
      v_refusal := app.refuse(p_code => 'VA001', p_detail => 'Say which events: from_seq is the first, to_seq the last.',
        p_pointer => case when v_item.from_seq is null then '/from_seq' else '/to_seq' end);
    elsif v_refusal is null and (v_item.from_seq > v_item.to_seq or v_item.to_seq - v_item.from_seq >= c_events_max) then
      v_refusal := app.refuse(p_code => 'VA001', p_pointer => '/to_seq', p_detail => format(
        'to_seq must not be less than from_seq, and a range contains at most %s events.', c_events_max));
    elsif v_refusal is null and (v_item.from_seq < v_item.first_seq or v_item.to_seq > v_item.last_seq) then
      v_refusal := app.refuse(p_code => 'VA001',
        p_detail => format('The log contains the events %s to %s.', v_item.first_seq, v_item.last_seq),
        p_pointer => case when v_item.from_seq < v_item.first_seq then '/from_seq' else '/to_seq' end);
    end if;
    if v_refusal is null then
      v_refusal := webhooks.refuse_replay(v_found.endpoint);
    end if;
    if v_refusal is not null then
      return next app.result_of(v_item.nth, v_refusal);
      continue;
    end if;
    return next app.new_result(p_ordinal => v_item.nth, p_body => json_build_object(
      'webhook_id', webhooks.public_id(p_region_id, (v_found.endpoint).endpoint_id),
      'from_seq', v_item.from_seq,
      'to_seq', v_item.to_seq,
      'deliveries', webhooks.count_replay(p_region_id => p_region_id, p_endpoint_id => (v_found.endpoint).endpoint_id,
        p_deliveries => webhooks.make_deliveries(
          p_after => v_item.from_seq - 1,
          p_until => v_item.to_seq,
          p_region_id => p_region_id,
          p_endpoint_id => (v_found.endpoint).endpoint_id))));
  end loop;
end
$$;

comment on function api.replay_webhooks(smallint, jsonb) is
  'Sends events of the log (again). An array of {webhook_id, from_seq, to_seq}; one result per element, in order: the number of deliveries.
Errors: VA001 WH001 WH007 WH008';
alter function api.replay_webhooks(smallint, jsonb) owner to scoville_definer;
grant execute on function api.replay_webhooks(smallint, jsonb) to admin, integration;
