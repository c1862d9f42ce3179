-- The public ID of a return. It carries the region, as the ID of an order does.
create or replace function orders.return_public_id(
  p_region_id smallint,
  p_return_id bigint
)
  returns text
  language sql
  immutable
  parallel safe
  return 'RET-' || p_region_id::text || '-' || p_return_id::text;

grant execute on function orders.return_public_id(smallint, bigint) to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
