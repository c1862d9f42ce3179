-- Units of a level for an order that waits for them.
create or replace function orders.new_supply(
  p_order_id bigint default null,
  p_sku_id text default null,
  p_channel_id text default null,
  p_warehouse_id text default null,
  p_units integer default null,
  p_is_last boolean default null
)
  returns orders.supply
  language sql
  immutable
  parallel safe
  return row(p_order_id, p_sku_id, p_channel_id, p_warehouse_id, p_units, p_is_last)::orders.supply;

grant execute on function orders.new_supply(bigint, text, text, text, integer, boolean) to scoville_definer;
