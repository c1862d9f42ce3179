-- The public ID of a recall. It carries the region, as the ID of an order does.
create or replace function stock.recall_public_id(
  p_region_id smallint,
  p_recall_id bigint
)
  returns text
  language sql
  immutable
  parallel safe
  return 'RCL-' || p_region_id::text || '-' || p_recall_id::text;

grant execute on function stock.recall_public_id(smallint, bigint) to scoville_definer, admin, warehouse, sales;
