-- Definer: no role may write to a table; this function approves returns.
create or replace function api.approve_returns(
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
  select r.* from orders.decide_returns(p_region_id => p_region_id, p_route => 'approve_returns', p_status => 'approved', p_requests => p_requests) r;
$$;

comment on function api.approve_returns(smallint, jsonb) is
  'Admits returns: from now on their units can be received. An array of {return_id, reason, if_match}; one result per element, in order.
Errors: ID001 ID002 RT001 RT003 ST009 VA001';
alter function api.approve_returns(smallint, jsonb) owner to scoville_definer;
grant execute on function api.approve_returns(smallint, jsonb) to admin, sales;
