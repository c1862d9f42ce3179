-- Locks reservations for a change, and the levels that they hold units of. Every change of a reservation locks all its levels first,
-- so a transaction that has locked a level may rely on the reservations there. Lines never change, so they can be read before.
-- Lock order: stock_levels in key order, then reservations in key order.
create or replace function stock.lock_reservations(
  p_region_id smallint,
  p_reservation_ids bigint[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  perform stock.lock_reservation_levels(p_region_id, p_reservation_ids);
  perform from stock.reservations r
   where r.region_id = p_region_id and r.reservation_id = any (p_reservation_ids)
   order by r.reservation_id
     for no key update;
end
$$;

grant execute on function stock.lock_reservations(smallint, bigint[]) to scoville_definer;
