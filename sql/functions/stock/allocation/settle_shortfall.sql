-- Where promised units lie in lots that cannot be sold (shortfall), whatever these movements set free goes to that debt
-- first: it becomes unavailable instead of available. Answers the movements with those that settle it appended.
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
    select from unnest(p_movements) m
     where m.shortfall is not null or coalesce(m.on_hand, 0) > coalesce(m.reserved, 0) + coalesce(m.committed, 0)
             + coalesce(m.unavailable, 0) + coalesce(m.safety_stock, 0)) then
    return p_movements;  -- nothing is set free
  end if;
  return (
    select p_movements || coalesce(array_agg(
             row(l.warehouse_id, l.sku_id, 'adjustment', null, null, null, null, s.units, null, -s.units, null,
                 'freed units lie in batches that cannot be sold', null, n.actor, n.request_id, null, null)::stock.movement
             order by l.warehouse_id, l.sku_id), '{}')
      from (select m.warehouse_id, m.sku_id, min(m.actor) as actor, min(m.request_id) as request_id,
                   sum(coalesce(m.on_hand, 0) - coalesce(m.reserved, 0) - coalesce(m.committed, 0)
                       - coalesce(m.unavailable, 0) - coalesce(m.safety_stock, 0)) as free,
                   sum(coalesce(m.shortfall, 0)) as shortfall
              from unnest(p_movements) m
             group by m.warehouse_id, m.sku_id) n
      join stock.stock_levels l
        on l.region_id = p_region_id and l.warehouse_id = n.warehouse_id and l.sku_id = n.sku_id
     cross join lateral (select least(l.shortfall + n.shortfall, l.available + n.free)::integer) s (units)
     where l.shortfall + n.shortfall > 0 and s.units > 0);
end
$$;

grant execute on function stock.settle_shortfall(smallint, stock.movement[]) to scoville_definer;
