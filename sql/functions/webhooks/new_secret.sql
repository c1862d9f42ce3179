-- A signing key in the format of Standard Webhooks: 32 bytes with 244 random bits.
create or replace function webhooks.new_secret()
  returns text
  language sql
  volatile
  return 'whsec_' || encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64');

grant execute on function webhooks.new_secret() to scoville_definer;
