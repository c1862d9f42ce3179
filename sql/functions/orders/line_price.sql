-- The price of a unit of a line: the current price of the SKU, or that of the caller, where it counts. Null: the line has an
-- amount of the caller's instead, or no price.
create or replace function orders.line_price(
  p_pricing text,
  p_historic boolean,
  p_given numeric,
  p_amount numeric,
  p_current numeric,
  p_decimals smallint
)
  returns numeric
  language sql
  immutable
  parallel safe
  return case when p_pricing = 'channel' or p_historic
              then case when p_amount is null then coalesce(round(p_given, p_decimals), p_current) end
              else p_current end;

grant execute on function orders.line_price(text, boolean, numeric, numeric, numeric, smallint) to scoville_definer;
