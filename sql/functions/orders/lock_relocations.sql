-- Locks the orders of these requests, the levels that they hold units of or wait for, and the levels to which units are to move. If an
-- order has other levels by then, the transaction has to start over (orders.lock_rows).
-- Lock order: as stock.lock_to_change; then orders in key order.
create or replace function orders.lock_relocations(
  p_region_id smallint,
  p_requests jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_orders bigint[] := array(
    select distinct orders.find_order(p_region_id, e.value ->> 'order_id') from jsonb_array_elements(p_requests) e);
  v_warehouses text[];
  v_skus text[];
begin
  select coalesce(array_agg(k.warehouse_id), '{}'), coalesce(array_agg(k.sku_id), '{}') into v_warehouses, v_skus
    from (select a.warehouse_id, a.sku_id
            from orders.order_allocations a
           where a.region_id = p_region_id and a.order_id = any (v_orders)
           union
          select s.warehouse_id, b.sku_id
            from orders.backorders b
            join catalog.serving_warehouses() s on s.channel_id = b.channel_id
           where b.region_id = p_region_id and b.order_id = any (v_orders)
           union
          select s.warehouse_id, i.value ->> 'sku_id'
            from jsonb_array_elements(p_requests) e
           cross join lateral jsonb_array_elements(coalesce(nullif(e.value -> 'items', 'null'), '[]')) i
            join catalog.serving_warehouses() s on s.region_id = p_region_id and s.warehouse_id = i.value ->> 'to_warehouse_location'
            join catalog.skus c on c.sku_id = i.value ->> 'sku_id' and c.components = '[]') k
   where app.reaches_all_warehouses() or k.warehouse_id = any (app.claim_warehouses());
  perform stock.lock_to_change(p_region_id => p_region_id, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus);
  perform orders.lock_rows(p_region_id => p_region_id, p_order_ids => v_orders, p_warehouse_ids => v_warehouses, p_sku_ids => v_skus);
end
$$;

grant execute on function orders.lock_relocations(smallint, jsonb) to scoville_definer;
