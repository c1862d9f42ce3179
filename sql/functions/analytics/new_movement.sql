-- Constructor of a movement for the sums.
create or replace function analytics.new_movement(
  p_warehouse_id text default null,
  p_sku_id text default null,
  p_level_version bigint default null,
  p_time_zone text default null,
  p_today date default null,
  p_movement_id bigint default null,
  p_occurred_at timestamptz default null,
  p_day_on date default null,
  p_kind text default null,
  p_lot_id bigint default null,
  p_on_hand bigint default null,
  p_reserved bigint default null,
  p_committed bigint default null,
  p_unavailable bigint default null,
  p_safety_stock bigint default null,
  p_incoming bigint default null,
  p_reason_code text default null
)
  returns analytics.movement
  language sql
  immutable
  parallel safe
  return row(p_warehouse_id, p_sku_id, p_level_version, p_time_zone, p_today, p_movement_id, p_occurred_at, p_day_on, p_kind, p_lot_id,
    p_on_hand, p_reserved, p_committed, p_unavailable, p_safety_stock, p_incoming, p_reason_code)::analytics.movement;

grant execute on function analytics.new_movement(
  text, text, bigint, text, date, bigint, timestamptz, date, text, bigint, bigint, bigint, bigint, bigint, bigint, bigint, text) to scoville_definer;
