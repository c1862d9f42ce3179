-- Units of an order that move to another warehouse, or (p_to_warehouse_id null) for which it waits.
create or replace function orders.new_relocation(
  p_order_id bigint default null,
  p_sku_id text default null,
  p_channel_id text default null,
  p_warehouse_id text default null,
  p_to_warehouse_id text default null,
  p_units integer default null
)
  returns orders.relocation
  language sql
  immutable
  parallel safe
  return row(p_order_id, p_sku_id, p_channel_id, p_warehouse_id, p_to_warehouse_id, p_units)::orders.relocation;

grant execute on function orders.new_relocation(bigint, text, text, text, text, integer) to scoville_definer;
