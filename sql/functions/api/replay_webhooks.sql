-- Definer: nobody holds a write right on a table; this is the way to send events of the log (again): a range of seq, through the
-- filters and rights of the webhook, whether it listened at the time or not. The same event keeps its message id.
-- Lock order: endpoint_states, endpoints (webhooks.lock_endpoint), then deliveries.
create or replace function api.replay_webhooks(
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
  c_events_max constant integer := 10000;
  v_item record;
  v_found record;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item, (e.value ->> 'from_seq')::bigint as from_seq,
           (e.value ->> 'to_seq')::bigint as to_seq, s.first_seq, s.last_seq
      from jsonb_array_elements(p_requests) with ordinality e cross join events.stream s
     order by e.ordinality
  loop
    v_found := webhooks.lock_endpoint(p_region_id, v_item.item, true);
    if v_found.code is null and (v_item.from_seq > v_item.to_seq or v_item.to_seq - v_item.from_seq >= c_events_max) then
      v_found.code := 'VA001';
      v_found.body := app.refusal(format(
        'to_seq must not lie before from_seq, and a range holds at most %s events.', c_events_max), '/to_seq');
    elsif v_found.code is null and (v_item.from_seq < v_item.first_seq or v_item.to_seq > v_item.last_seq) then
      v_found.code := 'VA001';
      v_found.body := app.refusal(format(
        'The log holds the events %s to %s.', v_item.first_seq, v_item.last_seq),
        case when v_item.from_seq < v_item.first_seq then '/from_seq' else '/to_seq' end);
    end if;
    if v_found.code is not null then
      return query select v_item.nth, v_found.code, false, v_found.body::json;
      continue;
    end if;
    return query
      select v_item.nth, null::text, false, json_build_object(
        'webhook_id', webhooks.public_id(p_region_id, (v_found.endpoint).endpoint_id),
        'from_seq', v_item.from_seq, 'to_seq', v_item.to_seq,
        'deliveries', webhooks.make_deliveries(v_item.from_seq - 1, v_item.to_seq, p_region_id, (v_found.endpoint).endpoint_id));
  end loop;
end
$$;

comment on function api.replay_webhooks(smallint, jsonb) is
  'Sends events of the log (again). An array of {webhook_id, from_seq, to_seq}; a result for each, in order: how many deliveries.
Errors: VA001 WH001 WH007';
alter function api.replay_webhooks(smallint, jsonb) owner to scoville_definer;
grant execute on function api.replay_webhooks(smallint, jsonb) to admin, integration;
