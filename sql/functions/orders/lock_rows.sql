-- Locks orders whose levels the caller has locked (these pairs of warehouse and SKU). If they have other levels by now, the transaction
-- has to start over, because levels come first in the lock order.
-- Lock order: orders in key order.
create or replace function orders.lock_rows(
  p_region_id smallint,
  p_order_ids bigint[],
  p_warehouse_ids text[],
  p_sku_ids text[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  perform from orders.orders o
   where o.region_id = p_region_id and o.order_id = any (p_order_ids)
   order by o.order_id
     for no key update;
  if exists (
    select from orders.order_allocations a
     where a.region_id = p_region_id and a.order_id = any (p_order_ids)
       and (app.reaches_all_warehouses() or a.warehouse_id = any (app.claim_warehouses()))
       and (a.warehouse_id, a.sku_id) not in (
         select k.warehouse_id, k.sku_id
           from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) as k (warehouse_id, sku_id)))
  then
    raise exception using errcode = 'serialization_failure', message = 'an order was changed in the meantime';
  end if;
end
$$;

grant execute on function orders.lock_rows(smallint, bigint[], text[], text[]) to scoville_definer;
