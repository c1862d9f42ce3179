-- A page's end as opaque text: base64url of the values that the next page starts after.
create or replace function app.encode_cursor(
  p_position jsonb
)
  returns text
  language sql
  immutable
  parallel safe
  return translate(encode(convert_to(p_position::text, 'UTF8'), 'base64'), E'+/=\n', '-_');

grant execute on function app.encode_cursor(jsonb) to admin, warehouse, sales, integration;
