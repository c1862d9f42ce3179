-- Writes a shipment: a fulfilment for each warehouse with its lots, the movements, and what it means for the order.
create or replace function orders.ship_picks(
  p_region_id smallint,
  p_order_id bigint,
  p_request jsonb,
  p_picks jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_whole boolean;
  v_old jsonb;
begin
  with picks as (
    select k.warehouse_id, k.sku_id, k.lot_id, k.units
      from jsonb_to_recordset(p_picks) as k (warehouse_id text, sku_id text, lot_id bigint, units integer)
  ), parcels as (
    insert into orders.fulfillments
      (region_id, order_id, warehouse_id, channel_id, tracking_number, note, created_at, changed_by, request_id)
    select distinct p_region_id, p_order_id, k.warehouse_id, o.channel_id, p_request ->> 'tracking_number',
           p_request ->> 'note', v_now, v_actor, v_request_id
      from picks k
      join orders.orders o on o.region_id = p_region_id and o.order_id = p_order_id
    returning fulfillment_id, warehouse_id, channel_id
  )
  insert into orders.fulfillment_lines (region_id, fulfillment_id, sku_id, lot_id, warehouse_id, channel_id, batch_number,
    quantity)
  select p_region_id, p.fulfillment_id, k.sku_id, k.lot_id, k.warehouse_id, p.channel_id,
         t.batch_number, k.units
    from picks k
    join parcels p on p.warehouse_id = k.warehouse_id
    join stock.lots t on t.region_id = p_region_id and t.lot_id = k.lot_id
  on conflict do nothing;
  update orders.order_allocations a
     set fulfilled_quantity = a.fulfilled_quantity + s.units
    from (select k.warehouse_id, k.sku_id, sum(k.units) as units
            from jsonb_to_recordset(p_picks) as k (warehouse_id text, sku_id text, units integer)
           group by k.warehouse_id, k.sku_id) s
   where a.region_id = p_region_id and a.order_id = p_order_id and a.warehouse_id = s.warehouse_id and a.sku_id = s.sku_id;
  perform stock.post_movements(p_region_id, array(
    select row(k.warehouse_id, k.sku_id, 'fulfill', k.lot_id, -k.units, null, -k.units, null, null, null, null,
               p_request ->> 'note', orders.public_id(p_region_id, p_order_id), v_actor, v_request_id, null,
               null)::stock.movement
      from jsonb_to_recordset(p_picks) as k (warehouse_id text, sku_id text, lot_id bigint, units integer)
     order by k.warehouse_id, k.sku_id, k.lot_id));
  v_whole := not exists (
    select from orders.order_allocations a
     where a.region_id = p_region_id and a.order_id = p_order_id
       and a.quantity > a.fulfilled_quantity + a.released_quantity);
  select jsonb_build_object(o.order_id, jsonb_build_object('status', o.status,
           'fulfillment_status', o.fulfillment_status, 'version', o.version))
    into v_old
    from orders.orders o
   where o.region_id = p_region_id and o.order_id = p_order_id;
  update orders.orders o
     set fulfillment_status = case when v_whole then 'fulfilled' else 'partially_fulfilled' end,
         status = case when v_whole then 'completed' else o.status end, version = o.version + 1,
         updated_at = v_now, changed_by = v_actor, change_reason = 'fulfilled', request_id = v_request_id
   where o.region_id = p_region_id and o.order_id = p_order_id;
  perform orders.emit_order_events(p_region_id, 'order.fulfilled', array[p_order_id], v_old);
end
$$;

grant execute on function orders.ship_picks(smallint, bigint, jsonb, jsonb) to scoville_definer;
