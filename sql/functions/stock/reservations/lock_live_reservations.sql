-- Locks these reservations and returns those that still hold their units.
-- Lock order: the caller has locked their stock_levels; here the reservations in key order.
create or replace function stock.lock_live_reservations(
  p_region_id smallint,
  p_reservation_ids bigint[]
)
  returns bigint[]
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  if cardinality(p_reservation_ids) = 0 then
    return '{}';
  end if;
  return array(
    select s.reservation_id
      from (select r.reservation_id, r.status, r.expires_at
              from stock.reservations r
             where r.region_id = p_region_id and r.reservation_id = any (p_reservation_ids)
             order by r.reservation_id
               for no key update) s
     where stock.reservation_status(p_status => s.status, p_expires_at => s.expires_at, p_now => app.now())
             = 'active');
end
$$;

grant execute on function stock.lock_live_reservations(smallint, bigint[]) to scoville_definer;
