-- The result of one element: its document or, with p_code, the body of its refusal.
create or replace function app.new_result(
  p_ordinal integer,
  p_code text default null,
  p_body json default null,
  p_replayed boolean default false
)
  returns api.result
  language sql
  immutable
  parallel safe
  return row(p_ordinal, p_code, p_replayed, p_body)::api.result;

grant execute on function app.new_result(integer, text, json, boolean) to scoville_definer;
