-- Sets the status of an order to match its shipments, and writes the event.
create or replace function orders.close_order(
  p_region_id smallint,
  p_order_id bigint,
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
     where a.region_id = p_region_id and a.order_id = p_order_id
       and a.quantity > a.fulfilled_quantity + a.released_quantity)
    and not exists (select from orders.backorders b where b.region_id = p_region_id and b.order_id = p_order_id);
  v_old jsonb := (
    select jsonb_build_object(o.order_id, jsonb_build_object('status', o.status,
             'fulfillment_status', o.fulfillment_status, 'version', o.version))
      from orders.orders o
     where o.region_id = p_region_id and o.order_id = p_order_id);
  v_changed_at timestamptz := orders.begin_change();
begin
  update orders.orders o
     set fulfillment_status = case when v_whole then 'fulfilled' else 'partially_fulfilled' end,
         status = case when v_whole then 'completed' else o.status end, version = o.version + 1,
         updated_at = v_changed_at, changed_by = p_actor, change_reason = 'fulfilled', request_id = p_request_id
   where o.region_id = p_region_id and o.order_id = p_order_id;
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.fulfilled', p_order_ids => array[p_order_id],
    p_old => v_old);
end
$$;

grant execute on function orders.close_order(smallint, bigint, text, text) to scoville_definer;
