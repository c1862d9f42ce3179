-- One change of quantities.
create or replace function stock.new_movement(
  p_warehouse_id text default null,
  p_sku_id text default null,
  p_kind text default null,
  p_delta stock.counters default null,
  p_lot_id bigint default null,
  p_reason_code text default null,
  p_note text default null,
  p_document text default null,
  p_actor text default null,
  p_request_id text default null,
  p_occurred_at timestamptz default null,
  p_withheld bigint default null,
  p_withholding_id bigint default null,
  p_cause text default null
)
  returns stock.movement
  language sql
  immutable
  parallel safe
  return row(p_warehouse_id, p_sku_id, p_kind, p_delta, p_lot_id, p_reason_code, p_note, p_document, p_actor,
    p_request_id, p_occurred_at, p_withheld, p_withholding_id, p_cause)::stock.movement;

grant execute on function stock.new_movement(text, text, text, stock.counters, bigint, text, text, text, text, text, timestamptz, bigint,
  bigint, text)
  to scoville_definer;
