-- Constructor of the idempotency key of one element.
create or replace function identity.new_key(
  p_ordinal integer default null,
  p_principal text default null,
  p_idempotency_key text default null,
  p_fingerprint bytea default null
)
  returns identity.key
  language sql
  immutable
  parallel safe
  return row(p_ordinal, p_principal, p_idempotency_key, p_fingerprint)::identity.key;

grant execute on function identity.new_key(integer, text, text, bytea) to scoville_definer;
