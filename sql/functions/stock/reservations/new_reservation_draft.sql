-- A reservation as it was read from the request.
create or replace function stock.new_reservation_draft(
  p_ordinal integer default null,
  p_channel_id text default null,
  p_expires_at timestamptz default null,
  p_note text default null,
  p_lines jsonb default null,
  p_actor text default null,
  p_request_id text default null,
  p_reservation_id bigint default null,
  p_items jsonb default null
)
  returns stock.reservation_draft
  language sql
  immutable
  parallel safe
  return row(p_ordinal, p_channel_id, p_expires_at, p_note, p_lines, p_actor, p_request_id, p_reservation_id,
    p_items)::stock.reservation_draft;

grant execute on function stock.new_reservation_draft(integer, text, timestamptz, text, jsonb, text, text, bigint, jsonb)
  to scoville_definer;
