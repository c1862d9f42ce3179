-- stock.allocate for orders, whose missing units wait where a rule of the channel allows it. The queue is served under the locks of its
-- levels: those that do not exist yet are created first, and whoever created one at the same moment may have left units there.
-- p_order_ids: as of stock.allocate.
-- Lock order: that of stock.allocate; then levels to be created (orders.open_queue).
create or replace function orders.allocate_or_wait(
  p_region_id smallint,
  p_demands stock.demand[],
  p_order_ids bigint[] default '{}'
)
  returns stock.allocation[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_allocations stock.allocation[] := stock.allocate(p_region_id => p_region_id, p_demands => p_demands, p_may_wait => true,
          p_order_ids => p_order_ids);
begin
  for i in 1 .. cardinality(v_allocations) loop
    if v_allocations[i].waits then
      perform orders.open_queue(p_region_id => p_region_id, p_demands => p_demands, p_allocations => v_allocations);
      -- Also if all levels exist: one may have been created since they were locked.
      return stock.allocate(p_region_id => p_region_id, p_demands => p_demands, p_may_wait => true, p_order_ids => p_order_ids);
    end if;
  end loop;
  return v_allocations;
end
$$;

grant execute on function orders.allocate_or_wait(smallint, stock.demand[], bigint[]) to scoville_definer;
