-- The latest active reservations that together hold this many units of a level (or all that do).
-- The caller has locked the level, so its reservations stay.
create or replace function stock.latest_reservations(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text,
  p_units bigint
)
  returns bigint[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    select h.reservation_id
      from (select r.reservation_id, l.quantity, sum(l.quantity) over (order by r.reservation_id desc) as upto
              from stock.reservations r
              join stock.reservation_lines l on l.region_id = p_region_id and l.reservation_id = r.reservation_id
               and l.warehouse_id = p_warehouse_id and l.sku_id = p_sku_id
             where r.region_id = p_region_id and r.status = 'active') h
     where h.upto - h.quantity < p_units
     order by h.reservation_id);
end
$$;

grant execute on function stock.latest_reservations(smallint, text, text, bigint) to scoville_definer;
