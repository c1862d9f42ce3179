-- Definer: no role may write to a table; this function says that nothing more comes.
create or replace function api.close_purchases(
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
  select r.* from supply.change_purchases(p_region_id => p_region_id, p_route => 'close_purchases', p_requests => p_requests) r;
$$;

comment on function api.close_purchases(smallint, jsonb) is
  'Ends purchases: open units are canceled and no longer incoming, and orders that wait for them get another promised day or none. An array of '
  '{purchase_id, reason, if_match}; one result per element, in order.
Errors: ID001 ID002 ST009 SU001 SU002 VA001';
alter function api.close_purchases(smallint, jsonb) owner to scoville_definer;
grant execute on function api.close_purchases(smallint, jsonb) to admin;
