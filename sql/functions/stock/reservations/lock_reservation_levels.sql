-- Locks the levels that these reservations hold units of, in key order: levels come first in the lock order.
create or replace function stock.lock_reservation_levels(
  p_region_id smallint,
  p_reservation_ids bigint[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  perform from (select distinct r.warehouse_id, r.sku_id
                  from stock.reservation_lines r
                 where r.region_id = p_region_id and r.reservation_id = any (p_reservation_ids)) k
    join stock.stock_levels l
      on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
   order by l.warehouse_id, l.sku_id
     for no key update of l;
end
$$;

grant execute on function stock.lock_reservation_levels(smallint, bigint[]) to scoville_definer;
