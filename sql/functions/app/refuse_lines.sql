-- A refusal that names several faults: p_errors are objects with one pointer each. Without p_errors, the sentence alone.
create or replace function app.refuse_lines(
  p_code text,
  p_detail text,
  p_errors jsonb default null
)
  returns api.refusal
  language sql
  immutable
  parallel safe
  return row(p_code, case when p_errors is null then jsonb_build_object('detail', p_detail)
    else jsonb_build_object('detail', p_detail, 'errors', p_errors) end)::api.refusal;

grant execute on function app.refuse_lines(text, text, jsonb) to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
