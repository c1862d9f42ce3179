-- The public ID of a delivery. It carries the region, as the ID of an order does.
create or replace function supply.receipt_public_id(
  p_region_id smallint,
  p_receipt_id bigint
)
  returns text
  language sql
  immutable
  parallel safe
  return 'RCP-' || p_region_id::text || '-' || p_receipt_id::text;

grant execute on function supply.receipt_public_id(smallint, bigint) to scoville_definer, admin, warehouse, scoville_worker;
