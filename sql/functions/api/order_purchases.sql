-- Definer: no role may write to a table; this function says that purchases were ordered.
create or replace function api.order_purchases(
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
  select r.* from supply.change_purchases(p_region_id => p_region_id, p_route => 'order_purchases', p_requests => p_requests) r;
$$;

comment on function api.order_purchases(smallint, jsonb) is
  'Orders purchases: their units are incoming, and orders that wait are promised a day. An array of {purchase_id, if_match}; one result per '
  'element, in order.
Errors: ID001 ID002 ST009 SU001 SU002 SU004';
alter function api.order_purchases(smallint, jsonb) owner to scoville_definer;
grant execute on function api.order_purchases(smallint, jsonb) to admin;
