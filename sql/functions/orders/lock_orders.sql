-- Locks orders for a change, the levels that they hold units of or wait for, and the levels that could serve p_demands (units that they may want
-- in addition). The levels come first in the lock order but are known only from the orders' allocations. If the allocations changed
-- while this transaction waited, the transaction has to start over.
-- Lock order: stock_levels in key order (all at once), then orders in key order.
create or replace function orders.lock_orders(
  p_region_id smallint,
  p_order_ids bigint[],
  p_demands stock.demand[] default '{}'
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
  select coalesce(array_agg(k.warehouse_id), '{}'), coalesce(array_agg(k.sku_id), '{}')
    into v_warehouses, v_skus
    from (select a.warehouse_id, a.sku_id
            from orders.order_allocations a
           where a.region_id = p_region_id and a.order_id = any (p_order_ids)
           union
          select s.warehouse_id, b.sku_id
            from orders.backorders b
            join catalog.serving_warehouses() s on s.channel_id = b.channel_id
           where b.region_id = p_region_id and b.order_id = any (p_order_ids)) k;
  if cardinality(p_demands) > 0 then
    perform from stock.lock_candidates(p_region_id => p_region_id, p_demands => p_demands, p_warehouse_ids => v_warehouses,
                   p_sku_ids => v_skus, p_order_ids => p_order_ids);
  else
    perform from rows from (unnest(v_warehouses), unnest(v_skus)) as k (warehouse_id, sku_id)
      join stock.stock_levels l
        on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
     order by l.warehouse_id, l.sku_id
       for no key update of l;
  end if;
  perform orders.lock_rows(p_region_id => p_region_id, p_order_ids => p_order_ids, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus);
end
$$;

grant execute on function orders.lock_orders(smallint, bigint[], stock.demand[]) to scoville_definer;
