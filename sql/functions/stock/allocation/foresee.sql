-- What stock.allocate would decide about these demands now, by the same rules (stock.decide), without locks and without changing anything. For
-- demands that convert no reservation. What is overdue, expired or waits counts as it would once an order had brought the levels up to date
-- (stock.read_candidates).
create or replace function stock.foresee(
  p_region_id smallint,
  p_demands stock.demand[]
)
  returns stock.allocation[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_read record := stock.read_candidates(p_region_id, p_demands);
begin
  return stock.decide(p_region_id => p_region_id, p_demands => p_demands, p_candidates => v_read.levels, p_decided => v_read.supplied,
    p_except => v_read.over, p_sources => stock.list_sources(p_demands => p_demands, p_numbers => v_read.numbers,
      p_channels => v_read.channels, p_serving => v_read.serving));
end
$$;

grant execute on function stock.foresee(smallint, stock.demand[]) to scoville_definer;
