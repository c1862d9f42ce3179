-- The units that these movements make available and for which orders wait, and to whom they go. Empty for nearly every posting. Of a level
-- where some become available all that are available then count: an order may wait for more since the same posting (stock.cover_losses).
-- Lock order: the caller has locked the levels; here the orders in key order (orders.claim_units).
create or replace function orders.claim_supplies(
  p_region_id smallint,
  p_movements stock.movement[]
)
  returns orders.supply[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_skus text[] := '{}';
  v_freed record;
begin
  for i in 1 .. cardinality(p_movements) loop
    if stock.available_of(p_movements[i].delta) > 0 then
      v_skus := v_skus || p_movements[i].sku_id;
    end if;
  end loop;
  if cardinality(v_skus) = 0 then
    return '{}';
  end if;
  if not exists (select from orders.backorders b where b.region_id = p_region_id and b.sku_id = any (v_skus)) then
    return '{}';
  end if;
  select array_agg(m.warehouse_id) as warehouse_ids, array_agg(m.sku_id) as sku_ids, array_agg(m.freed) as units into v_freed
    from (select n.warehouse_id, n.sku_id, sum(stock.available_of(n.delta))::bigint as freed
            from unnest(p_movements) n
           group by n.warehouse_id, n.sku_id
          having bool_or(stock.available_of(n.delta) > 0)) m;
  return orders.claim_units(p_region_id => p_region_id, p_warehouse_ids => v_freed.warehouse_ids, p_sku_ids => v_freed.sku_ids,
    p_freed => v_freed.units);
end
$$;

grant execute on function orders.claim_supplies(smallint, stock.movement[]) to scoville_definer;
