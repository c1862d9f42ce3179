-- The units that waiting orders (but for p_except) would take from these levels once their p_available units are free, of which p_held are held by
-- something that is over: as claim_supplies would share them out, as allocations without an ordinal.
create or replace function orders.foresee_supplies(
  p_region_id smallint,
  p_warehouse_ids text[],
  p_sku_ids text[],
  p_available integer[],
  p_held bigint[],
  p_except bigint[]
)
  returns stock.allocation[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_freed record;
begin
  select coalesce(array_agg(l.warehouse_id), '{}') as warehouse_ids, coalesce(array_agg(l.sku_id), '{}') as sku_ids,
         coalesce(array_agg((k.available - l.available)::bigint), '{}') as units
    into v_freed
    from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids), unnest(p_available), unnest(p_held))
           as k (warehouse_id, sku_id, available, held)
    join stock.stock_levels l on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
   where k.held > 0;
  return array(
    select stock.new_allocation(p_sku_id => s.sku_id, p_warehouse_id => s.warehouse_id, p_quantity => s.units,
             p_freshness => case when f.fresh_until is not null then jsonb_build_object('fresh_until', f.fresh_until) end)
      from unnest(orders.plan_supplies(p_region_id => p_region_id, p_warehouse_ids => v_freed.warehouse_ids, p_sku_ids => v_freed.sku_ids,
             p_freed => v_freed.units, p_except => p_except)) s
      left join orders.freshness f on f.region_id = p_region_id and f.order_id = s.order_id and f.sku_id = s.sku_id);
end
$$;

grant execute on function orders.foresee_supplies(smallint, text[], text[], integer[], bigint[], bigint[]) to scoville_definer;
