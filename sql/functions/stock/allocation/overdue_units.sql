-- The units of a level that these reservations and unpaid orders still hold.
create or replace function stock.overdue_units(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text,
  p_reservation_ids bigint[],
  p_order_ids bigint[]
)
  returns bigint
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if coalesce(cardinality(p_reservation_ids), 0) + cardinality(p_order_ids) = 0 then
    return 0;
  end if;
  return coalesce((
    select sum(l.quantity)
      from stock.reservation_lines l
     where l.region_id = p_region_id and l.reservation_id = any (p_reservation_ids) and l.sku_id = p_sku_id
       and l.warehouse_id = p_warehouse_id), 0)
  + coalesce((
    select sum(a.quantity - a.fulfilled_quantity - a.released_quantity)
      from orders.order_allocations a
     where a.region_id = p_region_id and a.order_id = any (p_order_ids) and a.sku_id = p_sku_id
       and a.warehouse_id = p_warehouse_id), 0);
end
$$;

grant execute on function stock.overdue_units(smallint, text, text, bigint[], bigint[]) to scoville_definer;
