-- Whether an order passes the plain filters of the list. The planner puts this expression in place of the call, and absent filters
-- drop out, because the plan is made for the values.
create or replace function orders.is_wanted(
  p_order orders.orders,
  p_filters jsonb
)
  returns boolean
  language sql
  stable
  parallel safe
  return (p_filters ->> 'from' is null or (p_order).placed_at >= (p_filters ->> 'from')::timestamptz)
    and (p_filters ->> 'to' is null or (p_order).placed_at < (p_filters ->> 'to')::timestamptz)
    and (p_filters ->> 'channel' is null or (p_order).channel_id = p_filters ->> 'channel')
    and (p_filters ->> 'status' is null or p_filters ->> 'status' in ((p_order).status, (p_order).fulfillment_status))
    and (p_filters ->> 'fulfillment_status' is null or (p_order).fulfillment_status = p_filters ->> 'fulfillment_status');

grant execute on function orders.is_wanted(orders.orders, jsonb) to admin, warehouse, sales, integration;
