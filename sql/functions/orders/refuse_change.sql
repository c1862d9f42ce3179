-- The reason why an order cannot be changed at all, or null.
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
    when p_order.order_id is null then app.refuse('OR002', orders.missing_order(p_region_id, p_request ->> 'order_id'))
    when p_request ->> 'if_match' <> '*' and p_request ->> 'if_match' <> p_order.version::text
      then app.refuse('ST009', 'This order changed since you read it. Read it again and decide again.')
    when p_order.status in ('canceled', 'completed') or p_order.fulfillment_status <> 'unfulfilled'
      then app.refuse('OR010', format(
        'The order is %s and cannot be changed. %s', case p_order.status when 'processing' then 'partly fulfilled' else p_order.status end,
        case p_order.status when 'processing' then 'Cancel the rest, or order more separately.' else 'Place a new one.' end))
  end;
$$;

grant execute on function orders.refuse_change(smallint, orders.orders, jsonb) to scoville_definer;
