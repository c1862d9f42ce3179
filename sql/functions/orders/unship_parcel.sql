-- Writes that a parcel did not leave: movements that reverse those of its units, the new state of the order, and the event. An order
-- that was over has open units again.
create or replace function orders.unship_parcel(
  p_region_id smallint,
  p_order orders.orders,
  p_parcel orders.fulfillments,
  p_reason text,
  p_actor text,
  p_request_id text
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old jsonb := jsonb_build_object('status', p_order.status, 'fulfillment_status', p_order.fulfillment_status,
    'version', p_order.version, 'fulfillments', (
      select d.document -> 'fulfillments'
        from orders.documents(p_region_id => p_region_id, p_order_ids => array[p_order.order_id], p_complete => true) d));
  v_movements stock.movement[] := array(
    select stock.new_movement(p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id, p_kind => 'unfulfill',
             p_delta => stock.new_counters(p_on_hand => l.quantity, p_committed => l.quantity), p_lot_id => l.lot_id,
             p_note => p_reason, p_document => orders.public_id(p_region_id, p_order.order_id), p_actor => p_actor,
             p_request_id => p_request_id)
      from orders.fulfillment_lines l
     where l.region_id = p_region_id and l.fulfillment_id = p_parcel.fulfillment_id
     order by l.sku_id, l.lot_id);
  v_changed_at timestamptz := orders.begin_change();
begin
  update orders.fulfillments f
     set canceled_at = app.now(), cancel_reason = p_reason, changed_by = p_actor, change_reason = 'canceled', request_id = p_request_id
   where f.region_id = p_region_id and f.fulfillment_id = p_parcel.fulfillment_id;
  update orders.order_allocations a
     set fulfilled_quantity = a.fulfilled_quantity - s.units
    from (select m.warehouse_id, m.sku_id, sum((m.delta).on_hand) as units from unnest(v_movements) m group by 1, 2) s
   where a.region_id = p_region_id and a.order_id = p_order.order_id and a.warehouse_id = s.warehouse_id and a.sku_id = s.sku_id;
  update orders.freshness f
     set is_open = true
   where f.region_id = p_region_id and f.order_id = p_order.order_id and not f.is_open;
  perform orders.ship_lines(p_region_id, p_order.order_id);
  perform stock.post_movements(p_region_id => p_region_id, p_movements => v_movements, p_locked => true);
  update orders.orders o
     set fulfillment_status = case when exists (
           select from orders.order_allocations a
            where a.region_id = p_region_id and a.order_id = o.order_id and a.fulfilled_quantity > 0)
           then 'partially_fulfilled' else 'unfulfilled' end,
         status = case when o.status in ('completed', 'canceled') then 'processing' else o.status end, version = o.version + 1,
         updated_at = v_changed_at, changed_by = p_actor, change_reason = 'parcel canceled', request_id = p_request_id
   where o.region_id = p_region_id and o.order_id = p_order.order_id;
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'fulfillment.canceled',
    p_order_ids => array[p_order.order_id], p_old => jsonb_build_object(p_order.order_id, v_old));
end
$$;

grant execute on function orders.unship_parcel(smallint, orders.orders, orders.fulfillments, text, text, text) to scoville_definer;
