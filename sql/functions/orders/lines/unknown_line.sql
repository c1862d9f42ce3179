-- One entry of the faulty lines: the SKU does not exist.
create or replace function orders.unknown_line(
  p_line_no integer,
  p_sku_id text
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return jsonb_build_object('pointer', '/items/' || p_line_no - 1 || '/sku_id', 'sku_id', p_sku_id,
    'detail', format('SKU %s does not exist.', p_sku_id));

grant execute on function orders.unknown_line(integer, text) to scoville_definer;
