-- One entry of the faulty lines: its amount is not that of its units at the list price, which counts in this channel.
create or replace function orders.misjudged_line(
  p_line_no integer,
  p_sku_id text,
  p_quantity bigint,
  p_amount numeric,
  p_current numeric
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return jsonb_build_object('pointer', '/items/' || p_line_no - 1 || '/amount', 'sku_id', p_sku_id, 'amount', p_amount,
    'current_price', p_current, 'detail', format('%s x %s at the list price of %s cost %s, not %s.', p_quantity, p_sku_id, p_current,
      p_current * p_quantity, p_amount));

grant execute on function orders.misjudged_line(integer, text, bigint, numeric, numeric) to scoville_definer;
