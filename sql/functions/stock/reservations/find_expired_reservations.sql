-- The reservations on these SKUs that have expired and still count as reserved. Locks nothing.
create or replace function stock.find_expired_reservations(
  p_region_id smallint,
  p_demands stock.demand[]
)
  returns bigint[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
begin
  -- The worker sweeps them, so mostly there are none at all.
  if not exists (
    select from stock.reservations r where r.region_id = p_region_id and r.status = 'active' and r.expires_at <= v_now) then
    return '{}';
  end if;
  return (
    select coalesce(array_agg(r.reservation_id order by r.reservation_id), '{}')
      from stock.reservations r
     where r.region_id = p_region_id and r.status = 'active' and r.expires_at <= v_now
       and exists (
         select from stock.reservation_lines l
          where l.region_id = p_region_id and l.reservation_id = r.reservation_id
            and l.sku_id = any (select d.sku_id from unnest(p_demands) d)));
end
$$;

grant execute on function stock.find_expired_reservations(smallint, stock.demand[]) to scoville_definer;
