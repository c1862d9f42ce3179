-- The stream to continue. It gets a new epoch if this is no longer the database that the epoch belongs to, or if the log has
-- events beyond its end (part of it was restored), because their seq must not be used again.
-- The caller holds the lock of events.stream. Only a session that appends has to check: until something is appended, a restored
-- log is the beginning of the history that clients know, and a position beyond its end is refused anyway.
create or replace function events.follow_origin(
  p_stream events.stream
)
  returns events.stream
  language plpgsql
  volatile
  set search_path = ''
  set plan_cache_mode = force_generic_plan
as $$
begin
  if p_stream.origin <> events.read_origin() or (select max(e.seq) from events.event_log e) > p_stream.last_seq then
    perform jobs.renew_epoch();
    select s.* into p_stream from events.stream s;
  end if;
  return p_stream;
end
$$;

grant execute on function events.follow_origin(events.stream) to scoville_definer;
