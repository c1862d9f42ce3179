-- Writes one fulfillment per warehouse with the lots of its units, and subtracts the units from the allocations.
create or replace function orders.write_parcels(
  p_region_id smallint,
  p_order orders.orders,
  p_request jsonb,
  p_picks orders.pick[],
  p_shipped_at timestamptz,
  p_actor text,
  p_request_id text
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  with parcels as (
    insert into orders.fulfillments
      (region_id, order_id, warehouse_id, channel_id, tracking_number, note, shipped_at, created_at, changed_by, request_id)
    select distinct p_region_id, p_order.order_id, k.warehouse_id, p_order.channel_id, p_request ->> 'tracking_number',
           p_request ->> 'note', p_shipped_at, app.now(), p_actor, p_request_id
      from unnest(p_picks) k
     order by k.warehouse_id
    returning fulfillment_id, warehouse_id
  )
  insert into orders.fulfillment_lines (region_id, fulfillment_id, sku_id, lot_id, warehouse_id, channel_id, batch_number,
    quantity, assumed, reason_code, passed_over)
  select p_region_id, p.fulfillment_id, k.sku_id, k.lot_id, k.warehouse_id, p_order.channel_id, t.batch_number, k.units, k.assumed,
         k.reason_code, k.passed_over
    from unnest(p_picks) k
    join parcels p on p.warehouse_id = k.warehouse_id
    join stock.lots t on t.region_id = p_region_id and t.lot_id = k.lot_id
  on conflict do nothing;
  update orders.order_allocations a
     set fulfilled_quantity = a.fulfilled_quantity + s.units
    from (select k.warehouse_id, k.sku_id, sum(k.units) as units from unnest(p_picks) k group by k.warehouse_id, k.sku_id) s
   where a.region_id = p_region_id and a.order_id = p_order.order_id and a.warehouse_id = s.warehouse_id and a.sku_id = s.sku_id;
end
$$;

grant execute on function orders.write_parcels(smallint, orders.orders, jsonb, orders.pick[], timestamptz, text, text) to scoville_definer;
