-- The current beginning and end of the log. A client can resume from its position <epoch>:<seq> if the epoch is equal and seq is
-- between first_seq - 1 and last_seq.
create or replace function jobs.stream_place()
  returns table (epoch text, first_seq bigint, last_seq bigint)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query select s.epoch, s.first_seq, s.last_seq from events.stream s;
end
$$;

grant execute on function jobs.stream_place() to scoville_worker;
