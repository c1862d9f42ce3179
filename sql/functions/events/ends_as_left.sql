-- Whether the log ends with the event that this session appended last: then the database is the one that the session knows. A restore
-- ends the session, or puts another end in place.
create or replace function events.ends_as_left(
  p_stream events.stream
)
  returns boolean
  language sql
  stable
  return encode(p_stream.last_hash, 'hex') is not distinct from current_setting('scoville.last_hash', true);

grant execute on function events.ends_as_left(events.stream) to scoville_definer;
