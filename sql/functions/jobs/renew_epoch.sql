-- Definer: no role may write to the log; this function lets an operator start a new history of it.
-- Begins a new epoch, so that every client learns that its position is invalid and takes a snapshot. Returns the new epoch. A restored
-- database renews its epoch by itself (events.follow_origin). Call this by hand after a restore that leaves no trace: files of a
-- volume put back in place, or rows copied back into this same database.
create or replace function jobs.renew_epoch()
  returns text
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_epoch text := left(replace(gen_random_uuid()::text, '-', ''), 12);
  v_origin text := events.read_origin();
  v_stream events.stream;
  v_end events.event_log;
begin
  select s.* into v_stream from events.stream s for no key update;
  select e.* into v_end from events.event_log e where e.seq > v_stream.last_seq order by e.seq desc limit 1;
  update events.stream s
     set epoch = v_epoch, origin = v_origin, last_seq = coalesce(v_end.seq, s.last_seq),
         last_hash = coalesce(v_end.hash, s.last_hash), moved_id = 0, settled_id = 0, settling_id = null, settling_xid = null
  returning s.* into v_stream;
  return v_stream.epoch;
end
$$;

alter function jobs.renew_epoch() owner to scoville_definer;
grant execute on function jobs.renew_epoch() to scoville_worker;
