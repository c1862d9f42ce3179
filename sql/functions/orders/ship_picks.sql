-- Writes a shipment: the parcels, the movements and the new state of the order.
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
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
begin
  perform orders.write_parcels(p_region_id => p_region_id, p_order_id => p_order_id, p_request => p_request,
    p_picks => p_picks, p_actor => v_actor, p_request_id => v_request_id);
  perform orders.ship_lines(p_region_id, p_order_id);
  perform stock.post_movements(p_region_id, array(
    select stock.new_movement(p_warehouse_id => k.warehouse_id, p_sku_id => k.sku_id, p_kind => 'fulfill',
             p_delta => stock.new_counters(p_on_hand => -k.units, p_committed => -k.units), p_lot_id => k.lot_id,
             p_note => p_request ->> 'note', p_document => orders.public_id(p_region_id, p_order_id), p_actor => v_actor,
             p_request_id => v_request_id)
      from jsonb_to_recordset(p_picks) as k (warehouse_id text, sku_id text, lot_id bigint, units integer)
     order by k.warehouse_id, k.sku_id, k.lot_id));
  perform orders.close_order(p_region_id => p_region_id, p_order_id => p_order_id, p_actor => v_actor,
    p_request_id => v_request_id);
end
$$;

grant execute on function orders.ship_picks(smallint, bigint, jsonb, jsonb) to scoville_definer;
