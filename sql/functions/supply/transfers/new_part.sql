-- Units of one SKU or lot of a transfer.
create or replace function supply.new_part(
  p_item integer default null,
  p_sku_id text default null,
  p_lot_id bigint default null,
  p_batch_number text default null,
  p_withheld boolean default null,
  p_withholding_id bigint default null,
  p_units bigint default null,
  p_outcome text default null
)
  returns supply.part
  language sql
  immutable
  parallel safe
  return row(p_item, p_sku_id, p_lot_id, p_batch_number, p_withheld, p_withholding_id, p_units, p_outcome)::supply.part;

grant execute on function supply.new_part(integer, text, bigint, text, boolean, bigint, bigint, text) to scoville_definer;
