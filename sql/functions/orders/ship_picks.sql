-- Writes a shipment: the parcels, the movements and the new state of the order.
create or replace function orders.ship_picks(
  p_region_id smallint,
  p_order orders.orders,
  p_request jsonb,
  p_picks orders.pick[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_document text := orders.public_id(p_region_id, p_order.order_id);
  -- A clock that is some minutes ahead does not book into the future.
  v_shipped_at timestamptz := case when p_request ->> 'shipped_at' is not null
    then greatest(least((p_request ->> 'shipped_at')::timestamptz, app.now()), p_order.placed_at) end;
  v_movements stock.movement[] := '{}';
begin
  for i in 1 .. cardinality(p_picks) loop
    v_movements := v_movements || stock.new_movement(p_warehouse_id => p_picks[i].warehouse_id, p_sku_id => p_picks[i].sku_id,
      p_kind => 'fulfill', p_delta => stock.new_counters(p_on_hand => -p_picks[i].units, p_committed => -p_picks[i].units),
      p_lot_id => p_picks[i].lot_id, p_reason_code => p_picks[i].reason_code, p_note => p_request ->> 'note',
      p_document => v_document, p_actor => v_actor, p_request_id => v_request_id, p_occurred_at => v_shipped_at);
  end loop;
  perform orders.write_parcels(p_region_id => p_region_id, p_order => p_order, p_request => p_request, p_picks => p_picks,
    p_shipped_at => coalesce(v_shipped_at, app.now()), p_actor => v_actor, p_request_id => v_request_id);
  perform orders.ship_lines(p_region_id, p_order.order_id);
  perform stock.post_movements(p_region_id => p_region_id, p_movements => v_movements, p_locked => true);
  perform orders.close_order(p_region_id => p_region_id, p_order => p_order, p_actor => v_actor, p_request_id => v_request_id);
end
$$;

grant execute on function orders.ship_picks(smallint, orders.orders, jsonb, orders.pick[]) to scoville_definer;
