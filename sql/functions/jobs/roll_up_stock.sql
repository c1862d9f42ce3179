-- Definer: the worker may not write to tables; this function maintains the daily sums of the ledger.
-- Adds new movements of at most p_limit levels to the daily sums. Returns p_limit if more levels remain, else the number of levels.
-- Each movement counts once, on the day on which it happened in its warehouse, whichever call adds it: goods that were recorded late
-- change every day since they came. With fewer levels a call takes more
-- movements per level, so one hot SKU soon catches up.
-- Lock order: the row of analytics.rollups, which nothing else locks and nobody waits for; then only rows that it guards.
create or replace function jobs.roll_up_stock(
  p_region_id smallint,
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  c_movements constant integer := 100;  -- per unit of p_limit
  v_now timestamptz := app.now();
  v_movements analytics.movement[];
  v_depth integer;
  v_levels integer;
begin
  if not analytics.begin_rollup(p_region_id, 'stock') then
    return 0;
  end if;
  perform analytics.forget_zones(p_region_id, p_limit);
  v_depth := p_limit * c_movements / greatest(analytics.count_due_levels(p_region_id, p_limit), 1);
  v_movements := array(
    select m from analytics.take_movements(p_region_id => p_region_id, p_limit => p_limit, p_depth => v_depth) m);
  perform analytics.add_stock_days(p_region_id => p_region_id, p_movements => v_movements, p_depth => v_depth);
  perform analytics.add_adjustment_days(p_region_id, v_movements);
  perform analytics.add_lot_receipts(p_region_id, v_movements);
  v_levels := analytics.mark_levels(p_region_id => p_region_id, p_movements => v_movements, p_depth => v_depth);
  perform analytics.extend_stock_days(p_region_id);
  if v_levels >= p_limit or exists (
    select from analytics.stock_marks m where m.region_id = p_region_id and m.version < 0) then
    return p_limit;
  end if;
  update analytics.rollups r set as_of_at = v_now where r.region_id = p_region_id and r.rollup = 'stock';
  return v_levels;
end
$$;

alter function jobs.roll_up_stock(smallint, integer) owner to scoville_definer;
grant execute on function jobs.roll_up_stock(smallint, integer) to scoville_worker;
