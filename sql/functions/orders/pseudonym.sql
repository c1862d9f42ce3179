-- Stands for a customer where nobody should know who it is: the same for the same text, and nothing to try names against
-- without the key (a keyed hash, hashed twice so that nothing can be appended to the text).
create or replace function orders.pseudonym(
  p_key bytea,
  p_customer text
)
  returns uuid
  language sql
  immutable
  parallel safe
  return encode(substr(sha256(p_key || sha256(p_key || convert_to(lower(p_customer), 'UTF8'))), 1, 16), 'hex')::uuid;

grant execute on function orders.pseudonym(bytea, text) to scoville_definer;
