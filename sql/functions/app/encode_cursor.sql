-- The end of a page as opaque text: base64url of the values after which the next page begins.
create or replace function app.encode_cursor(
  p_position jsonb
)
  returns text
  language sql
  immutable
  parallel safe
  return translate(encode(convert_to(p_position::text, 'UTF8'), 'base64'), E'+/=\n', '-_');

grant execute on function app.encode_cursor(jsonb) to admin, warehouse, sales, integration;
