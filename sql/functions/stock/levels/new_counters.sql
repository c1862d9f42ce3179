-- The parts of a level, or of a change of a level. Parts that are not given are 0.
create or replace function stock.new_counters(
  p_on_hand bigint default 0,
  p_reserved bigint default 0,
  p_committed bigint default 0,
  p_unavailable bigint default 0,
  p_safety_stock bigint default 0,
  p_incoming bigint default 0,
  p_shortfall bigint default 0
)
  returns stock.counters
  language sql
  immutable
  parallel safe
  return row(p_on_hand, p_reserved, p_committed, p_unavailable, p_safety_stock, p_incoming, p_shortfall)::stock.counters;

grant execute on function stock.new_counters(bigint, bigint, bigint, bigint, bigint, bigint, bigint)
  to scoville_definer, admin, warehouse, sales, integration;
