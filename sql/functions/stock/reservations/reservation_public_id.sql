-- The public ID of a reservation. It carries the region, as the ID of an order does.
create or replace function stock.reservation_public_id(
  p_region_id smallint,
  p_reservation_id bigint
)
  returns text
  language sql
  immutable
  parallel safe
  return 'RSV-' || p_region_id::text || '-' || p_reservation_id::text;

grant execute on function stock.reservation_public_id(smallint, bigint) to scoville_definer, admin, sales, integration;
