-- A refusal: its code, what went wrong and how to mend it, where (a JSON pointer into the element; null where the element as a whole
-- is meant), and the facts that a caller needs. p_errors stands for pointer and facts where several parts of an element are wrong.
create or replace function app.refuse(
  p_code text,
  p_detail text,
  p_pointer text default '',
  p_facts jsonb default '{}',
  p_errors jsonb default null
)
  returns api.refusal
  language sql
  immutable
  parallel safe
  return row(p_code, case
    when p_errors is not null then jsonb_build_object('detail', p_detail, 'errors', p_errors)
    when p_pointer is null then jsonb_build_object('detail', p_detail)
    else app.refusal(p_detail => p_detail, p_pointer => p_pointer, p_facts => p_facts) end)::api.refusal;

grant execute on function app.refuse(text, text, text, jsonb, jsonb) to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
