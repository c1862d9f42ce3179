-- The public ID of an order. It carries the region, so a request that names an order also names its region.
create or replace function orders.public_id(
  p_region_id smallint,
  p_order_id bigint
)
  returns text
  language sql
  immutable
  parallel safe
  return 'ORD-' || p_region_id::text || '-' || p_order_id::text;

grant execute on function orders.public_id(smallint, bigint) to scoville_definer, admin, warehouse, sales, integration, bi_reader;
