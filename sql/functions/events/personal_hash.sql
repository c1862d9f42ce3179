-- The hash of what events.impersonal takes out of an event: of all members that can hold any of it. The salt keeps guesses from being
-- tested once the data is gone.
create or replace function events.personal_hash(
  p_salt uuid,
  p_data jsonb
)
  returns bytea
  language sql
  stable
  parallel safe
  return sha256(uuid_send(p_salt) || convert_to((jsonb_build_array(p_data -> 'customer', p_data -> 'note', p_data -> 'reason',
    p_data -> 'status_change', p_data -> 'old', p_data -> 'fulfillments')
    || jsonb_path_query_array(p_data, '$.items[*].address ? (@ != null)'))::text, 'UTF8'));

grant execute on function events.personal_hash(uuid, jsonb) to scoville_definer, admin, scoville_worker;
