-- What can be sold of a SKU in a scope.
create or replace function events.new_sum(
  p_region_id smallint,
  p_sku_id text,
  p_scope text,
  p_scope_id text,
  p_reorder_point integer,
  p_begun bigint,
  p_fallen bigint,
  p_risen bigint,
  p_member_ids text[],
  p_warehouse_ids text[],
  p_state text,
  p_version bigint
)
  returns events.sum
  language sql
  immutable
  parallel safe
  return row(p_region_id, p_sku_id, p_scope, p_scope_id, p_reorder_point, p_begun, p_fallen, p_risen, p_member_ids, p_warehouse_ids,
    p_state, p_version)::events.sum;

grant execute on function events.new_sum(smallint, text, text, text, integer, bigint, bigint, bigint, text[], text[], text, bigint)
  to scoville_definer;
