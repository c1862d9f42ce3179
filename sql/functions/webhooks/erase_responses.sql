-- Empties what endpoints answered to these events: an answer may repeat the event. Returns the number of such attempts. A worker that is
-- sending one reports later, and webhooks.record_attempts keeps nothing of its answer: it waits for the endpoint_states.
-- Lock order: endpoint_states by (region, endpoint), then attempts.
create or replace function webhooks.erase_responses(
  p_region_id smallint,
  p_seqs bigint[]
)
  returns bigint
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_endpoints bigint[];
  v_erased bigint := 0;
begin
  if p_seqs = '{}' then
    return 0;
  end if;
  v_endpoints := array(
    select s.endpoint_id
      from webhooks.endpoint_states s
     where s.region_id = p_region_id
     order by s.endpoint_id
       for no key update);
  update webhooks.attempts a
     set response = ''
   where a.region_id = p_region_id and a.endpoint_id = any (v_endpoints) and a.delivery_id = any (p_seqs) and a.response <> '';
  get diagnostics v_erased = row_count;
  return v_erased;
end
$$;

grant execute on function webhooks.erase_responses(smallint, bigint[]) to scoville_definer;
