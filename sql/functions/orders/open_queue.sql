-- Creates the levels that could serve what waits and that do not exist yet, so that whoever brings the first units there has to wait for
-- the lock of this transaction, and then sees who waits. Then the demands must be allocated again.
-- Lock order: levels to be created (stock.claim_new_levels). The caller has locked the existing ones; a deadlock with another who creates
-- one of these levels is resolved by PostgreSQL, and the repeat finds the level.
create or replace function orders.open_queue(
  p_region_id smallint,
  p_demands stock.demand[],
  p_allocations stock.allocation[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_warehouses text[];
  v_skus text[];
begin
  select array_agg(k.warehouse_id), array_agg(k.sku_id) into v_warehouses, v_skus
    from (select distinct s.warehouse_id, d.sku_id
            from unnest(p_demands) d
            join unnest(p_allocations) a on a.ordinal = d.ordinal and a.sku_id = d.sku_id and a.waits
            join catalog.serving_warehouses() s on s.channel_id = d.channel_id
          except
          select l.warehouse_id, l.sku_id
            from stock.stock_levels l
           where l.region_id = p_region_id and l.sku_id = any (select d.sku_id from unnest(p_demands) d)) k;
  if v_warehouses is null then
    return;
  end if;
  insert into stock.stock_levels (region_id, warehouse_id, sku_id)
  select p_region_id, k.warehouse_id, k.sku_id
    from stock.claim_new_levels(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus) k
  on conflict do nothing;
end
$$;

grant execute on function orders.open_queue(smallint, stock.demand[], stock.allocation[]) to scoville_definer;
