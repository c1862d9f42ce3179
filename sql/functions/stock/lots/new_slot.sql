-- A lot at a level.
create or replace function stock.new_slot(
  p_lot_id bigint default null,
  p_batch_number text default null,
  p_on_hand bigint default null,
  p_sellable boolean default null,
  p_status text default null,
  p_is_past boolean default null,
  p_withheld bigint default 0
)
  returns stock.slot
  language sql
  immutable
  parallel safe
  return row(p_lot_id, p_batch_number, p_on_hand, p_sellable, p_status, p_is_past, p_withheld)::stock.slot;

grant execute on function stock.new_slot(bigint, text, bigint, boolean, text, boolean, bigint) to scoville_definer;
