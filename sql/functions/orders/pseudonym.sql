-- A stable stand-in for a customer: equal texts have equal pseudonyms, and without the key nobody can test names against it (a keyed
-- hash, hashed twice against length extension).
create or replace function orders.pseudonym(
  p_key bytea,
  p_customer text
)
  returns uuid
  language sql
  stable
  parallel safe
  return encode(substr(sha256(p_key || sha256(p_key || convert_to(lower(p_customer), 'UTF8'))), 1, 16), 'hex')::uuid;

grant execute on function orders.pseudonym(bytea, text) to scoville_definer;
