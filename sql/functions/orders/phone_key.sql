-- A phone number as searches compare it: its digits, without the zeros before them (0049 is +49). Null: it is no number.
create or replace function orders.phone_key(
  p_phone text
)
  returns text
  language sql
  immutable
  parallel safe
  return nullif(ltrim(regexp_replace(normalize(p_phone, nfkc), '[^0-9]', '', 'g'), '0'), '');

grant execute on function orders.phone_key(text) to scoville_definer, admin, warehouse, sales, integration;
