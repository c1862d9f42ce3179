-- A JSON array of strings as a text array; {} for none.
create or replace function app.text_array(
  p_values jsonb
)
  returns text[]
  language sql
  immutable
  parallel safe
  return array(select v.value from jsonb_array_elements_text(coalesce(nullif(p_values, 'null'), '[]')) with ordinality v order by v.ordinality);

grant execute on function app.text_array(jsonb) to scoville_definer, admin, warehouse, sales, integration;
