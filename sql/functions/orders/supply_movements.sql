-- The movements of units to the orders that waited for them. p_cause: the movement that brought the units.
create or replace function orders.supply_movements(
  p_region_id smallint,
  p_supplies orders.supply[],
  p_cause stock.movement
)
  returns stock.movement[]
  language plpgsql
  immutable
  set search_path = ''
as $$
begin
  if cardinality(p_supplies) = 0 then
    return '{}';
  end if;
  return array(
    select stock.new_movement(p_warehouse_id => s.warehouse_id, p_sku_id => s.sku_id, p_kind => 'commit',
             p_delta => stock.new_counters(p_committed => s.units), p_note => 'supplied',
             p_document => orders.public_id(p_region_id, s.order_id), p_actor => p_cause.actor, p_request_id => p_cause.request_id)
      from unnest(p_supplies) with ordinality s
     order by s.ordinality);
end
$$;

grant execute on function orders.supply_movements(smallint, orders.supply[], stock.movement) to scoville_definer;
