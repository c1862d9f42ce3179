-- Constructor of the idempotency key of one element.
create or replace function identity.new_key(
  p_ordinal integer default null,
  p_key_hash bytea default null,
  p_lock_no bigint default null,
  p_fingerprint bigint default null
)
  returns identity.key
  language sql
  immutable
  parallel safe
  return row(p_ordinal, p_key_hash, p_lock_no, p_fingerprint)::identity.key;

grant execute on function identity.new_key(integer, bytea, bigint, bigint) to scoville_definer;
