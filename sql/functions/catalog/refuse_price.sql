-- The refusal of a SKU whose currency does not exist, or whose price has more decimals than its currency, or null. p_decimals: of the
-- currency, null if ISO 4217 has no such currency.
create or replace function catalog.refuse_price(
  p_currency text,
  p_decimals smallint,
  p_price numeric
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_decimals is null then app.refuse(p_code => 'VA001', p_pointer => '/currency',
      p_detail => format('%s is no currency of ISO 4217 with a number of decimals. Send a code such as USD or EUR.', p_currency))
    when p_price <> round(p_price, p_decimals) then app.refuse(p_code => 'VA001', p_pointer => '/price',
      p_detail => app.decimals_rule(p_amount => p_price, p_currency => p_currency, p_decimals => p_decimals))
  end;
$$;

grant execute on function catalog.refuse_price(text, smallint, numeric) to scoville_definer;
