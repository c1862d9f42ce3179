-- Definer: the worker may not write to tables; this function maintains the daily sums of the ledger.
-- Adds new movements of at most p_limit levels to the daily sums. Returns p_limit if more levels remain, else the number of levels.
-- Each movement counts once, on the (UTC) day when it was recorded, whichever call adds it. With fewer levels a call takes more
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
  v_today date := timezone('UTC', v_now)::date;
  v_movements analytics.movement[];
  v_depth integer;
  v_levels integer;
begin
  if not analytics.begin_rollup(p_region_id, 'stock') then
    return 0;
  end if;
  v_depth := p_limit * c_movements / greatest(analytics.count_due_levels(p_region_id, p_limit), 1);
  v_movements := array(
    select m from analytics.take_movements(p_region_id => p_region_id, p_limit => p_limit, p_depth => v_depth) m);
  perform analytics.add_stock_days(
    p_region_id => p_region_id, p_movements => v_movements, p_depth => v_depth, p_today => v_today);
  perform analytics.add_adjustment_days(p_region_id, v_movements);
  perform analytics.add_lot_receipts(p_region_id, v_movements);
  v_levels := analytics.mark_levels(
    p_region_id => p_region_id, p_movements => v_movements, p_depth => v_depth, p_today => v_today);
  perform analytics.extend_stock_days(p_region_id, v_today);
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
