-- Withdraws promises of these levels (pairs of warehouse and SKU) that have no units any more: p_units of each. Safety stock gives first. Then
-- orders, the latest first: their units move to other warehouses of their channel, and where there are none, the orders wait, with their
-- age. Reservations are last, the latest first: they end. Writes orders, queue, reservations and their events, and returns the movements;
-- the caller posts them in one posting with p_movements, which take the units away, so that nobody gets what is set free here.
-- For a count or a loss (stock.change_levels); for a level whose lots cannot be sold any more p_units is its shortfall, and the posting
-- settles it (stock.settle_shortfall).
-- Lock order: the caller has locked all of orders.levels_to_resolve, and may reach their warehouses; here reservations, then orders,
-- both in key order. The orders may be of any channel of the region: for the time of this call the claims name their channels.
create or replace function orders.resolve_shortfall(
  p_region_id smallint,
  p_warehouse_ids text[],
  p_sku_ids text[],
  p_units bigint[],
  p_reason text,
  p_movements stock.movement[] default '{}'
)
  returns stock.movement[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_channels text[] := app.claim_channels();
  v_left bigint;
  v_kept bigint;
  v_off orders.relocation[];
  v_taken orders.relocation[] := '{}';
  v_holds bigint[] := '{}';
  v_result stock.movement[] := '{}';
begin
  for i in 1 .. cardinality(p_units) loop
    select least(l.safety_stock, p_units[i]) into v_kept
      from stock.stock_levels l
     where l.region_id = p_region_id and l.warehouse_id = p_warehouse_ids[i] and l.sku_id = p_sku_ids[i];
    if v_kept > 0 then
      v_result := v_result || stock.new_movement(p_warehouse_id => p_warehouse_ids[i], p_sku_id => p_sku_ids[i],
        p_kind => 'adjustment', p_delta => stock.new_counters(p_safety_stock => -v_kept), p_note => p_reason,
        p_actor => 'system');
    end if;
    v_off := orders.take_promises(p_region_id => p_region_id, p_warehouse_id => p_warehouse_ids[i], p_sku_id => p_sku_ids[i],
      p_units => p_units[i] - v_kept);
    v_taken := v_taken || v_off;
    v_left := p_units[i] - v_kept - (select coalesce(sum(t.units), 0) from unnest(v_off) t);
    if v_left > 0 then
      v_holds := v_holds || stock.latest_reservations(p_region_id => p_region_id, p_warehouse_id => p_warehouse_ids[i],
        p_sku_id => p_sku_ids[i], p_units => v_left);
    end if;
  end loop;
  if cardinality(v_holds) > 0 then
    v_result := v_result || stock.close_reservations(p_region_id => p_region_id, p_reservation_ids => v_holds,
      p_status => 'released', p_actor => 'system', p_reason => p_reason);
    perform stock.emit_reservation_events(p_region_id => p_region_id, p_type => 'reservation.released',
      p_reservation_ids => array(select distinct h from unnest(v_holds) h order by h));
  end if;
  if cardinality(v_taken) > 0 then
    perform set_config('scoville.channels', array(select distinct t.channel_id from unnest(v_taken) t)::text, true);
    perform from orders.orders o
     where o.region_id = p_region_id and o.order_id = any (array(select t.order_id from unnest(v_taken) t))
     order by o.order_id
       for no key update;
    v_taken := orders.find_room(p_region_id => p_region_id, p_taken => v_taken, p_warehouse_ids => p_warehouse_ids,
      p_sku_ids => p_sku_ids, p_movements => p_movements);
    perform orders.write_relocations(p_region_id => p_region_id, p_relocations => v_taken, p_actor => 'system',
      p_reason => p_reason);
    v_result := v_result || orders.relocation_movements(p_region_id, v_taken);
    perform set_config('scoville.channels', coalesce(v_channels::text, ''), true);
  end if;
  return v_result;
end
$$;

grant execute on function orders.resolve_shortfall(smallint, text[], text[], bigint[], text, stock.movement[]) to scoville_definer;
