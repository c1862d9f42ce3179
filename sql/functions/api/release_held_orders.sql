-- Definer: no role may write to a table; this function releases orders from hold.
-- An order that is not on hold is returned as it is, so the call may be repeated.
-- Lock order: stock_levels, then orders (orders.lock_orders).
create or replace function api.release_held_orders(
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
  select r.* from orders.change_statuses(p_region_id => p_region_id, p_route => 'release_held_orders', p_requests => p_requests) r;
$$;

comment on function api.release_held_orders(smallint, jsonb) is
  'Releases orders from hold: they become what they were, pending with the time to pay that was left, or processing. An array '
  'of {order_id, reason, if_match}; one result per element, in order.
Errors: ID001 ID002 OR002 OR011 OR014 ST009 VA001';
alter function api.release_held_orders(smallint, jsonb) owner to scoville_definer;
grant execute on function api.release_held_orders(smallint, jsonb) to admin, sales, integration;
