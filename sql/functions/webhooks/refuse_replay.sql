-- The refusal of more replays of the owner's webhooks of a region in this hour, or null. The hours are those of the clock.
create or replace function webhooks.refuse_replay(
  p_endpoint webhooks.endpoints
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  c_deliveries_max constant integer := 50000;
  v_hour timestamptz := date_trunc('hour', app.now());
  v_replayed bigint := (
    select sum(s.replayed)
      from webhooks.endpoint_states s
     where s.region_id = p_endpoint.region_id and s.owner = p_endpoint.owner and s.replayed_from_at = v_hour);
begin
  if v_replayed >= c_deliveries_max then
    return app.refuse(p_code => 'WH008', p_detail => format(
      'The webhooks of %s were sent %s events again in this hour; the limit is %s. Repeat the request at %s.', p_endpoint.owner,
      v_replayed, c_deliveries_max, app.rfc3339(v_hour + interval '1 hour')),
      p_facts => jsonb_build_object('retry_after', ceil(extract(epoch from v_hour + interval '1 hour' - app.now()))::integer));
  end if;
  return null;
end
$$;

grant execute on function webhooks.refuse_replay(webhooks.endpoints) to scoville_definer;
