-- The refusal to ship an order that is not paid or on hold, or null.
create or replace function orders.refuse_shipment(
  p_region_id smallint,
  p_order_id bigint
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case o.status
           when 'pending' then app.refuse('OR013', 'The order is not paid: its units are kept for it, but not shipped. When the '
             'payment has arrived, confirm it with POST /v1/orders/{order_id}/confirm.')
           when 'on_hold' then app.refuse('OR013', format('The order is on hold (%s). Whoever may decide that it goes on releases it '
             'with POST /v1/orders/{order_id}/release.', o.status_reason)) end
    from orders.orders o
   where o.region_id = p_region_id and o.order_id = p_order_id;
$$;

grant execute on function orders.refuse_shipment(smallint, bigint) to scoville_definer;
