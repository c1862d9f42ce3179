-- The public ID of a transfer. It carries the region, as the ID of an order does.
create or replace function supply.transfer_public_id(
  p_region_id smallint,
  p_transfer_id bigint
)
  returns text
  language sql
  immutable
  parallel safe
  return 'TRF-' || p_region_id::text || '-' || p_transfer_id::text;

grant execute on function supply.transfer_public_id(smallint, bigint) to scoville_definer, admin, warehouse, scoville_worker;
