-- Whether so many units are in_stock, low (at or below the reorder point) or out_of_stock.
create or replace function stock.state_of(
  p_available bigint,
  p_reorder_point integer
)
  returns text
  language sql
  immutable
  parallel safe
  return case when p_available <= 0 then 'out_of_stock' when p_available <= p_reorder_point then 'low' else 'in_stock' end;

grant execute on function stock.state_of(bigint, integer) to scoville_definer;
