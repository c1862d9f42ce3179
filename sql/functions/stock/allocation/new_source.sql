-- The locked levels that may serve a demand, in the order in which they are tried.
create or replace function stock.new_source(
  p_levels integer[] default null,
  p_held integer[] default null,
  p_serves boolean[] default null
)
  returns stock.source
  language sql
  immutable
  parallel safe
  return row(p_levels, p_held, p_serves)::stock.source;

grant execute on function stock.new_source(integer[], integer[], boolean[]) to scoville_definer;
