-- Joins two JSON objects, keeping the order of their members (jsonb has no order). Neither may be empty.
create or replace function app.join_json(
  p_first json,
  p_second json
)
  returns json
  language sql
  immutable
  parallel safe
  return (left(p_first::text, -1) || ', ' || substr(p_second::text, 2))::json;

grant execute on function app.join_json(json, json) to scoville_definer, admin, warehouse, sales, integration;
