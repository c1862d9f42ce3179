-- Decides which orders of a batch can be served, and from which warehouses (stock.decide), under the locks of all levels that could serve
-- them. p_demands has each (ordinal, SKU) once, in the order of ordinals. Posts nothing. Levels and reservations stay locked until the
-- transaction ends, so the decision holds.
--
-- With p_may_wait, what is missing of a SKU waits where a rule allows it (orders.may_wait): the order takes what there is.
--
-- p_order_ids: the (locked) orders that the demands belong to; even if they are overdue, they do not end.
--
-- stock.foresee decides by the same rules and locks nothing.
--
-- Lock order: stock_levels in key order (lock_candidates), once for the whole batch; then the reservations (lock_live_reservations).
create or replace function stock.allocate(
  p_region_id smallint,
  p_demands stock.demand[],
  p_may_wait boolean default false,
  p_order_ids bigint[] default '{}'
)
  returns stock.allocation[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_locked record := stock.lock_candidates(p_region_id => p_region_id, p_demands => p_demands, p_order_ids => p_order_ids);
  v_live bigint[] := stock.lock_live_reservations(p_region_id, v_locked.converted);
  v_sources stock.source[];
begin
  if cardinality(v_locked.converted) = 0 then
    v_sources := stock.list_sources(p_demands => p_demands, p_numbers => v_locked.numbers, p_channels => v_locked.channels,
      p_serving => v_locked.serving);
  else
    v_sources := stock.find_sources(p_region_id => p_region_id, p_demands => p_demands, p_candidates => v_locked.levels);
  end if;
  return stock.decide(p_region_id => p_region_id, p_demands => p_demands, p_candidates => v_locked.levels, p_sources => v_sources,
    p_live => v_live, p_may_wait => p_may_wait);
end
$$;

grant execute on function stock.allocate(smallint, stock.demand[], boolean, bigint[]) to scoville_definer;
