-- Locks orders for a change, with the levels that they hold units of. The levels must come first in the lock order but are
-- known only from the orders' allocations; should those have changed while we waited, the transaction has to begin anew.
-- Lock order: stock_levels in key order, then orders in key order.
create or replace function orders.lock_orders(
  p_region_id smallint,
  p_order_ids bigint[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_levels text[];
begin
  select pg_catalog.array_agg(s.warehouse_id || '/' || s.sku_id) into v_levels
    from (select l.warehouse_id, l.sku_id
            from (select distinct a.warehouse_id, a.sku_id
                    from orders.order_allocations a
                   where a.region_id = p_region_id and a.order_id = any (p_order_ids)) k
            join stock.stock_levels l
              on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
           order by l.warehouse_id, l.sku_id
             for no key update of l) s;
  perform from orders.orders o
   where o.region_id = p_region_id and o.order_id = any (p_order_ids)
   order by o.order_id
     for no key update;
  if exists (
    select from orders.order_allocations a
     where a.region_id = p_region_id and a.order_id = any (p_order_ids)
       and (app.reaches_all_warehouses() or a.warehouse_id = any (app.claim_warehouses()))
       and a.warehouse_id || '/' || a.sku_id <> all (coalesce(v_levels, '{}')))
  then
    raise exception using errcode = 'serialization_failure', message = 'an order was changed meanwhile';
  end if;
end
$$;

grant execute on function orders.lock_orders(smallint, bigint[]) to scoville_definer;
