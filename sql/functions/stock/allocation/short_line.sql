-- One entry of a shortage: the line, the units it wants and the units available for it.
create or replace function stock.short_line(
  p_line_no integer,
  p_sku_id text,
  p_requested bigint,
  p_available bigint
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return jsonb_build_object('pointer', '/items/' || p_line_no - 1 || '/quantity', 'sku_id', p_sku_id,
    'requested', p_requested, 'available', p_available,
    'detail', format('%s of %s wanted, %s available.', p_requested, p_sku_id, p_available));

grant execute on function stock.short_line(integer, text, bigint, bigint) to scoville_definer;
