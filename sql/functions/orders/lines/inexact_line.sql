-- One entry of the faulty lines: its price or amount has more decimals than the currency, or it names both. Null: neither.
create or replace function orders.inexact_line(
  p_line_no integer,
  p_sku_id text,
  p_price numeric,
  p_amount numeric,
  p_currency text,
  p_decimals smallint
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return case
    when p_price is not null and p_amount is not null then jsonb_build_object('pointer', '/items/' || p_line_no - 1 || '/amount',
      'sku_id', p_sku_id, 'detail', format('The line of %s has a price and an amount. Send the price of a unit or the amount of the line.',
        p_sku_id))
    when p_price <> round(p_price, p_decimals) then jsonb_build_object('pointer', '/items/' || p_line_no - 1 || '/price',
      'sku_id', p_sku_id, 'detail', app.decimals_rule(p_amount => p_price, p_currency => p_currency, p_decimals => p_decimals))
    when p_amount <> round(p_amount, p_decimals) then jsonb_build_object('pointer', '/items/' || p_line_no - 1 || '/amount',
      'sku_id', p_sku_id, 'detail', app.decimals_rule(p_amount => p_amount, p_currency => p_currency, p_decimals => p_decimals)) end;

grant execute on function orders.inexact_line(integer, text, numeric, numeric, text, smallint) to scoville_definer;
