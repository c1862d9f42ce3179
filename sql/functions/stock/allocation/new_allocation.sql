-- Units from a warehouse for one order or reservation, or its shortage.
create or replace function stock.new_allocation(
  p_ordinal integer default null,
  p_sku_id text default null,
  p_warehouse_id text default null,
  p_quantity integer default null,
  p_available integer default null,
  p_waits boolean default null,
  p_freshness jsonb default null
)
  returns stock.allocation
  language sql
  immutable
  parallel safe
  return row(p_ordinal, p_sku_id, p_warehouse_id, p_quantity, p_available, p_waits, p_freshness)::stock.allocation;

grant execute on function stock.new_allocation(integer, text, text, integer, integer, boolean, jsonb) to scoville_definer;
