-- The refusal to ship an order that is not paid or on hold, or null.
create or replace function orders.refuse_shipment(
  p_order orders.orders
)
  returns api.refusal
  language plpgsql
  immutable
  set search_path = ''
as $$
begin
  return case p_order.status
    when 'pending' then app.refuse('OR013', 'The order is not paid: its units are kept for it, but not shipped. When the '
      'payment has arrived, confirm it with POST /v1/orders/{order_id}/confirm.')
    when 'on_hold' then app.refuse('OR013', format('The order is on hold (%s). Release it '
      'with POST /v1/orders/{order_id}/release.', p_order.status_reason)) end;
end
$$;

grant execute on function orders.refuse_shipment(orders.orders) to scoville_definer;
