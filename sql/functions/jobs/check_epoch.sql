-- Definer: the worker may not write to tables; this function renews the epoch of a restored database.
-- Returns the epoch. Renews it first if the database is not the one that last appended events. Appending the next event also renews
-- it; processes call this at start, so that clients learn the epoch from their first answer on.
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
