-- One entry of the faulty lines: its price is not the current one. p_kept: the units that the order already has at this price.
create or replace function orders.repriced_line(
  p_line_no integer,
  p_sku_id text,
  p_price numeric,
  p_current numeric,
  p_kept bigint default 0
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return jsonb_build_object('pointer', '/items/' || p_line_no - 1 || '/price', 'sku_id', p_sku_id, 'price', p_price,
    'current_price', p_current, 'detail', format('The price of %s is %s, not %s.', p_sku_id, p_current, p_price)
      || case when p_kept > 0 then format(' Only the units already ordered at %s keep it: %s.', p_price, p_kept) else '' end);

grant execute on function orders.repriced_line(integer, text, numeric, numeric, bigint) to scoville_definer;
