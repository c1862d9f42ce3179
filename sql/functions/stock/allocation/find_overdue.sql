-- What is over but still holds units of these SKUs: expired reservations, unpaid orders of any channel whose time is over (but for
-- p_except, which the caller changes), and the levels of both, with those that the orders wait for. Locks nothing.
create or replace function stock.find_overdue(
  p_region_id smallint,
  p_sku_ids text[],
  p_except bigint[] default '{}',
  out reservation_ids bigint[],
  out order_ids bigint[],
  out warehouse_ids text[],
  out held_sku_ids text[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_set text := set_config('scoville.seeks_unpaid', 'yes', true);
begin
  reservation_ids := array(
    select r.reservation_id
      from stock.reservations r
     where r.region_id = p_region_id and r.status = 'active' and r.expires_at <= v_now
       and exists (
         select from stock.reservation_lines l
          where l.region_id = p_region_id and l.reservation_id = r.reservation_id and l.sku_id = any (p_sku_ids))
     order by r.reservation_id);
  order_ids := array(
    select o.order_id
      from orders.orders o
     where o.region_id = p_region_id and o.unpaid_until <= v_now and o.order_id <> all (array_remove(p_except, null))
       and exists (
         select from orders.order_allocations a
          where a.region_id = p_region_id and a.order_id = o.order_id and a.sku_id = any (p_sku_ids)
            and a.quantity > a.fulfilled_quantity + a.released_quantity)
     order by o.unpaid_until);  -- as its index
  select coalesce(array_agg(h.warehouse_id), '{}'), coalesce(array_agg(h.sku_id), '{}') into warehouse_ids, held_sku_ids
    from (select l.warehouse_id, l.sku_id
            from stock.reservation_lines l
           where l.region_id = p_region_id and l.reservation_id = any (reservation_ids)
           union
          select a.warehouse_id, a.sku_id
            from orders.order_allocations a
           where a.region_id = p_region_id and a.order_id = any (order_ids)
           union
          select s.warehouse_id, b.sku_id
            from orders.backorders b
            join catalog.serving_warehouses() s on s.channel_id = b.channel_id
           where b.region_id = p_region_id and b.order_id = any (order_ids)) h;
  v_set := set_config('scoville.seeks_unpaid', '', true);
end
$$;

grant execute on function stock.find_overdue(smallint, text[], bigint[]) to scoville_definer;
