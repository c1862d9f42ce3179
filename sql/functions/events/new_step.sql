-- A change of what can be sold of a SKU, at the nth event of a batch.
create or replace function events.new_step(
  p_nth bigint default null,
  p_region_id smallint default null,
  p_sku_id text default null,
  p_warehouse_id text default null,
  p_delta bigint default 0,
  p_before bigint default null,
  p_after bigint default null,
  p_occurred_at timestamptz default null
)
  returns events.step
  language sql
  immutable
  parallel safe
  return row(p_nth, p_region_id, p_sku_id, p_warehouse_id, p_delta, p_before, p_after, p_occurred_at)::events.step;

grant execute on function events.new_step(bigint, smallint, text, text, bigint, bigint, bigint, timestamptz) to scoville_definer;
