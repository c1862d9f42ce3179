-- Sets the status of an order to match its shipments, and writes the event. p_order: the order before.
create or replace function orders.close_order(
  p_region_id smallint,
  p_order orders.orders,
  p_actor text,
  p_request_id text
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_whole boolean := not exists (
    select from orders.order_allocations a
     where a.region_id = p_region_id and a.order_id = p_order.order_id
       and a.quantity > a.fulfilled_quantity + a.released_quantity)
    and not exists (select from orders.backorders b where b.region_id = p_region_id and b.order_id = p_order.order_id);
  v_old jsonb := jsonb_build_object(p_order.order_id, jsonb_build_object('status', p_order.status,
    'fulfillment_status', p_order.fulfillment_status, 'version', p_order.version));
  v_changed_at timestamptz := orders.begin_change();
begin
  update orders.orders o
     set fulfillment_status = case when v_whole then 'fulfilled' else 'partially_fulfilled' end,
         status = case when v_whole then 'completed' else o.status end, version = o.version + 1,
         updated_at = v_changed_at, changed_by = p_actor, change_reason = 'fulfilled', request_id = p_request_id
   where o.region_id = p_region_id and o.order_id = p_order.order_id;
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.fulfilled', p_order_ids => array[p_order.order_id],
    p_old => v_old);
end
$$;

grant execute on function orders.close_order(smallint, orders.orders, text, text) to scoville_definer;
