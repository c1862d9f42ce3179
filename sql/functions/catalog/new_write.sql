-- One write of the catalog.
create or replace function catalog.new_write(
  p_ordinal integer default null,
  p_id text default null,
  p_mode text default null,
  p_element jsonb default null,
  p_if_match text default null,
  p_if_none_match text default null,
  p_actor text default null,
  p_request_id text default null
)
  returns catalog.write
  language sql
  immutable
  parallel safe
  return row(p_ordinal, p_id, p_mode, p_element, p_if_match, p_if_none_match, p_actor, p_request_id)::catalog.write;

grant execute on function catalog.new_write(integer, text, text, jsonb, text, text, text, text) to scoville_definer;
