-- One entry of the faulty lines: its price is not the current one.
create or replace function orders.repriced_line(
  p_line_no integer,
  p_sku_id text,
  p_price numeric,
  p_current numeric
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return jsonb_build_object('pointer', '/items/' || p_line_no - 1 || '/price', 'sku_id', p_sku_id, 'price', p_price,
    'current_price', p_current, 'detail', format('The price of %s is %s, not %s.', p_sku_id, p_current, p_price));

grant execute on function orders.repriced_line(integer, text, numeric, numeric) to scoville_definer;
