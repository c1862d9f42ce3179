-- The public ID of a purchase. It carries the region, as the ID of an order does.
create or replace function supply.purchase_public_id(
  p_region_id smallint,
  p_purchase_id bigint
)
  returns text
  language sql
  immutable
  parallel safe
  return 'PUR-' || p_region_id::text || '-' || p_purchase_id::text;

grant execute on function supply.purchase_public_id(smallint, bigint) to scoville_definer, admin, warehouse, scoville_worker;
