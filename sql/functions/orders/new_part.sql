-- Units that a parcel takes from a level.
create or replace function orders.new_part(
  p_item integer default null,
  p_warehouse_id text default null,
  p_sku_id text default null,
  p_units integer default null,
  p_lot_id bigint default null,
  p_batch_number text default null,
  p_reason_code text default null,
  p_fresh_until date default null,
  p_rule text default null
)
  returns orders.part
  language sql
  immutable
  parallel safe
  return row(p_item, p_warehouse_id, p_sku_id, p_units, p_lot_id, p_batch_number, p_reason_code, p_fresh_until,
    p_rule)::orders.part;

grant execute on function orders.new_part(integer, text, text, integer, bigint, text, text, date, text) to scoville_definer;
