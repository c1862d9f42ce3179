-- The public ID of a withholding. It carries the region, as the ID of an order does.
create or replace function stock.withholding_public_id(
  p_region_id smallint,
  p_withholding_id bigint
)
  returns text
  language sql
  immutable
  parallel safe
  return 'WD-' || p_region_id::text || '-' || p_withholding_id::text;

grant execute on function stock.withholding_public_id(smallint, bigint) to scoville_definer, admin, warehouse;
