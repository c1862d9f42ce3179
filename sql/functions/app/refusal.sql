-- The body of a refusal: what went wrong, where (a JSON pointer into the element), and the facts that a caller needs to correct
-- it.
create or replace function app.refusal(
  p_detail text,
  p_pointer text,
  p_facts jsonb default '{}'
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return jsonb_build_object('detail', p_detail,
    'errors', jsonb_build_array(jsonb_build_object('pointer', p_pointer, 'detail', p_detail) || p_facts));

grant execute on function app.refusal(text, text, jsonb) to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
