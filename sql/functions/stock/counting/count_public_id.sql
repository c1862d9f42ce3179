-- The public ID of a count. It carries the region, as the ID of an order does.
create or replace function stock.count_public_id(
  p_region_id smallint,
  p_count_id bigint
)
  returns text
  language sql
  immutable
  parallel safe
  return 'CNT-' || p_region_id::text || '-' || p_count_id::text;

grant execute on function stock.count_public_id(smallint, bigint) to scoville_definer, admin, warehouse;
