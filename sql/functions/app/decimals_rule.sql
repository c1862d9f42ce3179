-- The sentence that tells why an amount of money is refused: it has more decimals than its currency (ISO 4217).
create or replace function app.decimals_rule(
  p_amount numeric,
  p_currency text,
  p_decimals smallint
)
  returns text
  language sql
  immutable
  parallel safe
  return format('%s is no amount of %s, which has %s. Round it.', trim_scale(p_amount), p_currency,
    case p_decimals when 0 then 'no decimals' else p_decimals || ' decimals' end);

grant execute on function app.decimals_rule(numeric, text, smallint) to scoville_definer;
