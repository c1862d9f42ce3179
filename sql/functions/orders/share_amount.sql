-- The amount of p_units of a line that come after p_before of its units, and the units that it is counted from. The first units are
-- counted from the whole line; those after them get what the first ones leave, so the parts of a line that is split add up.
create or replace function orders.share_amount(
  p_amount numeric,
  p_amount_quantity integer,
  p_before bigint,
  p_units bigint
)
  returns table (amount numeric, amount_quantity integer)
  language sql
  immutable
  parallel safe
begin atomic
  select case when p_before = 0 then p_amount
              when p_amount is not null
              then orders.line_amount(p_price => null, p_amount => p_amount, p_amount_quantity => p_amount_quantity, p_units => p_before + p_units)
                   - orders.line_amount(p_price => null, p_amount => p_amount, p_amount_quantity => p_amount_quantity, p_units => p_before)
         end as amount,
         case when p_before = 0 then p_amount_quantity when p_amount is not null then p_units::integer end as amount_quantity;
end;

grant execute on function orders.share_amount(numeric, integer, bigint, bigint) to scoville_definer;
