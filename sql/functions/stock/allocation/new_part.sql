-- Units from one level for one demand, or its shortage.
create or replace function stock.new_part(
  p_ordinal integer default null,
  p_sku_id text default null,
  p_level integer default null,
  p_quantity integer default null,
  p_available integer default null,
  p_taken integer default null
)
  returns stock.part
  language sql
  immutable
  parallel safe
  return row(p_ordinal, p_sku_id, p_level, p_quantity, p_available, p_taken)::stock.part;

grant execute on function stock.new_part(integer, text, integer, integer, integer, integer) to scoville_definer;
