-- Definer: no role may write to a table; this function gives up units that will not come back.
create or replace function api.close_returns(
  p_region_id smallint,
  p_requests jsonb
)
  returns setof api.result
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select r.* from orders.decide_returns(p_region_id => p_region_id, p_route => 'close_returns', p_status => 'closed', p_requests => p_requests) r;
$$;

comment on function api.close_returns(smallint, jsonb) is
  'Gives up what has not come of returns. An array of {return_id, reason, if_match}; one result per element, in order. A return closes when it
is said of all its units what became of them.
Errors: ID001 ID002 RT001 RT003 ST009 VA001';
alter function api.close_returns(smallint, jsonb) owner to scoville_definer;
grant execute on function api.close_returns(smallint, jsonb) to admin, sales;
