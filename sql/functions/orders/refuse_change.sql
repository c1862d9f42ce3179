-- The reason why this change of an order is not possible, or null. While anything is open, everything can be changed but what was
-- shipped (orders.settle_lines).
create or replace function orders.refuse_change(
  p_region_id smallint,
  p_order orders.orders,
  p_request jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_order.order_id is null then orders.refuse_missing(p_region_id, p_request ->> 'order_id')
    when not orders.is_version(p_request ->> 'if_match', p_order.version)
      then app.refuse('ST009', 'This order changed since you read it. Read it again and decide again.')
    when p_order.status in ('canceled', 'completed')
      then app.refuse('OR010', format('The order is %s and cannot be changed. Place a new one.', p_order.status))
  end;
$$;

grant execute on function orders.refuse_change(smallint, orders.orders, jsonb) to scoville_definer;
