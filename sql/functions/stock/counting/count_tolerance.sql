-- The largest difference that counts as small where p_on_hand units were expected.
create or replace function stock.count_tolerance(
  p_tolerance_units integer,
  p_tolerance_percent integer,
  p_on_hand integer
)
  returns bigint
  language sql
  immutable
  parallel safe
  return greatest(p_tolerance_units, p_on_hand::bigint * p_tolerance_percent / 100);

grant execute on function stock.count_tolerance(integer, integer, integer) to scoville_definer;
