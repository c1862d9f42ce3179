-- A refusal: its code, what went wrong and how to correct it, where (a JSON pointer into the element), and the facts that a
-- caller needs.
create or replace function app.refuse(
  p_code text,
  p_detail text,
  p_pointer text default '',
  p_facts jsonb default '{}'
)
  returns api.refusal
  language sql
  immutable
  parallel safe
  return row(p_code, app.refusal(p_detail => p_detail, p_pointer => p_pointer, p_facts => p_facts))::api.refusal;

grant execute on function app.refuse(text, text, text, jsonb) to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
