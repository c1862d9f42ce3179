-- One entry of the parts that cannot leave: fewer sellable units are there than it takes. p_lots: what lies there, if it names a lot.
create or replace function orders.short_part(
  p_part orders.part,
  p_available bigint,
  p_lots jsonb
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return jsonb_build_object('pointer', case when (p_part).lot_id is null then '/items'
                                            else '/items/' || (p_part).item - 1 || '/batch_number' end,
    'sku_id', (p_part).sku_id, 'warehouse_location', (p_part).warehouse_id, 'requested', (p_part).units, 'available', p_available,
    'detail', case when (p_part).lot_id is null
      then format('%s of %s wanted from %s, %s available in sellable lots.', (p_part).units, (p_part).sku_id, (p_part).warehouse_id,
             p_available)
      else format('%s of lot %s of %s wanted from %s, %s can be sold there. Correct the lot, or send the warehouse_location where '
             'it was picked.', (p_part).units, (p_part).batch_number, (p_part).sku_id, (p_part).warehouse_id, p_available) end)
    || case when (p_part).lot_id is null then '{}' else jsonb_build_object('candidates', coalesce(p_lots, '[]')) end;

grant execute on function orders.short_part(orders.part, bigint, jsonb) to scoville_definer;
