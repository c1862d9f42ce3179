-- The name of a level in a map of levels.
create or replace function stock.level_key(
  p_warehouse_id text,
  p_sku_id text
)
  returns text
  language sql
  immutable
  parallel safe
  return p_warehouse_id || E'\x1f' || p_sku_id;

grant execute on function stock.level_key(text, text) to scoville_definer;
