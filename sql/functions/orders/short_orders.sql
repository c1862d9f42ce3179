-- Definer: levels and orders of others decide whose units are missing; the caller gets numbers of orders, and reads only its own.
-- The orders that a clerk has to look after, because units that were promised to them are missing: those that wait since a loss, and the
-- latest ones of levels with a shortfall, as many as have to give units there (orders.resolve_shortfall takes the same).
create or replace function orders.short_orders(
  p_region_id smallint
)
  returns bigint[]
  language sql
  stable
  security definer
  set search_path = ''
as $$
  select array(
    select b.order_id from orders.backorders b where b.region_id = p_region_id and b.lost_at is not null
     union
    select t.order_id
      from stock.stock_levels l
     cross join lateral unnest(orders.take_promises(p_region_id => p_region_id, p_warehouse_id => l.warehouse_id,
                                 p_sku_id => l.sku_id, p_units => l.shortfall - l.safety_stock)) t
     where l.region_id = p_region_id and l.shortfall > l.safety_stock);
$$;

alter function orders.short_orders(smallint) owner to scoville_definer;
grant execute on function orders.short_orders(smallint) to admin, warehouse, sales, integration;
