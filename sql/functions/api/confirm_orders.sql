-- Definer: no role may write to a table; this function confirms that orders were paid.
-- An order that is already confirmed is returned as it is, so the call may be repeated.
-- Lock order: stock_levels, then orders (orders.lock_orders).
create or replace function api.confirm_orders(
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
  select r.* from orders.change_statuses(p_region_id => p_region_id, p_route => 'confirm_orders', p_requests => p_requests) r;
$$;

comment on function api.confirm_orders(smallint, jsonb) is
  'Confirms that unpaid orders were paid: pending becomes processing. An array of {order_id, reason, if_match}; one result per '
  'element, in order. Possible until somebody cancels the order, even after unpaid_until. A held order stays on hold, and is '
  'processing when it is released.
Errors: ID001 ID002 OR002 OR011 OR014 ST009 VA001';
alter function api.confirm_orders(smallint, jsonb) owner to scoville_definer;
grant execute on function api.confirm_orders(smallint, jsonb) to admin, sales, integration;
