-- Definer: the worker may write no table; this is how it renews the epoch of a restored database.
-- The epoch, renewed first where the database is another one than when events were last appended. That also happens when the
-- next event is appended; a process that starts asks for it, so that clients learn it from the first answer on.
create or replace function jobs.check_epoch()
  returns text
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_stream events.stream;
begin
  select s.* into v_stream from events.stream s;
  if not pg_is_in_recovery() and v_stream.origin <> events.read_origin() then
    select s.* into v_stream from events.stream s for no key update;
    v_stream := events.follow_origin(v_stream);
  end if;
  return v_stream.epoch;
end
$$;

alter function jobs.check_epoch() owner to scoville_definer;
grant execute on function jobs.check_epoch() to scoville_worker;
