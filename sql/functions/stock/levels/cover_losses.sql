-- The movements that withdraw promises for p_movements: p_missing units of each of these levels. Which levels that needs was read without
-- locks (stock.lock_to_lose). If more are needed under them, the transaction has to start over.
-- Lock order: the caller has locked the levels; here lots (stock.open_lot_levels), then reservations and orders.
create or replace function stock.cover_losses(
  p_region_id smallint,
  p_warehouse_ids text[],
  p_sku_ids text[],
  p_missing bigint[],
  p_movements stock.movement[],
  p_locked_warehouse_ids text[],
  p_locked_sku_ids text[]
)
  returns stock.movement[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_short record;
begin
  select array_agg(k.warehouse_id) as warehouse_ids, array_agg(k.sku_id) as sku_ids, array_agg(k.units) as units into v_short
    from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids), unnest(p_missing)) as k (warehouse_id, sku_id, units)
   where k.units > 0;
  perform stock.check_locked(p_warehouse_ids => r.warehouse_ids, p_sku_ids => r.sku_ids, p_locked_warehouse_ids => p_locked_warehouse_ids,
            p_locked_sku_ids => p_locked_sku_ids)
    from orders.levels_to_resolve(p_region_id => p_region_id, p_warehouse_ids => v_short.warehouse_ids, p_sku_ids => v_short.sku_ids,
           p_units => v_short.units) r;
  perform stock.open_lot_levels(p_region_id, p_movements);
  return orders.resolve_shortfall(p_region_id => p_region_id, p_warehouse_ids => v_short.warehouse_ids,
    p_sku_ids => v_short.sku_ids, p_units => v_short.units, p_reason => 'units are missing', p_movements => p_movements);
end
$$;

grant execute on function stock.cover_losses(smallint, text[], text[], bigint[], stock.movement[], text[], text[]) to scoville_definer;
