-- The amount of a line that the caller sets, with the decimals of the currency: where the channel names its own prices, or the order was
-- sold long ago. Null: the line has a price (orders.line_price).
create or replace function orders.own_amount(
  p_pricing text,
  p_historic boolean,
  p_given numeric,
  p_decimals smallint
)
  returns numeric
  language sql
  immutable
  parallel safe
  return case when p_pricing = 'channel' or p_historic then round(p_given, p_decimals) end;

grant execute on function orders.own_amount(text, boolean, numeric, smallint) to scoville_definer;
