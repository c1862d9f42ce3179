-- Definer: no role may write to a table; this function refuses returns.
create or replace function api.refuse_returns(
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
  select r.* from orders.decide_returns(p_region_id => p_region_id, p_route => 'refuse_returns', p_status => 'refused', p_requests => p_requests) r;
$$;

comment on function api.refuse_returns(smallint, jsonb) is
  'Refuses returns of which nothing has come. An array of {return_id, reason, if_match}; one result per element, in order.
Errors: ID001 ID002 RT001 RT003 ST009 VA001';
alter function api.refuse_returns(smallint, jsonb) owner to scoville_definer;
grant execute on function api.refuse_returns(smallint, jsonb) to admin, sales;
