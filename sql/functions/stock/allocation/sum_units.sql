-- The units that a demand finds in the levels of its source, whenever they expire.
create or replace function stock.sum_units(
  p_levels integer[],
  p_free integer[],
  p_held integer[],
  p_serves boolean[]
)
  returns bigint
  language plpgsql
  immutable
  set search_path = ''
as $$
declare
  v_total bigint := 0;
begin
  for i in 1 .. cardinality(p_levels) loop
    v_total := v_total + coalesce(p_held[i], 0) + case when p_serves[i] is false then 0 else p_free[p_levels[i]] end;
  end loop;
  return v_total;
end
$$;

grant execute on function stock.sum_units(integer[], integer[], integer[], boolean[]) to scoville_definer;
