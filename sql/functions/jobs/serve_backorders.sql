-- Definer: the worker may not write to tables; this function gives units to orders that wait for them.
-- Whoever makes units available serves the queue in the same posting (stock.post_movements). This covers what is no posting: a warehouse
-- that begins to serve a channel. Serves at most p_limit levels per call, and returns their number.
-- Lock order: stock_levels in key order, then orders in key order (orders.claim_units).
create or replace function jobs.serve_backorders(
  p_region_id smallint,
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_warehouses text[];
  v_skus text[];
  v_supplies orders.supply[];
begin
  select array_agg(k.warehouse_id), array_agg(k.sku_id) into v_warehouses, v_skus
    from (select l.warehouse_id, l.sku_id
            from (select distinct b.sku_id, b.channel_id, f.fresh_until
                    from orders.backorders b
                    left join orders.freshness f
                      on f.region_id = p_region_id and f.order_id = b.order_id and f.sku_id = b.sku_id
                   where b.region_id = p_region_id) b
            join catalog.serving_warehouses() s on s.channel_id = b.channel_id
            join stock.stock_levels l on l.region_id = p_region_id and l.warehouse_id = s.warehouse_id and l.sku_id = b.sku_id
           where l.available > 0 and (b.fresh_until is null or stock.fresh_room(p_region_id => p_region_id,
             p_warehouse_id => l.warehouse_id, p_sku_id => l.sku_id, p_fresh_until => b.fresh_until) > 0)
           group by l.warehouse_id, l.sku_id
           order by l.warehouse_id, l.sku_id
           limit p_limit) k;
  if v_warehouses is null then
    return 0;
  end if;
  perform stock.lock_levels(p_region_id, array(
    select stock.new_movement(p_warehouse_id => k.warehouse_id, p_sku_id => k.sku_id)
      from rows from (unnest(v_warehouses), unnest(v_skus)) as k (warehouse_id, sku_id)));
  v_supplies := orders.claim_units(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus,
    p_freed => array_fill(0::bigint, array[cardinality(v_skus)]));
  if cardinality(v_supplies) = 0 then
    return 0;
  end if;
  perform stock.post_movements(p_region_id => p_region_id, p_locked => true, p_movements => orders.supply_movements(
    p_region_id, v_supplies));
  perform orders.write_supplies(p_region_id, v_supplies);
  return cardinality(v_warehouses);
end
$$;

alter function jobs.serve_backorders(smallint, integer) owner to scoville_definer;
grant execute on function jobs.serve_backorders(smallint, integer) to scoville_worker;
