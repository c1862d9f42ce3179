-- Units of a lot that leave in a parcel.
create or replace function orders.new_pick(
  p_item integer default null,
  p_warehouse_id text default null,
  p_sku_id text default null,
  p_lot_id bigint default null,
  p_units integer default null,
  p_assumed boolean default null,
  p_reason_code text default null,
  p_passed_over text[] default null
)
  returns orders.pick
  language sql
  immutable
  parallel safe
  return row(p_item, p_warehouse_id, p_sku_id, p_lot_id, p_units, p_assumed, p_reason_code, p_passed_over)::orders.pick;

grant execute on function orders.new_pick(integer, text, text, bigint, integer, boolean, text, text[]) to scoville_definer;
