-- The movements of units to the orders that waited for them. Nobody asked for these: who brought the units stands beside them in the ledger,
-- and may be of another channel, so the orders do not name that person.
create or replace function orders.supply_movements(
  p_region_id smallint,
  p_supplies orders.supply[]
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
             p_document => orders.public_id(p_region_id, s.order_id), p_actor => 'system')
      from unnest(p_supplies) with ordinality s
     order by s.ordinality);
end
$$;

grant execute on function orders.supply_movements(smallint, orders.supply[]) to scoville_definer;
