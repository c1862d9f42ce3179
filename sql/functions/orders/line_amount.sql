-- What some units of a line cost: at its price, or their share of its exact amount. Shares are counted from the first unit and from the
-- whole amount, so the amounts of the parts of a line add up, whatever is canceled first. An amount has the decimals of its currency.
create or replace function orders.line_amount(
  p_price numeric,
  p_amount numeric,
  p_amount_quantity integer,
  p_units bigint
)
  returns numeric
  language sql
  immutable
  parallel safe
  return case when p_amount is null then p_price * p_units
              else round(p_amount * p_units / p_amount_quantity, scale(p_amount)) end;

grant execute on function orders.line_amount(numeric, numeric, integer, bigint)
  to scoville_definer, admin, warehouse, sales, integration, scoville_worker, bi_reader;
