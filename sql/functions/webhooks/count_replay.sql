-- Counts deliveries that are sent again at the owner's request, for webhooks.refuse_replay. Returns their number.
-- Called with the endpoint_states locked.
create or replace function webhooks.count_replay(
  p_region_id smallint,
  p_endpoint_id bigint,
  p_deliveries integer
)
  returns integer
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_hour timestamptz := date_trunc('hour', app.now());
begin
  update webhooks.endpoint_states s
     set replayed = p_deliveries + case when s.replayed_from_at = v_hour then s.replayed else 0 end, replayed_from_at = v_hour
   where s.region_id = p_region_id and s.endpoint_id = p_endpoint_id;
  return p_deliveries;
end
$$;

grant execute on function webhooks.count_replay(smallint, bigint, integer) to scoville_definer;
