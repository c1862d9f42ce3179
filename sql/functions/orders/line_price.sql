-- The price of a line: the current price of the SKU, unless the channel names its own prices, or the order was sold long ago.
create or replace function orders.line_price(
  p_pricing text,
  p_historic boolean,
  p_given numeric,
  p_current numeric
)
  returns numeric
  language sql
  immutable
  parallel safe
  return case when p_pricing = 'channel' or p_historic then coalesce(p_given, p_current) else p_current end;

grant execute on function orders.line_price(text, boolean, numeric, numeric) to scoville_definer;
