-- A receipt, an adjustment, a count or a change of a lot, as it was read from the request.
create or replace function stock.new_draft(
  p_ordinal integer default null,
  p_sku_id text default null,
  p_warehouse_id text default null,
  p_delta bigint default null,
  p_counted bigint default null,
  p_batch_number text default null,
  p_lot_id bigint default null,
  p_reason_code text default null,
  p_note text default null,
  p_document text default null,
  p_change_from bigint default null,
  p_if_match text default null,
  p_actor text default null,
  p_request_id text default null,
  p_element jsonb default null,
  p_takes text default null,
  p_batches jsonb default null,
  p_cause text default null,
  p_withholding_id bigint default null
)
  returns stock.draft
  language sql
  immutable
  parallel safe
  return row(p_ordinal, p_sku_id, p_warehouse_id, p_delta, p_counted, p_batch_number, p_lot_id, p_reason_code, p_note,
    p_document, p_change_from, p_if_match, p_actor, p_request_id, p_element, p_takes, p_batches, p_cause,
    p_withholding_id)::stock.draft;

grant execute on function stock.new_draft(integer, text, text, bigint, bigint, text, bigint, text, text, text, bigint, text, text, text, jsonb, text,
  jsonb, text, bigint) to scoville_definer;
