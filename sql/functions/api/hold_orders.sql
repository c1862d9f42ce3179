-- Definer: no role may write to a table; this function puts orders on hold.
-- An order on hold for the same reason is returned as it is, so the call may be repeated.
-- Lock order: stock_levels, then orders (orders.lock_orders).
create or replace function api.hold_orders(
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
  select r.* from orders.change_statuses(p_region_id => p_region_id, p_route => 'hold_orders', p_requests => p_requests) r;
$$;

comment on function api.hold_orders(smallint, jsonb) is
  'Puts orders on hold: they keep their units and are not shipped, and the time to pay stands still. An array of {order_id, '
  'reason, if_match}; one result per element, in order.
Errors: ID001 ID002 OR002 OR011 OR014 ST009 VA001';
alter function api.hold_orders(smallint, jsonb) owner to scoville_definer;
grant execute on function api.hold_orders(smallint, jsonb) to admin, sales, integration;
