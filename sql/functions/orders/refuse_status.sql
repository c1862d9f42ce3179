-- The reason why an order cannot be confirmed, held or released, or null.
create or replace function orders.refuse_status(
  p_region_id smallint,
  p_order orders.orders,
  p_route text,
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
    when p_route = 'hold_orders' and coalesce(p_request ->> 'reason', '') = '' then app.refuse(p_code => 'VA001',
      p_pointer => '/reason', p_detail => 'Say why the order has to wait: it is the first question of whoever finds it.')
    when p_order.status = 'canceled' and p_order.status_reason = 'unpaid' and p_route = 'confirm_orders'
      then app.refuse('OR014', 'The order was canceled because it was not paid in time, and its units may be sold. Place it again, '
        'or return the payment.')
    when p_order.status in ('canceled', 'completed')
      then app.refuse('OR014', format('The order is %s: it cannot be confirmed, held or released any more. '
        'status_change says why; place it again if the customer still wants it.', p_order.status))
  end;
$$;

grant execute on function orders.refuse_status(smallint, orders.orders, text, jsonb) to scoville_definer;
