-- Units that these movements free settle the shortfall of their level first (promised units of lots that cannot be sold): they
-- become unavailable instead of available. Returns the movements, with those that settle shortfalls appended.
create or replace function stock.settle_shortfall(
  p_region_id smallint,
  p_movements stock.movement[]
)
  returns stock.movement[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if not exists (
    select from unnest(p_movements) m where (m.delta).shortfall <> 0 or stock.available_of(m.delta) > 0) then
    return p_movements;  -- frees nothing
  end if;
  return (
    select p_movements || coalesce(array_agg(
             stock.new_movement(p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id, p_kind => 'adjustment',
               p_delta => stock.new_counters(p_unavailable => s.units, p_shortfall => -s.units),
               p_note => 'freed units are in lots that cannot be sold', p_actor => n.actor, p_request_id => n.request_id)
             order by l.warehouse_id, l.sku_id), '{}')
      from (select m.warehouse_id, m.sku_id, min(m.actor) as actor, min(m.request_id) as request_id,
                   sum(stock.available_of(m.delta)) as free, sum((m.delta).shortfall) as shortfall
              from unnest(p_movements) m
             group by m.warehouse_id, m.sku_id) n
      join stock.stock_levels l
        on l.region_id = p_region_id and l.warehouse_id = n.warehouse_id and l.sku_id = n.sku_id
     cross join lateral (select least(l.shortfall + n.shortfall, l.available + n.free)::bigint) s (units)
     where l.shortfall + n.shortfall > 0 and s.units > 0);
end
$$;

grant execute on function stock.settle_shortfall(smallint, stock.movement[]) to scoville_definer;
